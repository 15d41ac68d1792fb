"""The ledger of an audit: what the target answered, and how many rows it was asked. Answers are float64, bit for bit."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import bindparam, delete, select, update

from auditor.domain.audit import AuditStatus
from auditor.store.engine import Transaction
from auditor.store.rows import insert_missing, missing
from auditor.store.tables import answer, audit

CHUNK = 1_000  # digests in one IN list: far below SQLite's 32,766 and PostgreSQL's 65,535 parameters

# Made once: building them anew for each batch would cost more than running them.
_SPEND = (
    update(audit)
    .where(audit.c.id == bindparam("of"), audit.c.queries + bindparam("rows") <= audit.c.budget)
    .where(audit.c.status == AuditStatus.RUNNING, ~audit.c.cancel_requested)
    .values(queries=audit.c.queries + bindparam("rows"))
)
_OWNER = select(audit.c.workspace_id).where(audit.c.id == bindparam("of"))


def lookup(tx: Transaction, audit_id: str, digests: Sequence[bytes]) -> dict[bytes, NDArray[np.float64]]:
    """The recorded answers (C,) among these records; a record never asked is not in it."""
    found: dict[bytes, NDArray[np.float64]] = {}
    wanted = list(dict.fromkeys(digests))
    for start in range(0, len(wanted), CHUNK):
        chunk = wanted[start : start + CHUNK]
        found |= _read(tx, answer.c.audit_id == audit_id, answer.c.digest.in_(chunk))
    return found


def load_all(tx: Transaction, audit_id: str) -> dict[bytes, NDArray[np.float64]]:
    return _read(tx, answer.c.audit_id == audit_id)


def spend(tx: Transaction, audit_id: str, rows: int) -> bool:
    """Book the rows before they are sent; False, and nothing booked, if they exceed the budget or the audit is to stop."""
    if rows < 0:
        raise ValueError("rows are spent, never given back")
    return tx.execute(_SPEND, {"of": audit_id, "rows": rows}).rowcount == 1


def record(tx: Transaction, audit_id: str, digests: Sequence[bytes], answers: NDArray[np.float64]) -> None:
    """Keep `answers` (n, C) under their digests; an answer that is there already stays."""
    owner = tx.execute(_OWNER, {"of": audit_id}).scalar_one_or_none()
    if owner is None:
        raise missing(audit)
    outputs = np.ascontiguousarray(answers, dtype="<f8")
    if outputs.ndim != 2 or len(outputs) != len(digests):
        raise ValueError(f"answers must be (n, C) with n = {len(digests)}, not {outputs.shape}")
    # Sorted, so that two workers who record the same records wait for each other instead of deadlocking.
    pairs = sorted(zip(digests, outputs, strict=True), key=lambda pair: pair[0])
    rows = [{"workspace_id": owner, "audit_id": audit_id, "digest": d, "outputs": row.tobytes()} for d, row in pairs]
    insert_missing(tx, answer, rows)


def spent(tx: Transaction, audit_id: str) -> int:
    queries: int | None = tx.execute(select(audit.c.queries).where(audit.c.id == audit_id)).scalar_one_or_none()
    if queries is None:
        raise missing(audit)
    return queries


def forget(tx: Transaction, audit_id: str) -> None:
    """Answers are personal data; the count of queries stays."""
    tx.execute(delete(answer).where(answer.c.audit_id == audit_id))


def _read(tx: Transaction, *conditions: object) -> dict[bytes, NDArray[np.float64]]:
    rows = tx.execute(select(answer.c.digest, answer.c.outputs).where(*conditions))  # type: ignore[arg-type]
    return {bytes(digest): np.frombuffer(outputs, dtype="<f8").astype(np.float64) for digest, outputs in rows}
