"""What the clock does: silent leases expire, ready steps are sent again, due schedules start, old data goes."""

import logging
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

from auditor.domain.audit import Step
from auditor.domain.catalog import Schedule
from auditor.domain.spec import parse
from auditor.errors import AuditorError, InvalidInput, Unavailable
from auditor.store import audits, events, retention, schedules
from auditor.store.engine import Transaction
from auditor.workflow.advance import INTERNAL, advance, deliver, give_up
from auditor.workflow.services import Services
from auditor.workflow.submit import Origin, submit_in, validate

log = logging.getLogger(__name__)

REDELIVERED_AT_ONCE = 500


def tick(services: Services) -> None:
    """Safe to run at any time, any number of times, on any number of machines; without a database it is skipped."""
    try:
        sweep(services)
        start_due(services)
        _forget(services)
    except Unavailable as away:
        log.warning("this tick is skipped: %s", away.sentence)


def sweep(services: Services) -> None:
    """Silent leases expire and ready steps are sent again: all that one process with one audit needs of the clock."""
    now = services.clock()
    with services.database.begin() as tx:
        audits.expire(tx, now=now, lease_seconds=services.settings.lease_seconds)
        lost = audits.undelivered(tx, now=now, older_than_seconds=services.settings.tick_seconds, limit=REDELIVERED_AT_ONCE)
    deliver(services, lost)
    for audit_id in _stalled(services):
        _move_on(services, audit_id)


def _move_on(services: Services, audit_id: str) -> None:
    """An audit that cannot be moved on (its spec names an attack that is no longer installed) ends with a sentence. All others, and
    those of other workspaces, come after it."""
    try:
        advance(services, audit_id)
    except Unavailable:
        raise
    except AuditorError as error:
        give_up(services, audit_id, str(error))
    except Exception:
        log.exception("audit %s cannot be moved on", audit_id)
        give_up(services, audit_id, INTERNAL)


def _stalled(services: Services) -> list[str]:
    """Running audits that nobody will move on: a step that was begun too often, a restored backup, a repair by hand."""
    with services.database.read() as tx:
        return audits.stalled(tx)


def start_due(services: Services) -> None:
    with services.database.read() as tx:
        due = schedules.due(tx, services.clock())
    for schedule in due:
        deliver(services, _started(services, schedule))


def _started(services: Services, schedule: Schedule) -> list[Step]:
    """What cannot be started for whatever reason keeps no other schedule waiting."""
    try:
        with services.database.begin() as tx:
            return _start(tx, services, schedule)
    except Unavailable:
        raise
    except AuditorError as error:  # no next firing: its zone is gone, for example
        note = f"{schedule.name}: paused, because it has no next firing: {error}"
        with services.database.begin() as tx:
            schedules.set_paused(tx, schedule.workspace_id, schedule.id, True, None)
            _note(tx, schedule, note, services.clock())
    except Exception:
        log.exception("schedule %s cannot be started", schedule.id)
        now = services.clock()
        with services.database.begin() as tx:
            if schedules.take(tx, schedule, next_run_at=next_run(schedule.cron, schedule.zone, now)):
                _note(tx, schedule, f"{schedule.name}: could not start: {INTERNAL}", now)
    return []


def _start(tx: Transaction, services: Services, schedule: Schedule) -> list[Step]:
    """Missed firings coalesce into one; one that overlaps a running audit is skipped and said. The row is the lock."""
    now = services.clock()
    following = next_run(schedule.cron, schedule.zone, now)
    if not schedules.take(tx, schedule, next_run_at=following):
        return []
    if audits.is_running(tx, schedule.id):
        note = f"{schedule.name}: skipped at {now:%Y-%m-%d %H:%M} UTC, the previous audit was still running"
        schedules.note(tx, schedule.id, note)
        events.add(tx, schedule.workspace_id, "schedule.skipped", note, now, target_id=schedule.target_id)
        return []
    try:
        spec = parse(schedule.spec)
        validate(spec)
        with tx.begin_nested():  # an audit that could not be planned to the end was not submitted
            audit, ready = submit_in(tx, services, schedule.workspace_id, spec, Origin(schedule.target_id, schedule.id))
    except Unavailable:
        raise
    except AuditorError as error:
        _note(tx, schedule, f"{schedule.name}: could not start: {error}", now)
        return []
    schedules.started(tx, schedule.id, audit.id)
    return ready


def _note(tx: Transaction, schedule: Schedule, note: str, now: datetime) -> None:
    """Said where people look: at the schedule, and among the events."""
    schedules.note(tx, schedule.id, note)
    events.add(tx, schedule.workspace_id, "schedule.failed", note, now, target_id=schedule.target_id)


def next_run(cron: str, zone: str, after: datetime) -> datetime:
    """The next firing in UTC; raises InvalidInput for a cron expression or a zone that cannot be read."""
    try:
        local = after.astimezone(ZoneInfo(zone))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise InvalidInput("zone", f"{zone!r} is not an IANA time zone; write one like Europe/Berlin or UTC") from None
    try:
        return next(CronSim(cron, local)).astimezone(UTC)
    except (CronSimError, StopIteration):
        raise InvalidInput(
            "cron", f"{cron!r} is not a cron expression; write five fields like `0 3 * * 1` (Mondays at 3:00)"
        ) from None


def _forget(services: Services) -> None:
    """Answers and evidence are personal data: they go when the retention ends; findings stay."""
    before = services.clock() - timedelta(days=services.settings.retention_days)
    with services.database.begin() as tx:
        retention.forget(tx, services.artifacts, before)
