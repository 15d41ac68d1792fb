"""Single records of an audit, by pseudonym: the most exposed, and what was recovered of some; every look is written down."""

from uuid import UUID

from flask import abort, render_template, request
from flask.typing import ResponseReturnValue

from auditor.domain.catalog import Role
from auditor.report import numbers
from auditor.store import audits
from auditor.web.access import needs
from auditor.web.current import principal, services, workspace_id
from auditor.web.dashboard.pages import blueprint
from auditor.workflow import recovered_values, single_records

PAGE = 50
MEASURED = {
    "vulnerability": "Vulnerability",
    "tpr": "TPR of the record",
    "memorisation": "Memorisation",
    "rank": "Rank",
    "outlier_rank": "Outlier rank",
}
"""What some audits could measure of a record, and others not; a column of dashes says nothing."""


@blueprint.get("/audits/<uuid:audit_id>/records")
@needs(Role.RECORD_READER)
def records(audit_id: UUID) -> ResponseReturnValue:
    start = _start(request.args.get("from", "0"))
    reader = single_records.Reader(workspace_id(), f"The key {principal().name}")
    found = single_records.read(services(), reader, str(audit_id), request.args.get("attack"), range(start, start + PAGE))
    with services().database.read() as tx:
        audit = audits.get(tx, workspace_id(), str(audit_id))
    columns = [(name, title) for name, title in MEASURED.items() if any(getattr(row, name) is not None for row in found.rows)]
    lacks_shadows = len(found.rows) > 0 and "vulnerability" not in dict(columns)
    page = {"found": found, "start": start, "shown": shown, "columns": columns, "lacks_shadows": lacks_shadows}
    return render_template("dashboard/records.html", audit=audit, **page)


@blueprint.get("/audits/<uuid:audit_id>/recovered-values")
@needs(Role.RECORD_READER)
def recovered(audit_id: UUID) -> ResponseReturnValue:
    reader = single_records.Reader(workspace_id(), f"The key {principal().name}")
    found = recovered_values.read(services(), reader, str(audit_id), request.args.get("attack"))
    with services().database.read() as tx:
        audit = audits.get(tx, workspace_id(), str(audit_id))
    return render_template("dashboard/recovered.html", audit=audit, found=found, shown=shown)


def _start(text: str) -> int:
    if not text.isdecimal() or len(text) > 9:
        abort(404)
    return int(text)


def shown(value: object) -> str:
    """A cell: three significant places, a dash where nothing is known."""
    if value is None:
        return numbers.DASH
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.3g}".replace("-", "−")
    return f"{value:,}" if isinstance(value, int) else str(value)
