"""Steps: the unit of work. The state transition is the lock: each change is one conditional UPDATE.

A step waits until every step of a lower stage is final. `claim` gives it to one worker with a lease; `beat` extends the lease;
`finish` and `release` work only for the attempt that still holds it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, or_, select, update

from auditor.domain.audit import AuditStatus, NewStep, Step, StepStatus
from auditor.store.engine import Transaction
from auditor.store.rows import as_value, columns_of, insert_missing, missing, new_id
from auditor.store.tables import audit as audit_table
from auditor.store.tables import step as table

OPEN = (StepStatus.WAITING, StepStatus.RUNNING)

_COLUMNS = columns_of(table, Step)
_TRIED = table.c.attempt - table.c.forgiven

# Built once: an alias made for every statement costs more than the statement.
_LOWER = table.alias("lower_stage")
_HELD_BACK = exists().where(_LOWER.c.audit_id == table.c.audit_id, _LOWER.c.stage < table.c.stage, _LOWER.c.status.in_(OPEN))
_GOES_ON = and_(audit_table.c.id == table.c.audit_id, audit_table.c.status == AuditStatus.RUNNING, ~audit_table.c.cancel_requested)
_IS_DUE = and_(~_HELD_BACK, exists().where(_GOES_ON))
_READY = select(*_COLUMNS).where(table.c.status == StepStatus.WAITING, _IS_DUE)


@dataclass(frozen=True)
class Beat:
    """`mine`: this attempt still holds the step. `cancel`: the audit was cancelled or is over."""

    mine: bool
    cancel: bool


def add_steps(tx: Transaction, audit_id: str, steps: Sequence[NewStep]) -> None:
    """A key that is there already is left as it is, so that planning twice plans once."""
    if not steps:
        return
    owner = tx.execute(select(audit_table.c.workspace_id).where(audit_table.c.id == audit_id)).scalar_one_or_none()
    if owner is None:
        raise missing(audit_table)
    insert_missing(tx, table, [_row(new, audit_id, owner) for new in steps])


def steps(tx: Transaction, audit_id: str) -> list[Step]:
    """By stage, then key."""
    rows = tx.execute(select(*_COLUMNS).where(table.c.audit_id == audit_id).order_by(table.c.stage, table.c.key))
    return [as_value(Step, row) for row in rows]


def step(tx: Transaction, step_id: str) -> Step:
    row = tx.execute(select(*_COLUMNS).where(table.c.id == step_id)).one_or_none()
    if row is None:
        raise missing(table)
    return as_value(Step, row)


def claim(tx: Transaction, step_id: str, *, now: datetime, lease_seconds: float, max_attempts: int) -> Step | None:
    """Take the step, if it is ready (or its worker fell silent) and its audit wants it; None: it is someone else's or nobody's.

    A step that was begun `max_attempts` times already fails instead; whoever looks after stalled audits then ends the audit.
    """
    free = and_(table.c.id == step_id, _free(now), _IS_DUE)
    taken = {
        "status": StepStatus.RUNNING,
        "attempt": table.c.attempt + 1,
        "lease_until": now + timedelta(seconds=lease_seconds),
        "started_at": now,
        "progress": 0.0,
        "reason": None,
    }
    statement = update(table).where(free, max_attempts > _TRIED).values(taken).returning(*_COLUMNS)
    row = tx.execute(statement).one_or_none()
    if row is not None:
        return as_value(Step, row)
    reason = (
        f"This step was begun {max_attempts} times and never ended; look at the workers' memory and logs, then resume the audit."
    )
    failed = {"status": StepStatus.FAILED, "reason": reason, "finished_at": now, "lease_until": None}
    tx.execute(update(table).where(free, max_attempts <= _TRIED).values(failed))
    return None


def beat(tx: Transaction, step_id: str, attempt: int, *, progress: float, now: datetime, lease_seconds: float) -> Beat:
    """Extend the lease and learn whether to go on."""
    values = {"lease_until": now + timedelta(seconds=lease_seconds), "progress": progress}
    mine = tx.execute(update(table).where(_held(step_id, attempt)).values(values)).rowcount == 1
    going = select(audit_table.c.status, audit_table.c.cancel_requested).where(audit_table.c.id == _audit_of(step_id))
    row = tx.execute(going).one_or_none()
    return Beat(mine, row is None or row.status is not AuditStatus.RUNNING or row.cancel_requested)


def finish(
    tx: Transaction,
    step_id: str,
    attempt: int,
    *,
    status: StepStatus,
    result: dict[str, Any] | None,
    reason: str | None,
    now: datetime,
) -> bool:
    """End the step, if this attempt still holds it. The audit is locked until the transaction ends: of two workers who finish
    the last steps of a stage together, the second sees both done and plans what follows."""
    lock_audit(tx, _audit_of(step_id))
    values: dict[str, Any] = {"status": status, "result": result, "reason": reason, "finished_at": now, "lease_until": None}
    if status is StepStatus.DONE:
        values["progress"] = 1.0
    return tx.execute(update(table).where(_held(step_id, attempt)).values(values)).rowcount == 1


def release(tx: Transaction, step_id: str, attempt: int, *, now: datetime) -> bool:
    """Hand the step back, because the worker shuts down: it waits again, and the attempt is not counted against it."""
    values = _waiting() | {"forgiven": table.c.forgiven + 1}
    return tx.execute(update(table).where(_held(step_id, attempt)).values(values)).rowcount == 1


def mark_delivered(tx: Transaction, step_ids: Sequence[str], now: datetime) -> None:
    for step_id in sorted(step_ids):
        tx.execute(update(table).where(table.c.id == step_id).values(delivered_at=now))


def ready(tx: Transaction, audit_id: str) -> list[Step]:
    """Waiting steps of a running audit whose lower stages are all final."""
    chosen = _READY.where(table.c.audit_id == audit_id).order_by(table.c.stage, table.c.key)
    return [as_value(Step, row) for row in tx.execute(chosen)]


def unsent(tx: Transaction, audit_id: str) -> list[Step]:
    """Those of `ready` whose message was not sent yet: whoever ends a step sends these, and nothing twice."""
    chosen = _READY.where(table.c.audit_id == audit_id, table.c.delivered_at.is_(None)).order_by(table.c.stage, table.c.key)
    return [as_value(Step, row) for row in tx.execute(chosen)]


def is_stage_open(tx: Transaction, audit_id: str, stage: int) -> bool:
    """Is any step of this stage, or of a lower one, still to end?"""
    still_open = and_(table.c.audit_id == audit_id, table.c.stage <= stage, table.c.status.in_(OPEN))
    return tx.execute(select(table.c.id).where(still_open).limit(1)).first() is not None


def undelivered(tx: Transaction, *, now: datetime, older_than_seconds: float, limit: int) -> list[Step]:
    """Ready steps of every audit whose message was never sent, or so long ago that it may be lost."""
    before = now - timedelta(seconds=older_than_seconds)
    ahead = now + timedelta(seconds=older_than_seconds)  # sent before the clock was set back
    silent = or_(table.c.delivered_at.is_(None), table.c.delivered_at < before, table.c.delivered_at > ahead)
    chosen = _READY.where(silent).order_by(table.c.id).limit(limit)
    return [as_value(Step, row) for row in tx.execute(chosen)]


def expire(tx: Transaction, *, now: datetime, lease_seconds: float | None = None) -> int:
    """Steps whose worker fell silent wait again; how many there were. With `lease_seconds`, also those whose lease ends later than
    any could: the clock was set back since, and a worker that is alive has extended its lease by the new one."""
    is_over = table.c.lease_until < now
    if lease_seconds is not None:
        is_over = or_(is_over, table.c.lease_until > now + 2 * timedelta(seconds=lease_seconds))
    silent = and_(table.c.status == StepStatus.RUNNING, is_over)
    _lock(tx, silent)
    return tx.execute(update(table).where(silent).values(_waiting())).rowcount


def cancel_open(tx: Transaction, audit_id: str, *, now: datetime) -> None:
    """Steps that are not final will not run any more."""
    still_open = and_(table.c.audit_id == audit_id, table.c.status.in_(OPEN))
    _lock(tx, still_open)
    values = {"status": StepStatus.CANCELLED, "finished_at": now, "lease_until": None}
    tx.execute(update(table).where(still_open).values(values))


def reopen_steps(tx: Transaction, audit_id: str) -> None:
    """Failed and cancelled steps wait again, and so does what was done in later stages without them."""
    of_audit = table.c.audit_id == audit_id
    undone = table.c.status.not_in((StepStatus.DONE,))
    _lock(tx, of_audit)
    first = tx.execute(select(func.min(table.c.stage)).where(of_audit, undone)).scalar_one_or_none()
    if first is None:
        return
    forgotten = _waiting() | {"forgiven": table.c.attempt, "result": None, "reason": None, "started_at": None, "finished_at": None}
    tx.execute(update(table).where(of_audit, or_(undone, table.c.stage > first)).values(forgotten))


def lock_audit(tx: Transaction, audit_id: Any) -> None:
    """Until the transaction ends, nobody else plans, finishes or closes here. (SQLite has one writer at a time anyway.)"""
    tx.execute(select(audit_table.c.id).where(audit_table.c.id == audit_id).with_for_update(key_share=True))


def _row(new: NewStep, audit_id: str, workspace_id: str) -> dict[str, Any]:
    planned = {"key": new.key, "kind": new.kind, "stage": new.stage, "queue": new.queue, "params": new.params}
    planned |= {"weight": new.weight, "required": new.required}
    return planned | {"id": new_id(), "audit_id": audit_id, "workspace_id": workspace_id, "status": StepStatus.WAITING}


def _waiting() -> dict[str, Any]:
    return {"status": StepStatus.WAITING, "lease_until": None, "delivered_at": None, "progress": 0.0}


def _held(step_id: str, attempt: int) -> ColumnElement[bool]:
    return and_(table.c.id == step_id, table.c.attempt == attempt, table.c.status == StepStatus.RUNNING)


def _free(now: datetime) -> ColumnElement[bool]:
    silent = and_(table.c.status == StepStatus.RUNNING, table.c.lease_until < now)
    return or_(table.c.status == StepStatus.WAITING, silent)


def _audit_of(step_id: str) -> Any:
    return select(table.c.audit_id).where(table.c.id == step_id).scalar_subquery()


def _lock(tx: Transaction, which: ColumnElement[bool]) -> None:
    """Rows are locked in the order of their ids, so that two transactions never hold what the other wants."""
    tx.execute(select(table.c.id).where(which).order_by(table.c.id).with_for_update(key_share=True))
