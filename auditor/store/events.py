"""Events: what happened in a workspace, one sentence each; they are added and never changed."""

from datetime import datetime
from typing import Any

from sqlalchemy import insert, select

from auditor.domain.catalog import Event
from auditor.store import catalog_links
from auditor.store.engine import Transaction
from auditor.store.rows import as_value, columns_of, new_id, owner_exists, page_of
from auditor.store.tables import event

_COLUMNS = columns_of(event, Event)


def add(
    tx: Transaction,
    workspace_id: str,
    kind: str,
    sentence: str,
    now: datetime,
    *,
    audit_id: str | None = None,
    target_id: str | None = None,
    details: dict[str, Any] | None = None,
) -> Event:
    owner_exists(tx, workspace_id)
    catalog_links.check(tx, workspace_id, audit_id=audit_id, target_id=target_id)
    made = Event(new_id(), workspace_id, kind, sentence, now, audit_id, target_id, details or {})
    tx.execute(insert(event).values({column.name: getattr(made, column.name) for column in _COLUMNS}))
    return made


def page(
    tx: Transaction, workspace_id: str, limit: int, cursor: str | None = None, audit_id: str | None = None
) -> tuple[list[Event], str | None]:
    """Newest first; of one audit only, if it is named."""
    chosen = select(*_COLUMNS).where(event.c.workspace_id == workspace_id)
    if audit_id is not None:
        catalog_links.check(tx, workspace_id, audit_id=audit_id)
        chosen = chosen.where(event.c.audit_id == audit_id)
    rows, following = page_of(tx, chosen, event.c.id, limit, cursor)
    return [as_value(Event, row) for row in rows], following


def of_audit(tx: Transaction, audit_id: str, kind: str) -> list[Event]:
    """The events of this kind of one audit, oldest first."""
    chosen = select(*_COLUMNS).where(event.c.audit_id == audit_id, event.c.kind == kind).order_by(event.c.id)
    return [as_value(Event, row) for row in tx.execute(chosen)]
