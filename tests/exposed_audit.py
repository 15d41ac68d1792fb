"""A completed audit whose strongest attack has a table of single records, over records that really are there."""

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from auditor.domain.audit import Audit, AuditStatus, NewStep, Queue, StepKind, StepStatus
from auditor.domain.spec import parse
from auditor.domain.target import Output, Profile
from auditor.intake import Table, to_parquet
from auditor.store import audits, datasets, findings, ledger, steps, targets
from auditor.store.engine import Transaction
from auditor.workflow import material
from auditor.workflow.plan import attack_key, grade_key
from auditor.workflow.profiles import to_json
from auditor.workflow.services import Services

RESULT = Path(__file__).parent / "fixtures" / "results" / "exposed.json"
URL = "http://127.0.0.1:8080/v2/models/income/infer"
SIDE = 80
LISTED = 60
SHADOWS = 4


@dataclass(frozen=True)
class Exposed:
    audit_id: str
    target_id: str
    digest: str
    table: dict[str, np.ndarray]


def plant(
    services: Services, workspace_id: str, *, seed: int = 7, table: dict[str, np.ndarray] | None = None, leak: float = 1.0
) -> Exposed:
    """`table`: columns of the stored table; by default all that grading may write, 60 rows. `leak`: how far members score above
    the others, in the evidence of its one attack, which two audits can be compared by."""
    now, arrays = services.clock(), columns() if table is None else table
    with services.database.begin() as tx:
        digest = services.artifacts.put_arrays(tx, workspace_id, arrays, kind="evidence")
        block = parse({"target": {"url": URL}, "data": {"members": "a", "non_members": "b", "label": "y"}}).target_block
        target_id = targets.create_target(tx, workspace_id, f"wages-{seed}", block.model_dump(mode="json"), now).id
        data = {"members": _dataset(services, tx, workspace_id, 0), "non_members": _dataset(services, tx, workspace_id, 1)}
        spec = parse({"name": "wages", "target": {"url": URL}, "data": {**data, "label": "income"}, "seed": seed})
        audit = audits.create(
            tx, workspace_id=workspace_id, name="wages", spec=spec.as_json(), budget=40_000, target_id=target_id, now=now
        )
    _done(services, audit, digest, leak)
    return Exposed(audit.id, target_id, digest, arrays)


def again(services: Services, workspace_id: str, first: Exposed, *, leak: float) -> Exposed:
    """Another audit of the same target and records."""
    with services.database.begin() as tx:
        known, now = audits.get(tx, workspace_id, first.audit_id), services.clock()
        terms = {"name": "wages-later", "spec": known.spec, "budget": 40_000, "target_id": first.target_id, "now": now}
        audit = audits.create(tx, workspace_id=workspace_id, **terms)
    _done(services, audit, first.digest, leak)
    return Exposed(audit.id, first.target_id, first.digest, first.table)


def result_of(digest: str) -> dict[str, Any]:
    result: dict[str, Any] = json.loads(RESULT.read_text("utf-8"))
    result["findings"][0]["exposure"]["digest"] = digest
    return result


def columns(rows: int = LISTED) -> dict[str, np.ndarray]:
    """Every column, the most exposed first; the last record's memorisation is not known."""
    place = np.arange(rows)
    gap = 4.0 - place / 20
    memorisation = np.round(0.9 - place / 100, 3)
    memorisation[-1] = np.nan
    return {
        "row": (place * 7) % (2 * SIDE),
        "is_member": place % 3 != 2,
        "score": 9.0 - place / 10,
        "p_value": (1 + place) / 5000,
        "q_value": (1 + place) / 500,
        "named": place < 20,
        "rank": place + 1,
        "rank_low": np.maximum(1, place - 4),
        "rank_high": place + 9,
        "gap": gap,
        "gap_low": gap - 0.6,
        "gap_high": gap + 0.6,
        "tpr": np.round(0.8 - place / 100, 3),
        "gap_p_value": (1 + place) / 9000,
        "gap_q_value": (1 + place) / 900,
        "memorisation": memorisation,
        "memorisation_error": np.full(rows, 0.04),
        "outlier_rank": 1 + (place * 11) % (2 * SIDE),
    }


def _dataset(services: Services, tx: Transaction, workspace_id: str, side: int) -> str:
    """Records that stand on this side only."""
    ages = [str(17 + i) for i in range(SIDE)]
    work = [("private", "state")[side]] * SIDE
    income = [(">50K", "<=50K")[(i + side) % 2] for i in range(SIDE)]
    cells = pd.DataFrame({"age": ages, "work": work, "income": income}, dtype=object)
    table = Table(cells, dict.fromkeys(cells.columns, "string"))
    digest = services.artifacts.put(tx, workspace_id, to_parquet(table), kind="dataset")
    name = ("wages-members", "wages-others")[side]
    return datasets.create_dataset(tx, workspace_id, name, SIDE, dict(table.types), 2000, digest, services.clock()).id


def _done(services: Services, audit: Audit, digest: str, leak: float) -> None:
    is_member = material.of_audit(services, audit).data.is_member
    with services.database.begin() as tx:
        _work(services, tx, audit, leak * is_member)
        _complete(tx, audit, result_of(digest), services.clock())


def _work(services: Services, tx: Transaction, audit: Audit, raised: np.ndarray) -> None:
    """The steps that comparing reads: the probe, one attack with its evidence, the grade."""
    noise = np.random.default_rng(1).normal(size=(5, 2 * SIDE))
    halves = np.random.default_rng(2).random((4, 2 * SIDE)) < 0.5
    evidence = {"target": noise[0] + raised, "pseudo_targets": noise[1:] + raised.max() * halves, "membership": halves}
    digest = services.artifacts.put_arrays(tx, audit.workspace_id, evidence, kind="evidence")
    item = {"attack": "loss-threshold", "label": "loss-threshold", "family": "membership", "params": {}, "sensitive": None}
    profile = to_json(Profile(Output.PROBABILITIES, ("<=50K", ">50K"), latency_ms=20.0))
    results = {
        "probe": {"profile": profile, "run": [item]},
        f"attack:{attack_key(item, SHADOWS)}": {"evidence": digest},
        grade_key(SHADOWS): {"shadows": SHADOWS},
    }
    kinds = (StepKind.PROBE, StepKind.ATTACK, StepKind.GRADE)
    steps.add_steps(
        tx, audit.id, [NewStep(key, kind, i, Queue.TRAIN) for i, (key, kind) in enumerate(zip(results, kinds, strict=True))]
    )
    for step in steps.steps(tx, audit.id):
        claimed = steps.claim(tx, step.id, now=services.clock(), lease_seconds=60, max_attempts=3)
        assert claimed is not None
        steps.finish(
            tx, step.id, claimed.attempt, status=StepStatus.DONE, result=results[step.key], reason=None, now=services.clock()
        )


def _complete(tx: Transaction, audit: Audit, result: dict[str, Any], now: datetime) -> None:
    head = result["audit"]
    ledger.spend(tx, audit.id, head["queries"])
    verdict = {name: head[name] for name in ("outcome", "score", "severity")}
    audits.close(tx, audit.id, status=AuditStatus.COMPLETED, now=now, result=result, **verdict)
    findings.replace(tx, audit.id, audit.workspace_id, result["findings"])
