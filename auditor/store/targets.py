"""Targets: the models a workspace audits, each with the `target:` block of its spec."""

from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select

from auditor.domain.catalog import TargetRecord
from auditor.errors import Conflict
from auditor.store.engine import Transaction
from auditor.store.rows import as_value, checked_name, columns_of, new_id, owned, owner_exists, page_of
from auditor.store.tables import audit, schedule, target

_COLUMNS = columns_of(target, TargetRecord)


def create_target(tx: Transaction, workspace_id: str, name: str, spec: dict[str, Any], now: datetime) -> TargetRecord:
    owner_exists(tx, workspace_id)
    made = TargetRecord(new_id(), workspace_id, checked_name(name), spec, now)
    tx.execute(insert(target).values({column.name: getattr(made, column.name) for column in _COLUMNS}))
    return made


def get_target(tx: Transaction, workspace_id: str, target_id: str) -> TargetRecord:
    return owned(tx, target, TargetRecord, workspace_id, target_id)


def named_target(tx: Transaction, workspace_id: str, name: str) -> TargetRecord | None:
    """The newest target of this name, so that one that is registered again keeps its history."""
    chosen = select(*_COLUMNS).where(target.c.workspace_id == workspace_id, target.c.name == name.strip())
    row = tx.execute(chosen.order_by(target.c.id.desc()).limit(1)).one_or_none()
    return None if row is None else as_value(TargetRecord, row)


def page_targets(
    tx: Transaction, workspace_id: str, *, limit: int, cursor: str | None = None
) -> tuple[list[TargetRecord], str | None]:
    """Newest first."""
    rows, following = page_of(tx, select(*_COLUMNS).where(target.c.workspace_id == workspace_id), target.c.id, limit, cursor)
    return [as_value(TargetRecord, row) for row in rows], following


def delete_target(tx: Transaction, workspace_id: str, target_id: str) -> None:
    """Conflict while an audit or a schedule points at it: a finding without its target proves nothing."""
    get_target(tx, workspace_id, target_id)
    for table, sentence in (
        (audit, "audits of this target are kept; a target with findings cannot be deleted"),
        (schedule, "a schedule audits this target; delete the schedule first"),
    ):
        if tx.execute(select(table.c.id).where(table.c.target_id == target_id).limit(1)).first() is not None:
            raise Conflict(sentence)
    tx.execute(delete(target).where(target.c.id == target_id))
