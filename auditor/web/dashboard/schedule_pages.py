"""Schedules: an audit that is repeated by the clock."""

from typing import Any
from uuid import UUID

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from auditor import workflow
from auditor.domain.audit import Audit
from auditor.domain.catalog import Role
from auditor.domain.spec import parse
from auditor.errors import InvalidInput, NotFound
from auditor.store import audits, schedules, targets
from auditor.store.engine import Transaction
from auditor.web.access import needs
from auditor.web.current import services, workspace_id
from auditor.web.dashboard import forms
from auditor.web.dashboard.forms import Form
from auditor.web.dashboard.pages import blueprint
from auditor.web.ids import the_id
from auditor.web.scheduling import Timetable, schedule

NAMES = ["audit", "name", "cron", "zone"]
NEEDED = {
    "audit": "Choose the audit to repeat.",
    "name": "Give the schedule a name, such as weekly.",
    "cron": "Write when it runs, such as 0 3 * * 1 for Mondays at 03:00.",
    "zone": "Name a time zone, such as Europe/Berlin or UTC.",
}
MANY = 200
RECENT = 50


@blueprint.get("/schedules")
@needs(Role.VIEWER)
def schedule_list() -> ResponseReturnValue:
    return _page(Form({"zone": "UTC", "audit": request.args.get("audit", "")}))


@blueprint.post("/schedules")
@needs(Role.AUDITOR)
def create_schedule() -> ResponseReturnValue:
    form = forms.read(request.form, NAMES).lacking(NEEDED)
    if form.mistakes:
        return _page(form), 422
    try:
        _create(form)
    except InvalidInput as mistake:
        return _page(form.refused(mistake, NAMES)), 422
    return redirect(url_for("dashboard.schedule_list"), 303)


@blueprint.post("/schedules/<uuid:schedule_id>/pause", defaults={"paused": True}, endpoint="pause_schedule")
@blueprint.post("/schedules/<uuid:schedule_id>/continue", defaults={"paused": False}, endpoint="continue_schedule")
@needs(Role.AUDITOR)
def set_paused(schedule_id: UUID, paused: bool) -> ResponseReturnValue:
    """Firings missed while it was paused are not made up for."""
    with services().database.begin() as tx:
        known = schedules.get_schedule(tx, workspace_id(), str(schedule_id))
        following = None if paused else workflow.next_run(known.cron, known.zone, services().clock())
        schedules.set_paused(tx, workspace_id(), known.id, paused, following)
    return redirect(url_for("dashboard.schedule_list"), 303)


@blueprint.post("/schedules/<uuid:schedule_id>/delete")
@needs(Role.AUDITOR)
def delete_schedule(schedule_id: UUID) -> ResponseReturnValue:
    with services().database.begin() as tx:
        schedules.delete_schedule(tx, workspace_id(), str(schedule_id))
    return redirect(url_for("dashboard.schedule_list"), 303)


def _create(form: Form) -> None:
    repeated = _repeated(form.value("audit"))
    if repeated.target_id is None:
        raise InvalidInput("audit", "Choose an audit of a registered target; this one has none.")
    spec = parse({**repeated.spec, "target": repeated.target_id})
    schedule(services(), workspace_id(), Timetable(form.value("name"), form.value("cron"), form.value("zone")), spec)


def _repeated(audit_id: str) -> Audit:
    try:
        with services().database.read() as tx:
            return audits.get(tx, workspace_id(), the_id(audit_id, "audit", "audit"))
    except (InvalidInput, NotFound):
        raise InvalidInput("audit", "Choose one of the audits in the list.") from None


def _page(form: Form) -> str:
    with services().database.read() as tx:
        known = _known(tx)
    return render_template("dashboard/schedules.html", form=form, names=NAMES, **known)


def _known(tx: Transaction) -> dict[str, Any]:
    """Every schedule, and the latest audit under each name of each target to choose from."""
    found = [audit for audit in audits.page(tx, workspace_id(), limit=RECENT)[0] if audit.target_id]
    newest = {(audit.target_id, audit.name): audit for audit in reversed(found)}
    names = {target.id: target.name for target in targets.page_targets(tx, workspace_id(), limit=MANY)[0]}
    known = schedules.page_schedules(tx, workspace_id(), limit=MANY)[0]
    return {"schedules": known, "audits": list(newest.values())[::-1], "target_names": names}
