"""Every request to a target: written as unknown in the transaction that pays for it, completed when its answer came."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import bindparam, insert, select, update

from auditor.domain.attempt import UNKNOWN, Attempt, Exchange
from auditor.domain.audit import Audit
from auditor.store.engine import Transaction
from auditor.store.rows import as_value, checked_cursor, columns_of, new_id
from auditor.store.tables import attempt

_COLUMNS = columns_of(attempt, Attempt)


def begin(tx: Transaction, audit: Audit, asked_by: str, rows: int, now: datetime) -> str:
    """The id of the new attempt; ids sort by time."""
    made = Attempt(new_id(), now, asked_by, rows, UNKNOWN, None, 0, 0, 0.0)
    tx.execute(insert(attempt).values(asdict(made) | {"audit_id": audit.id, "workspace_id": audit.workspace_id}))
    return made.id


def settle(tx: Transaction, exchanges: Mapping[str, Exchange]) -> None:
    """How attempts ended, by their id."""
    if exchanges:
        rows = [{"of": key, **asdict(exchange)} for key, exchange in exchanges.items()]
        tx.execute(update(attempt).where(attempt.c.id == bindparam("of")), rows)


def page(tx: Transaction, audit_id: str, *, limit: int, cursor: str | None = None) -> tuple[list[Attempt], str | None]:
    """Oldest first; the cursor is the id that the page before ended with. Who may see the audit is asked before."""
    chosen = select(*_COLUMNS).where(attempt.c.audit_id == audit_id)
    if cursor is not None:
        chosen = chosen.where(attempt.c.id > checked_cursor(cursor))
    rows = list(tx.execute(chosen.order_by(attempt.c.id).limit(limit + 1)))
    shown = [as_value(Attempt, row) for row in rows[:limit]]
    return shown, shown[-1].id if len(rows) > limit else None
