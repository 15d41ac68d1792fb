"""Looking for the token that shows control over a target's endpoint, from the page of the target."""

from uuid import UUID

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue

from auditor.domain.catalog import Role
from auditor.domain.control import ProofKind
from auditor.errors import Conflict, TargetError
from auditor.web.access import needs
from auditor.web.current import services, workspace_id
from auditor.web.dashboard.history import target_page
from auditor.web.dashboard.pages import blueprint
from auditor.web.specs import endpoint_of
from auditor.workflow import showing


@blueprint.post("/targets/<uuid:target_id>/control")
@needs(Role.AUDITOR)
def check_control(target_id: UUID) -> ResponseReturnValue:
    """Looks now; what was found is kept, and what was not is told."""
    here = services()
    with here.database.read() as tx:
        block = endpoint_of(tx, workspace_id(), str(target_id))
    try:
        if request.form.get("by") == ProofKind.DNS:
            showing.by_dns(here, workspace_id(), block.url)
        else:
            showing.by_token(here, workspace_id(), block.as_target())
    except (Conflict, TargetError) as absent:
        return target_page(target_id, absent.sentence), 409
    return redirect(url_for("dashboard.target", target_id=target_id, _anchor="control"), 303)
