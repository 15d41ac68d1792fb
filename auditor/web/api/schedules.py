"""Schedules: a frozen spec that runs again and again, by a cron expression in a time zone."""

from datetime import datetime
from typing import Annotated, Any

from apiflask import APIBlueprint
from flask import Response
from pydantic import Field, StringConstraints

from auditor import workflow
from auditor.domain.catalog import Role, Schedule
from auditor.store import schedules
from auditor.web.access import needs
from auditor.web.api.audits import AuditIn
from auditor.web.api.replay import once
from auditor.web.api.shapes import Checked, Name, PageOf, PageQuery, Shown, nothing, page
from auditor.web.current import services, workspace_id
from auditor.web.scheduling import Timetable, schedule

bp = APIBlueprint("schedules", __name__, url_prefix="/schedules", tag="Schedules")

Word = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=64)]


class ScheduleIn(Checked):
    name: Name
    cron: Word = Field(description="five fields: minute hour day month weekday; `0 3 * * 1` is Mondays at 3:00")
    zone: Word = Field("UTC", description="an IANA time zone, such as Europe/Berlin")
    audit: AuditIn


class SchedulePatch(Checked):
    paused: bool


class ScheduleOut(Shown):
    id: str
    name: str
    cron: str
    zone: str
    paused: bool
    next_run_at: datetime | None
    created_at: datetime
    target_id: str | None
    last_audit_id: str | None
    last_note: str | None = Field(description="what became of the latest firing, if it started no audit")
    audit: dict[str, Any] = Field(description="the frozen spec of its audits")


class SchedulePage(PageOf[ScheduleOut]):
    pass


@bp.post("")
@needs(Role.AUDITOR)
@bp.input(ScheduleIn)
@bp.output(ScheduleOut, status_code=201)
@once
def create(json_data: ScheduleIn) -> tuple[ScheduleOut, int, dict[str, str]]:
    """Schedule an audit. Missed firings run once; one that overlaps a running audit is skipped and said."""
    when = Timetable(json_data.name, json_data.cron, json_data.zone)
    made = schedule(services(), workspace_id(), when, json_data.audit.as_spec())
    return shown(made), 201, {"Location": f"/api/v1/schedules/{made.id}"}


@bp.get("")
@needs(Role.VIEWER)
@bp.input(PageQuery, location="query")
@bp.output(SchedulePage)
def index(query_data: PageQuery) -> Response:
    """The schedules of the workspace, by pages."""
    with services().database.read() as tx:
        found, cursor = schedules.page_schedules(tx, workspace_id(), limit=query_data.limit, cursor=query_data.cursor)
    return page([shown(each) for each in found], cursor)


@bp.get("/<schedule_id>")
@needs(Role.VIEWER)
@bp.output(ScheduleOut)
def show(schedule_id: str) -> ScheduleOut:
    """One schedule and its next firing."""
    with services().database.read() as tx:
        return shown(schedules.get_schedule(tx, workspace_id(), schedule_id))


@bp.patch("/<schedule_id>")
@needs(Role.AUDITOR)
@bp.input(SchedulePatch)
@bp.output(ScheduleOut)
def pause(schedule_id: str, json_data: SchedulePatch) -> ScheduleOut:
    """Pause a schedule or let it go on; firings missed while it was paused are not made up for."""
    here = services()
    with here.database.begin() as tx:
        known = schedules.get_schedule(tx, workspace_id(), schedule_id)
        following = None if json_data.paused else workflow.next_run(known.cron, known.zone, here.clock())
        return shown(schedules.set_paused(tx, workspace_id(), schedule_id, json_data.paused, following))


@bp.delete("/<schedule_id>")
@needs(Role.AUDITOR)
@bp.doc(responses={204: "Deleted"})
def delete(schedule_id: str) -> Response:
    """Delete a schedule; the audits it started stay."""
    with services().database.begin() as tx:
        schedules.delete_schedule(tx, workspace_id(), schedule_id)
    return nothing()


def shown(known: Schedule) -> ScheduleOut:
    return ScheduleOut.model_validate({**vars(known), "audit": known.spec})
