"""Schedules: frozen specs that run again and again. `take` makes one of several tickers the one that starts a firing."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select, update

from auditor.domain.catalog import Schedule
from auditor.store import catalog_links
from auditor.store.engine import Transaction
from auditor.store.rows import as_value, checked_name, columns_of, missing, new_id, owned, owner_exists, page_of
from auditor.store.tables import schedule

_COLUMNS = columns_of(schedule, Schedule)


@dataclass(frozen=True)
class NewSchedule:
    name: str
    spec: dict[str, Any]
    cron: str
    zone: str
    target_id: str | None = None
    next_run_at: datetime | None = None


def create_schedule(tx: Transaction, workspace_id: str, new: NewSchedule, now: datetime) -> Schedule:
    owner_exists(tx, workspace_id)
    catalog_links.check(tx, workspace_id, target_id=new.target_id)
    made = Schedule(
        new_id(),
        workspace_id,
        checked_name(new.name),
        new.spec,
        new.cron,
        new.zone,
        False,
        new.next_run_at,
        now,
        target_id=new.target_id,
    )
    tx.execute(insert(schedule).values({column.name: getattr(made, column.name) for column in _COLUMNS}))
    return made


def get_schedule(tx: Transaction, workspace_id: str, schedule_id: str) -> Schedule:
    return owned(tx, schedule, Schedule, workspace_id, schedule_id)


def page_schedules(
    tx: Transaction, workspace_id: str, *, limit: int, cursor: str | None = None
) -> tuple[list[Schedule], str | None]:
    """Newest first."""
    rows, following = page_of(tx, select(*_COLUMNS).where(schedule.c.workspace_id == workspace_id), schedule.c.id, limit, cursor)
    return [as_value(Schedule, row) for row in rows], following


def set_paused(tx: Transaction, workspace_id: str, schedule_id: str, paused: bool, next_run_at: datetime | None) -> Schedule:
    """Pause it, or let it go on at `next_run_at`."""
    get_schedule(tx, workspace_id, schedule_id)
    tx.execute(update(schedule).where(schedule.c.id == schedule_id).values(paused=paused, next_run_at=next_run_at))
    return get_schedule(tx, workspace_id, schedule_id)


def delete_schedule(tx: Transaction, workspace_id: str, schedule_id: str) -> None:
    """The audits it started stay."""
    get_schedule(tx, workspace_id, schedule_id)
    tx.execute(delete(schedule).where(schedule.c.id == schedule_id))


def due(tx: Transaction, now: datetime) -> list[Schedule]:
    """Of every workspace, the longest due first."""
    is_due = (~schedule.c.paused, schedule.c.next_run_at <= now)
    return [
        as_value(Schedule, row)
        for row in tx.execute(select(*_COLUMNS).where(*is_due).order_by(schedule.c.next_run_at, schedule.c.id))
    ]


def take(tx: Transaction, seen: Schedule, *, next_run_at: datetime) -> bool:
    """Move the firing on; True for the one caller who may start it, False if it was taken, paused or deleted since it was seen."""
    unchanged = (schedule.c.id == seen.id, ~schedule.c.paused, schedule.c.next_run_at == seen.next_run_at)
    return tx.execute(update(schedule).where(*unchanged).values(next_run_at=next_run_at)).rowcount == 1


def started(tx: Transaction, schedule_id: str, audit_id: str) -> None:
    _set(tx, schedule_id, {"last_audit_id": audit_id, "last_note": None})


def note(tx: Transaction, schedule_id: str, sentence: str) -> None:
    """What became of a firing that started no audit."""
    _set(tx, schedule_id, {"last_note": sentence})


def _set(tx: Transaction, schedule_id: str, values: dict[str, Any]) -> None:
    if tx.execute(update(schedule).where(schedule.c.id == schedule_id).values(values)).rowcount == 0:
        raise missing(schedule)
