"""Audits: the list, one audit while it runs and when it is done, its reports, cancel and resume."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from flask import Response, abort, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from auditor import report, workflow
from auditor.domain.audit import Audit, AuditStatus
from auditor.domain.catalog import Role
from auditor.errors import Conflict, NotFound
from auditor.store import audits, steps, targets
from auditor.store.engine import Transaction
from auditor.web.access import needs
from auditor.web.current import services, workspace_id
from auditor.web.dashboard.compare_pages import comparable_with
from auditor.web.dashboard.pages import blueprint
from auditor.web.dashboard.stages import stages_of
from auditor.workflow import what_if
from auditor.workflow.advice import asks_for_another_spec
from auditor.workflow.control import told as control_told
from auditor.workflow.recovered_values import has_values
from auditor.workflow.single_records import has_table
from auditor.workflow.submit import progress_of

PAGE = 30

MEDIA = {"html": "text/html", "json": "application/json", "pdf": "application/pdf"}
MAKERS: dict[str, Callable[[Mapping[str, Any]], str | bytes]] = {"html": report.html, "json": report.as_json, "pdf": report.pdf}


@blueprint.get("/audits")
@needs(Role.VIEWER)
def audit_list() -> ResponseReturnValue:
    with services().database.read() as tx:
        found, following = audits.page(tx, workspace_id(), limit=PAGE, cursor=request.args.get("cursor"))
        names = {t.id: t.name for t in targets.page_targets(tx, workspace_id(), limit=1000)[0]}
    return render_template("dashboard/audits.html", audits=found, names=names, following=following)


@blueprint.get("/audits/<uuid:audit_id>")
@needs(Role.VIEWER)
def audit(audit_id: UUID) -> ResponseReturnValue:
    with services().database.read() as tx:
        found = audits.get(tx, workspace_id(), str(audit_id))
        target_name, others = _target_name(tx, found), comparable_with(tx, found)
        document = what_if.with_what_if(tx, services(), found) if found.result else None
    body = Markup(report.body(document)) if document else ""  # noqa: S704 - the report escapes what it shows
    tried = document is not None and "what_if" in document
    kept = {"has_records": has_table(found.result), "has_values": has_values(found.result)}
    is_spec_wrong = bool(found.target_id) and asks_for_another_spec(found.reason or "")
    more = {**kept, "others": others, "tried": tried, "is_spec_wrong": is_spec_wrong, **_state(found)}
    return render_template("dashboard/audit.html", audit=found, target_name=target_name, body=body, **more)


@blueprint.get("/audits/<uuid:audit_id>/progress")
@needs(Role.VIEWER)
def progress(audit_id: UUID) -> ResponseReturnValue:
    """What changes while an audit runs; once it is over, the page is loaded anew."""
    with services().database.read() as tx:
        found = audits.get(tx, workspace_id(), str(audit_id))
    if found.status is not AuditStatus.RUNNING:
        return Response(status=204, headers={"HX-Refresh": "true"})
    return make_response(render_template("dashboard/progress.html", audit=found, said=request.args.get("said"), **_state(found)))


@blueprint.post("/audits/<uuid:audit_id>/cancel")
@needs(Role.AUDITOR)
def cancel(audit_id: UUID) -> ResponseReturnValue:
    workflow.cancel(services(), workspace_id(), str(audit_id))
    return redirect(url_for("dashboard.audit", audit_id=audit_id), 303)


@blueprint.post("/audits/<uuid:audit_id>/resume")
@needs(Role.AUDITOR)
def resume(audit_id: UUID) -> ResponseReturnValue:
    workflow.resume(services(), workspace_id(), str(audit_id))
    return redirect(url_for("dashboard.audit", audit_id=audit_id), 303)


@blueprint.get("/audits/<uuid:audit_id>/report.<kind>")
@needs(Role.VIEWER)
def download(audit_id: UUID, kind: str) -> ResponseReturnValue:
    if kind not in MEDIA:
        abort(404)
    with services().database.read() as tx:
        found = audits.get(tx, workspace_id(), str(audit_id))
        if found.result is None:
            raise Conflict(f"this audit is {found.status} and has no report yet; open its page to see how far it is")
        document = what_if.with_what_if(tx, services(), found)
    answer = Response(MAKERS[kind](document), mimetype=MEDIA[kind])
    answer.headers["Content-Disposition"] = f'attachment; filename="audit-{audit_id}.{kind}"'
    return answer


def _state(found: Audit) -> dict[str, object]:
    """Progress and stages of an audit that is not completed."""
    if found.status is AuditStatus.COMPLETED:
        return {}
    with services().database.read() as tx:
        known = steps.steps(tx, found.id)
    more = {"stages": stages_of(known), "control": control_told(services(), found)}
    return {"progress": progress_of(found, known, services().clock()), **more}


def _target_name(tx: Transaction, found: Audit) -> str | None:
    """None for an audit without a registered target, or whose target is gone."""
    if found.target_id is None:
        return None
    try:
        return targets.get_target(tx, workspace_id(), found.target_id).name
    except NotFound:
        return None
