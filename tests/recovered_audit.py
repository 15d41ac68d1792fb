"""A completed audit that guessed the job and the age of its members and rebuilt some, over records that really are there."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from auditor.domain.audit import AuditStatus, NewStep, Queue, StepKind, StepStatus
from auditor.domain.data import AuditData
from auditor.domain.evidence import AttributeGuesses, Evidence, Reconstructions
from auditor.domain.spec import parse
from auditor.domain.target import Output, Profile
from auditor.intake import Table, to_parquet
from auditor.store import audits, datasets, steps
from auditor.workflow import material
from auditor.workflow.evidence_store import to_arrays
from auditor.workflow.plan import attack_key
from auditor.workflow.profiles import to_json
from auditor.workflow.services import Services

SIDE = 60
JOBS = ("baker", "miner", "nurse", "tailor")
WRONG = 7  # of the members' jobs, the attack guesses every seventh wrong
URL = "http://127.0.0.1:8080/v2/models/income/infer"


@dataclass(frozen=True)
class Planted:
    """`data` as the audit has it; `rebuilt` the records that were claimed."""

    audit_id: str
    data: AuditData
    rebuilt: pd.DataFrame


def people(side: int, count: int = SIDE) -> pd.DataFrame:
    """No two alike, and none on two sides."""
    place = np.arange(count)
    ages = [str(20 + (7 * int(i) + 3 * side) % 60 + 0.5) for i in place]
    jobs = [JOBS[0] if i % 2 else JOBS[1 + i // 2 % 3] for i in place]
    number = [f"{side}.{i:03d}" for i in place]
    return pd.DataFrame(
        {"age": ages, "job": jobs, "number": number, "ill": [("no", "yes")[int(i) % 3 == 0] for i in place]}, dtype=object
    )


def plant(services: Services, workspace_id: str, sensitive: tuple[str, ...] = ("job", "age")) -> Planted:
    now = services.clock()
    with services.database.begin() as tx:
        files = {}
        for side, name in enumerate(("members", "non_members", "auxiliary")):
            cells = people(side)
            table = Table(cells, dict.fromkeys(cells.columns, "string"))
            digest = services.artifacts.put(tx, workspace_id, to_parquet(table), kind="dataset")
            files[name] = datasets.create_dataset(tx, workspace_id, name, SIDE, dict(table.types), 2000, digest, now).id
        spec = parse({"name": "ills", "target": {"url": URL}, "data": {**files, "label": "ill", "sensitive": list(sensitive)}})
        audit = audits.create(tx, workspace_id=workspace_id, name="ills", spec=spec.as_json(), budget=1000, now=now)
    data = material.of_audit(services, audit).data
    rebuilt = _rebuilt(data)
    claims = {"attribute": _guesses(data, WRONG, sensitive), "baseline": _guesses(data, 2, sensitive), "rebuilt": rebuilt}
    claims |= {"missing": _missing(data, 3), "usual": _missing(data, 5)}
    _work(services, audit.id, claims, sensitive)
    findings = [{"attack": "attribute", "kind": "attribute", "parameters": {"sensitive": name}} for name in sensitive]
    findings.append({"attack": "forest-reconstruction", "kind": "records", "parameters": {}})
    with services.database.begin() as tx:
        audits.close(tx, audit.id, status=AuditStatus.COMPLETED, now=now, result={"findings": findings})
    return Planted(audit.id, data, rebuilt.records)


def _guesses(data: AuditData, wrong: int, sensitive: tuple[str, ...]) -> dict[str, AttributeGuesses]:
    """Right but for every `wrong`-th candidate, the surer the later it stands."""
    guesses, n = {}, len(data.candidates)
    for attribute in (s for s in data.sensitive if s.name in sensitive):
        cells, values = data.candidates.features[attribute.name].tolist(), [cell for (cell,) in attribute.values]
        known = [int(np.argmin([abs(v - c) for v in values])) if attribute.is_number else values.index(c) for c in cells]
        claimed = [(k + (row % wrong == 0)) % len(values) for row, k in enumerate(known)]
        scores = np.zeros((n, len(values)))
        scores[np.arange(n), claimed] = 1.0 + np.arange(n) / 10
        guesses[attribute.name] = AttributeGuesses(attribute, np.arange(n), scores)
    return guesses


def _rebuilt(data: AuditData) -> Reconstructions:
    """Three members as they are, one of another job."""
    members = data.candidates.take(data.is_member).features.iloc[:4].reset_index(drop=True)
    members.loc[3, "job"] = "tailor" if members.loc[3, "job"] != "tailor" else "miner"
    return Reconstructions(members, np.full(4, -1), np.zeros(4), is_each=True)


def _missing(data: AuditData, wrong: int) -> Reconstructions:
    """Six members, each claimed to have the age of another one from the `wrong`-th on."""
    rows = np.flatnonzero(data.is_member)[:6]
    records = data.candidates.take(rows).features
    records.loc[wrong - 1 :, "age"] = 1.0
    return Reconstructions(records, np.full(6, -1), np.zeros(6), is_each=True, rows=rows)


def _work(services: Services, audit_id: str, claims: dict[str, object], sensitive: tuple[str, ...]) -> None:
    with services.database.begin() as tx:
        workspace_id = audits.by_id(tx, audit_id).workspace_id

        def kept(evidence: Evidence) -> dict[str, str]:
            return {"evidence": services.artifacts.put_arrays(tx, workspace_id, to_arrays(evidence), kind="evidence")}

        bare = {"family": "inversion", "params": {}}
        items = [{"attack": "attribute", "label": "attribute", "sensitive": name, **bare} for name in sensitive]
        forest = {"attack": "forest-reconstruction", "label": "forest-reconstruction", "sensitive": None, **bare}
        missing = {**forest, "attack": "linear-record", "label": "linear-record"}
        profile = to_json(Profile(Output.PROBABILITIES, ("no", "yes"), latency_ms=20.0))
        results = {"probe": {"profile": profile, "run": [*items, forest, missing]}}
        for item in items:
            results[f"attack:{attack_key(item, 0)}"] = kept(claims["attribute"][item["sensitive"]])
            results[f"baseline:{attack_key(item, 0)}"] = kept(claims["baseline"][item["sensitive"]])
        results[f"attack:{attack_key(forest, 0)}"] = kept(claims["rebuilt"])
        results[f"attack:{attack_key(missing, 0)}"] = kept(claims["missing"])
        results[f"baseline:{attack_key(missing, 0)}"] = kept(claims["usual"])
        steps.add_steps(tx, audit_id, [NewStep(key, StepKind.ATTACK, i, Queue.TRAIN) for i, key in enumerate(results)])
        for step in steps.steps(tx, audit_id):
            claimed = steps.claim(tx, step.id, now=services.clock(), lease_seconds=60, max_attempts=3)
            done = {"status": StepStatus.DONE, "result": results[step.key], "reason": None, "now": services.clock()}
            steps.finish(tx, step.id, claimed.attempt, **done)
