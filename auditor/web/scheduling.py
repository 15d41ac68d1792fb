"""A new schedule, from ids to a frozen spec with its first firing. The API and the dashboard share it."""

from dataclasses import dataclass

from auditor.domain.catalog import Schedule
from auditor.domain.spec import AuditSpec
from auditor.errors import InvalidInput
from auditor.store import schedules
from auditor.web.specs import resolved
from auditor.workflow.services import Services
from auditor.workflow.submit import validate
from auditor.workflow.tick import next_run


@dataclass(frozen=True)
class Timetable:
    """When: a cron expression of five fields in an IANA zone; `name` is for people."""

    name: str
    cron: str
    zone: str = "UTC"


def schedule(services: Services, workspace_id: str, when: Timetable, spec: AuditSpec) -> Schedule:
    """Freeze the spec and plan the first firing; raises InvalidInput for what would only fail at night."""
    if len(when.cron.split()) != 5:
        raise InvalidInput("cron", "write five fields, minute hour day month weekday, such as `0 3 * * 1` (Mondays at 3:00)")
    now = services.clock()
    first = next_run(when.cron, when.zone, now)
    with services.database.begin() as tx:
        frozen, target_id = resolved(tx, workspace_id, spec)
        validate(frozen)
        new = schedules.NewSchedule(when.name, frozen.as_json(), when.cron, when.zone, target_id, first)
        return schedules.create_schedule(tx, workspace_id, new, now)
