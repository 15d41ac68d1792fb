"""A completed audit whose strongest attack has a table of single records, over records that really are there."""

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from auditor.domain.audit import AuditStatus
from auditor.domain.spec import parse
from auditor.intake import Table, to_parquet
from auditor.store import audits, datasets, findings, ledger, targets
from auditor.store.engine import Transaction
from auditor.workflow.services import Services

RESULT = Path(__file__).parent / "fixtures" / "results" / "exposed.json"
URL = "http://127.0.0.1:8080/v2/models/income/infer"
SIDE = 80
LISTED = 60


@dataclass(frozen=True)
class Exposed:
    audit_id: str
    target_id: str
    digest: str
    table: dict[str, np.ndarray]


def plant(services: Services, workspace_id: str, *, seed: int = 7, table: dict[str, np.ndarray] | None = None) -> Exposed:
    """`table`: columns of the stored table; by default all that grading may write, 60 rows."""
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
        _complete(tx, workspace_id, audit.id, result_of(digest), now)
    return Exposed(audit.id, target_id, digest, arrays)


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


def _complete(tx: Transaction, workspace_id: str, audit_id: str, result: dict[str, Any], now: datetime) -> None:
    head = result["audit"]
    ledger.spend(tx, audit_id, head["queries"])
    verdict = {name: head[name] for name in ("outcome", "score", "severity")}
    audits.close(tx, audit_id, status=AuditStatus.COMPLETED, now=now, result=result, **verdict)
    findings.replace(tx, audit_id, workspace_id, result["findings"])
