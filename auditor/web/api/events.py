"""Events: what happened in the workspace, newest first."""

from datetime import datetime
from typing import Any

from apiflask import APIBlueprint
from flask import Response
from pydantic import Field, field_validator

from auditor.domain.catalog import Role
from auditor.store import events
from auditor.web.access import needs
from auditor.web.api.shapes import PageOf, PageQuery, Shown, page
from auditor.web.current import services, workspace_id
from auditor.web.ids import the_id

bp = APIBlueprint("events", __name__, url_prefix="/events", tag="Events")


class EventQuery(PageQuery):
    audit: str | None = Field(None, description="only the events of this audit")

    @field_validator("audit", mode="before")
    @classmethod
    def _audit(cls, value: object) -> str:
        return the_id(value, "audit", "audit")


class EventOut(Shown):
    id: str
    kind: str
    sentence: str
    created_at: datetime
    audit_id: str | None
    target_id: str | None
    details: dict[str, Any]


class EventPage(PageOf[EventOut]):
    pass


@bp.get("")
@needs(Role.VIEWER)
@bp.input(EventQuery, location="query")
@bp.output(EventPage)
def index(query_data: EventQuery) -> Response:
    """Audits submitted, completed, cancelled; schedules skipped; levels risen; keys made."""
    with services().database.read() as tx:
        found, cursor = events.page(tx, workspace_id(), limit=query_data.limit, cursor=query_data.cursor, audit_id=query_data.audit)
    return page([EventOut.of(event) for event in found], cursor)
