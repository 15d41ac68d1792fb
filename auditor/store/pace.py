"""When a host may be asked next: audits and workers that ask the same host at a rate take turns."""

from sqlalchemy import select, update

from auditor.store.engine import Transaction
from auditor.store.rows import insert_missing
from auditor.store.tables import pace


def reserve(tx: Transaction, workspace_id: str, host: str, seconds: float, now: float) -> float:
    """Takes the next `seconds` of the host; how long to wait until they begin. Two callers never get the same ones: the row is
    locked until the transaction ends (on SQLite every writing transaction is alone)."""
    here = (pace.c.workspace_id == workspace_id) & (pace.c.host == host)
    insert_missing(tx, pace, [{"workspace_id": workspace_id, "host": host, "free_at": now}])
    free_at: float = tx.execute(select(pace.c.free_at).where(here).with_for_update()).scalar_one()
    start = max(now, free_at)
    tx.execute(update(pace).where(here).values(free_at=start + seconds))
    return start - now
