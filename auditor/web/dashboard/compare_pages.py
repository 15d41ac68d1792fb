"""Two audits of the same records beside each other: did retraining, a defence or a new version change the leak?"""

from typing import Any
from uuid import UUID

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from auditor import workflow
from auditor.domain.audit import Audit, AuditStatus
from auditor.domain.catalog import Role
from auditor.errors import InvalidInput
from auditor.report.change import change_of
from auditor.store import audits
from auditor.store.engine import Transaction
from auditor.web.access import needs
from auditor.web.current import services, workspace_id
from auditor.web.dashboard.pages import blueprint
from auditor.web.ids import the_id

LOOKED_THROUGH = 200


@blueprint.get("/audits/<uuid:audit_id>/compare")
@needs(Role.VIEWER)
def choose_other(audit_id: UUID) -> ResponseReturnValue:
    """From the audit that was chosen to the page of both, the older one first."""
    if not request.args.get("with"):
        raise InvalidInput("with", "choose the audit to compare with")
    pair = sorted((str(audit_id), the_id(request.args["with"], "with", "audit")))
    return redirect(url_for("dashboard.comparison", audit_id=pair[0], other_id=pair[1]), 303)


@blueprint.get("/audits/<uuid:audit_id>/compare/<uuid:other_id>")
@needs(Role.VIEWER)
def comparison(audit_id: UUID, other_id: UUID) -> ResponseReturnValue:
    found = workflow.compare(services(), workspace_id(), str(audit_id), str(other_id))
    with services().database.read() as tx:
        first, second = (audits.get(tx, workspace_id(), str(one)) for one in (audit_id, other_id))
    return render_template("dashboard/compare.html", first=first, second=second, change=change_of(found.as_json()))


def comparable_with(tx: Transaction, audit: Audit) -> list[Audit]:
    """Completed audits over the same files with the same seed, the newest first."""
    if audit.status is not AuditStatus.COMPLETED:
        return []
    known = audits.page(tx, audit.workspace_id, limit=LOOKED_THROUGH)[0]
    same = [one for one in known if one.status is AuditStatus.COMPLETED and _records(one) == _records(audit)]
    return [one for one in same if one.id != audit.id]


def _records(audit: Audit) -> tuple[Any, Any]:
    """What decides which records are asked, and in which order."""
    return audit.spec.get("data"), audit.spec.get("seed")
