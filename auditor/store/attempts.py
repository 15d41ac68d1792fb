"""Every request to a target: written as unknown in the transaction that pays for it, completed when its answer came."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, insert, select, update

from auditor.domain.attempt import UNKNOWN, Attempt, Exchange
from auditor.domain.audit import Audit
from auditor.store.engine import Transaction
from auditor.store.rows import as_value, checked_cursor, columns_of, new_id
from auditor.store.tables import attempt

_COLUMNS = columns_of(attempt, Attempt)
# Made once: building them anew for each request would cost more than running them.
_BEGIN = insert(attempt)
_SETTLE = (
    update(attempt)
    .where(attempt.c.id == bindparam("of"))
    .values({name: bindparam(f"new_{name}") for name in ("ended", "status", "sent", "received", "milliseconds")})
)


def begin(tx: Transaction, audit: Audit, asked_by: str, rows: int, now: datetime) -> str:
    """The id of the new attempt; ids sort by time."""
    made = {"id": new_id(), "workspace_id": audit.workspace_id, "audit_id": audit.id, "created_at": now}
    tx.execute(_BEGIN, {**made, "asked_by": asked_by, "rows": rows, "ended": UNKNOWN})
    return str(made["id"])


def settle(tx: Transaction, exchanges: Mapping[str, Exchange]) -> None:
    """How attempts ended, by their id."""
    if exchanges:
        tx.execute(_SETTLE, [_ended(key, one) for key, one in exchanges.items()])


def _ended(key: str, one: Exchange) -> dict[str, Any]:
    named = {"new_ended": one.ended, "new_status": one.status, "new_milliseconds": one.milliseconds}
    return {"of": key, **named, "new_sent": one.sent, "new_received": one.received}


def page(tx: Transaction, audit_id: str, *, limit: int, cursor: str | None = None) -> tuple[list[Attempt], str | None]:
    """Oldest first; the cursor is the id that the page before ended with. Who may see the audit is asked before."""
    chosen = select(*_COLUMNS).where(attempt.c.audit_id == audit_id)
    if cursor is not None:
        chosen = chosen.where(attempt.c.id > checked_cursor(cursor))
    rows = list(tx.execute(chosen.order_by(attempt.c.id).limit(limit + 1)))
    shown = [as_value(Attempt, row) for row in rows[:limit]]
    return shown, shown[-1].id if len(rows) > limit else None
