"""What an audit found: findings, the result document, and reports made from it."""

from enum import StrEnum
from typing import Any

from apiflask import APIBlueprint
from flask import Response
from pydantic import Field

from auditor import report
from auditor.domain.audit import Audit
from auditor.domain.catalog import Role
from auditor.errors import Conflict
from auditor.store import audits, findings
from auditor.web.access import needs
from auditor.web.api.shapes import Checked, Shown
from auditor.web.current import services, workspace_id
from auditor.workflow import what_if

bp = APIBlueprint("outcomes", __name__, url_prefix="/audits/<audit_id>", tag="Findings")


class ReportFormat(StrEnum):
    HTML = "html"
    JSON = "json"
    PDF = "pdf"


class ReportQuery(Checked):
    format: ReportFormat = Field(ReportFormat.HTML, description="html, json or pdf")


class FindingsOut(Shown):
    items: list[dict[str, Any]] = Field(description="findings as in the result document, see /api/v1/docs")


MEDIA = {ReportFormat.HTML: "text/html", ReportFormat.JSON: "application/json", ReportFormat.PDF: "application/pdf"}


@bp.get("/findings")
@needs(Role.VIEWER)
@bp.output(FindingsOut)
def of_audit(audit_id: str) -> FindingsOut:
    """The graded findings of an audit; none before it is completed."""
    with services().database.read() as tx:
        return FindingsOut(items=findings.of_audit(tx, workspace_id(), audit_id))


@bp.get("/result")
@needs(Role.VIEWER)
@bp.doc(responses={200: "The result document"})
def result(audit_id: str) -> Response:
    """The whole result document of a completed audit, as canonical JSON."""
    return Response(report.as_json(_document(audit_id)), mimetype="application/json")


@bp.get("/report")
@needs(Role.VIEWER)
@bp.input(ReportQuery, location="query")
@bp.doc(responses={200: "The report, as a file"})
def as_report(audit_id: str, query_data: ReportQuery) -> Response:
    """A report for people (html, pdf) or programs (json), as a download; channels that were tried stand in it."""
    document = _with_what_if(audit_id)
    answer = Response(_rendered(document, query_data.format), mimetype=MEDIA[query_data.format])
    answer.headers["Content-Disposition"] = f'attachment; filename="audit-{audit_id}.{query_data.format}"'
    return answer


def _rendered(document: dict[str, Any], wanted: ReportFormat) -> str | bytes:
    if wanted is ReportFormat.HTML:
        return report.html(document)
    return report.pdf(document) if wanted is ReportFormat.PDF else report.as_json(document)


def _document(audit_id: str) -> dict[str, Any]:
    with services().database.read() as tx:
        audit = audits.get(tx, workspace_id(), audit_id)
    if audit.result is None:
        raise Conflict(_why_not(audit))
    return audit.result


def _with_what_if(audit_id: str) -> dict[str, Any]:
    document, here = _document(audit_id), services()
    with here.database.read() as tx:
        found = what_if.stored(tx, here, audits.get(tx, workspace_id(), audit_id))
    return document if found is None else document | {"what_if": found}


def _why_not(audit: Audit) -> str:
    if audit.finished_at is None:
        return f"This audit is still running; wait until GET /api/v1/audits/{audit.id} says completed."
    return f"This audit is {audit.status} and has no result; resume it with POST /api/v1/audits/{audit.id}/resume."
