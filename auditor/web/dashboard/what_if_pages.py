"""Channels that say less, tried from an audit's page; what came out stands in its report."""

from uuid import UUID

from flask import redirect, url_for
from flask.typing import ResponseReturnValue

from auditor.domain.catalog import Role
from auditor.web.access import needs
from auditor.web.current import services, workspace_id
from auditor.web.dashboard.pages import blueprint
from auditor.workflow import what_if


@blueprint.post("/audits/<uuid:audit_id>/what-if")
@needs(Role.AUDITOR)
def try_channels(audit_id: UUID) -> ResponseReturnValue:
    what_if.within_a_request(services(), workspace_id(), str(audit_id))
    return redirect(url_for("dashboard.audit", audit_id=audit_id, _anchor="what-if"), 303)
