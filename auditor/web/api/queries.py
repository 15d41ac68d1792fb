"""Every request of an audit to its target: what to lay beside the log of the party that runs the model."""

from datetime import datetime

from apiflask import APIBlueprint
from flask import Response
from pydantic import Field

from auditor.domain.catalog import Role
from auditor.store import attempts, audits
from auditor.web.access import needs
from auditor.web.api.shapes import PageOf, PageQuery, Shown, page
from auditor.web.current import services, workspace_id

bp = APIBlueprint("queries", __name__, url_prefix="/audits/<audit_id>", tag="Queries")


class AttemptOut(Shown):
    id: str
    created_at: datetime = Field(description="when it was sent")
    asked_by: str = Field(description="the step that asked, such as ask:0-512 or attack:boundary")
    rows: int = Field(description="records in it")
    ended: str = Field(
        description="answered, too-large, busy, failing, interrupted, denied, refused, bad-answer, unsent, or unknown"
    )
    status: int | None = Field(description="of HTTP; null where no answer came")
    sent: int = Field(description="bytes of the request's body")
    received: int = Field(description="bytes of the answer's body as it travelled")
    milliseconds: float = Field(description="from before the body was written until the answer was read")


class AttemptPage(PageOf[AttemptOut]):
    pass


@bp.get("/queries")
@needs(Role.AUDITOR)
@bp.input(PageQuery, location="query")
@bp.output(AttemptPage)
def of_audit(audit_id: str, query_data: PageQuery) -> Response:
    """Every request that an audit sent to its target, oldest first, by pages; no value of a record is in it."""
    with services().database.read() as tx:
        audit = audits.get(tx, workspace_id(), audit_id)
        found, cursor = attempts.page(tx, audit.id, limit=query_data.limit, cursor=query_data.cursor)
    return page([AttemptOut.of(one) for one in found], cursor)
