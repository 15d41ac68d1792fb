"""The last step: the result document, an interface that other programs read (DESIGN section 7)."""

import platform
from importlib.metadata import version
from typing import Any

from auditor.domain.attack import Checkpoint
from auditor.domain.audit import Step
from auditor.scoring import score
from auditor.scoring.grading import Grading
from auditor.scoring.validity import detectability
from auditor.workflow import control
from auditor.workflow.blindness import blind_json
from auditor.workflow.foretold import Proposal, foretell
from auditor.workflow.material import Material
from auditor.workflow.offer import Offer
from auditor.workflow.privacy import is_canary
from auditor.workflow.recorded import answers_of
from auditor.workflow.services import Services
from auditor.workflow.triage import triage_of
from auditor.workflow.units import one_of_each

SCORE_VERSION = 3
TIMED = ("latency_ms", "batch_size")  # what the probe timed: it differs from run to run and changes no answer
LIBRARIES = ("numpy", "pandas", "scikit-learn", "scipy", "xgboost")


def report(services: Services, step: Step, material: Material, checkpoint: Checkpoint) -> dict[str, Any]:
    grades = [r for key, r in material.results.items() if key.startswith("grade@")]
    last = max(grades, key=lambda g: g["shadows"])
    return {"result": result_document(services, material, last) | {"cost": _cost(services, material)}}


def _cost(services: Services, material: Material) -> dict[str, Any]:
    """What was estimated before the start, and what it came to; rows and seconds are known when the audit is closed."""
    audit = material.audit
    proposal = Proposal(material.spec, audit.target_id, Offer.of(material.data), audit.created_at)
    expected = foretell(services, audit.workspace_id, proposal)
    return {"estimated": expected.as_json(), "actual": _shadows(services, material)}


def _shadows(services: Services, material: Material) -> dict[str, int]:
    """Shadow models: those that were trained for this audit (others were in store already), and the bytes that all of them take."""
    chunks = [r for key, r in material.results.items() if key.startswith("shadows:")]
    digests = [digest for chunk in chunks for digest in chunk["digests"].values()]
    with services.database.read() as tx:
        size = services.artifacts.size(tx, material.audit.workspace_id, digests)
    return {"fits": sum(chunk.get("trained", len(chunk["digests"])) for chunk in chunks), "shadow_bytes": size}


def result_document(services: Services, material: Material, graded: dict[str, Any]) -> dict[str, Any]:
    probe = material.results["probe"]
    not_run = [
        {"attack": n["attack"], "family": n["family"], "reason": n["reason"]} for n in [*probe["not_run"], *graded["failed"]]
    ]
    outcome, value, severity = score.audit_outcome(graded["findings"], probe["requested"], material.spec.resolved_policy)
    return {
        "audit": {
            "id": material.audit.id,
            "name": material.audit.name,
            "status": "completed",
            "outcome": str(outcome),
            "score": value,
            "severity": None if severity is None else str(severity),
            "score_version": SCORE_VERSION,
            "created_at": material.audit.created_at.isoformat(timespec="seconds"),
            "queries": 0,
            "seconds": 0.0,
        },
        "findings": graded["findings"],
        "not_run": not_run,
        "data": _data(material, probe),
        "target": _target(material, probe),
        "control": control.document(services, material.audit),
        "method": _method(material, graded),
        "privacy": graded.get("privacy"),
        "triage": triage_of(material, answers_of(services, material)),
    }


def _data(material: Material, probe: dict[str, Any]) -> dict[str, Any]:
    level = material.spec.resolved_policy.level("membership")
    document = {
        "members": probe["members"],
        "non_members": probe["non_members"],
        "auxiliary": probe["auxiliary"],
        "training": 0 if material.data.training is None else len(material.data.training),
        "removed": {
            **probe["removed"],
            "duplicates": sum(n for word, n in probe["removed"].items() if word.startswith("duplicate")),
        },
        "notes": probe["notes"],
        "canaries": is_canary(material),
        "blind_baseline": blind_json(material),
        "detectability": None,
    }
    if "membership" in probe["requested"]:
        shadows = max((r["shadows"] for key, r in material.results.items() if key.startswith("grade@")), default=0)
        counted = material.data.is_member[one_of_each(material.units, len(material.data.is_member))]
        sides = int(counted.sum()), int((~counted).sum())
        document["detectability"] = detectability(*sides, shadows, level, _shared_error(material, probe))
    return document


def _shared_error(material: Material, probe: dict[str, Any]) -> float:
    """The two-sided error that one membership attack had at the last look."""
    attacks = sum(item["family"] == "membership" for item in probe["run"])
    return Grading(None, max(1, attacks), look_share=1.0 / len(material.spec.shadow_looks)).alpha


def _target(material: Material, probe: dict[str, Any]) -> dict[str, Any]:
    """What was audited and what it turned out to answer; the credential's name stays out."""
    block = material.spec.target_block
    profile = dict(probe["profile"])
    measured = {name: profile.pop(name) for name in TIMED}
    if "model" in probe:
        return {**probe["model"], "profile": profile, "measured": measured}
    return {"url": block.url, "protocol": str(block.protocol), "rows": str(block.rows), "profile": profile, "measured": measured}


def _method(material: Material, graded: dict[str, Any]) -> dict[str, Any]:
    chosen = material.results.get("choose", {})
    policy = material.spec.resolved_policy
    return {
        "seed": material.spec.seed,
        "shadows": graded["shadows"] if chosen else 0,
        **({"growth": graded["growth"]} if graded.get("growth") else {}),
        "learner": chosen.get("learner"),
        **({"device": chosen["device"]} if "device" in chosen else {}),
        "learner_distances": chosen.get("distances", {}),
        "runner_up": chosen.get("runner_up"),
        "policy": {"name": policy.name, "levels": dict(policy.levels)},
        "versions": {"python": platform.python_version(), **{name: version(name) for name in LIBRARIES}},
    }


def comparable(result: dict[str, Any]) -> dict[str, Any]:
    """The parts of a result that an undisturbed, a resumed and a re-graded audit share byte for byte: no ids, times, seconds,
    costs, query counts or port numbers, and no proofs of control, which have ids and times of their own."""
    head = {k: v for k, v in result["audit"].items() if k not in ("id", "created_at", "queries", "seconds")}
    findings = [{k: v for k, v in f.items() if k != "queries"} for f in result["findings"]]
    target = {k: v for k, v in result["target"].items() if k not in ("measured", "url")}
    rest = {k: v for k, v in result.items() if k not in ("cost", "control")}
    return {**rest, "audit": head, "findings": findings, "target": target}
