"""Audits: made, listed, cancelled, resumed and closed. Their steps are in `steps`, and reachable from here.

Whoever changes an audit and its steps together locks the audit first and then steps in the order of their ids, so that two
workers wait for each other and never deadlock.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, exists, insert, literal, or_, select, update

from auditor.domain.audit import Audit, AuditStatus, StepStatus
from auditor.errors import Conflict
from auditor.store import catalog_links
from auditor.store.engine import Transaction
from auditor.store.rows import as_value, checked_name, columns_of, missing, new_id, owned, page_of
from auditor.store.steps import (
    OPEN,
    Beat,
    add_steps,
    beat,
    cancel_open,
    claim,
    expire,
    finish,
    lock_audit,
    mark_delivered,
    ready,
    release,
    reopen_steps,
    step,
    steps,
    undelivered,
    unsent,
)
from auditor.store.tables import audit as audit_table
from auditor.store.tables import step as step_table

_COLUMNS = columns_of(audit_table, Audit)
_LISTED = [column for column in _COLUMNS if column.name != "result"]


def create(
    tx: Transaction,
    *,
    workspace_id: str,
    name: str,
    spec: dict[str, Any],
    budget: int,
    now: datetime,
    target_id: str | None = None,
    schedule_id: str | None = None,
) -> Audit:
    """A running audit without steps; target and schedule must stand in the same workspace."""
    catalog_links.check(tx, workspace_id, target_id=target_id, schedule_id=schedule_id)
    made = Audit(
        new_id(),
        workspace_id,
        checked_name(name),
        spec,
        AuditStatus.RUNNING,
        now,
        target_id=target_id,
        schedule_id=schedule_id,
        budget=budget,
    )
    tx.execute(insert(audit_table).values({column.name: getattr(made, column.name) for column in _COLUMNS}))
    return made


def get(tx: Transaction, workspace_id: str, audit_id: str) -> Audit:
    return owned(tx, audit_table, Audit, workspace_id, audit_id)


def by_id(tx: Transaction, audit_id: str) -> Audit:
    """For workers, who act for every workspace."""
    row = tx.execute(select(*_COLUMNS).where(audit_table.c.id == audit_id)).one_or_none()
    if row is None:
        raise missing(audit_table)
    return as_value(Audit, row)


def page(
    tx: Transaction, workspace_id: str, *, limit: int, cursor: str | None = None, target_id: str | None = None
) -> tuple[list[Audit], str | None]:
    """Newest first, without their result documents (`get` has them)."""
    chosen = select(*_LISTED).where(audit_table.c.workspace_id == workspace_id)
    if target_id is not None:
        catalog_links.check(tx, workspace_id, target_id=target_id)
        chosen = chosen.where(audit_table.c.target_id == target_id)
    rows, following = page_of(tx, chosen, audit_table.c.id, limit, cursor)
    return [as_value(Audit, row) for row in rows], following


def request_cancel(tx: Transaction, workspace_id: str, audit_id: str, now: datetime) -> Audit:
    """From now on no step of it can be claimed, and workers see it at their next beat. Asking twice changes nothing."""
    lock_audit(tx, audit_id)
    found = get(tx, workspace_id, audit_id)
    if found.status in (AuditStatus.COMPLETED, AuditStatus.FAILED):
        raise Conflict(f"this audit is already {found.status}; there is nothing to cancel")
    running = audit_table.c.status == AuditStatus.RUNNING
    tx.execute(update(audit_table).where(audit_table.c.id == audit_id, running).values(cancel_requested=True))
    return get(tx, workspace_id, audit_id)


def reopen(tx: Transaction, workspace_id: str, audit_id: str, now: datetime) -> Audit:
    """Resume a failed or cancelled audit: what is done stays done, what failed or was cancelled waits again, with the steps
    that were built on it. Attempts go on counting, so that a worker of before cannot finish anything."""
    lock_audit(tx, audit_id)
    found = get(tx, workspace_id, audit_id)
    if found.status is AuditStatus.COMPLETED:
        raise Conflict("this audit is completed; start a new one instead of resuming it")
    if found.status is AuditStatus.RUNNING:
        raise Conflict("this audit is still running; cancel it first, or wait for its end")
    reopen_steps(tx, audit_id)
    cleared = {"status": AuditStatus.RUNNING, "cancel_requested": False, "finished_at": None, "reason": None}
    cleared |= {"outcome": None, "score": None, "severity": None, "result": None}
    tx.execute(update(audit_table).where(audit_table.c.id == audit_id).values(cleared))
    return get(tx, workspace_id, audit_id)


def close(
    tx: Transaction,
    audit_id: str,
    *,
    status: AuditStatus,
    now: datetime,
    reason: str | None = None,
    result: dict[str, Any] | None = None,
    outcome: str | None = None,
    score: float | None = None,
    severity: str | None = None,
) -> bool:
    """End a running audit, once: False if it was not running. Unless completed, its open steps are cancelled."""
    values = {"status": status, "finished_at": now, "reason": reason, "result": result}
    values |= {"outcome": outcome, "score": score, "severity": severity}
    running = audit_table.c.status == AuditStatus.RUNNING
    closed = tx.execute(update(audit_table).where(audit_table.c.id == audit_id, running).values(values)).rowcount == 1
    if closed and status is not AuditStatus.COMPLETED:
        cancel_open(tx, audit_id, now=now)
    return closed


def is_running(tx: Transaction, schedule_id: str) -> bool:
    """Does an audit that this schedule started still run?"""
    running = audit_table.c.status == AuditStatus.RUNNING
    found = select(literal(1)).where(audit_table.c.schedule_id == schedule_id, running).limit(1)
    return tx.execute(found).first() is not None


def stalled(tx: Transaction) -> list[str]:
    """Running audits that nobody will move on: no step is open, a required one has failed, or a cancelled one runs nowhere."""
    return list(tx.execute(_stalled().order_by(audit_table.c.id)).scalars())


def _stalled() -> Select[str]:
    of_audit = step_table.c.audit_id == audit_table.c.id
    is_open = exists().where(of_audit, step_table.c.status.in_(OPEN))
    is_worked = exists().where(of_audit, step_table.c.status == StepStatus.RUNNING)
    has_failed = exists().where(of_audit, step_table.c.required, step_table.c.status == StepStatus.FAILED)
    abandoned = and_(audit_table.c.cancel_requested, ~is_worked)
    return select(audit_table.c.id).where(audit_table.c.status == AuditStatus.RUNNING, or_(~is_open, has_failed, abandoned))


__all__ = [
    "Beat",
    "add_steps",
    "beat",
    "by_id",
    "claim",
    "close",
    "create",
    "expire",
    "finish",
    "get",
    "is_running",
    "lock_audit",
    "mark_delivered",
    "page",
    "ready",
    "release",
    "reopen",
    "request_cancel",
    "stalled",
    "step",
    "steps",
    "undelivered",
    "unsent",
]
