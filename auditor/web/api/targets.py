"""Targets: the query endpoints that audits attack."""

from datetime import datetime
from typing import Any

from apiflask import APIBlueprint
from flask import Response
from pydantic import Field

from auditor.domain.catalog import Role, TargetRecord
from auditor.domain.spec import TargetSpec
from auditor.store import targets
from auditor.web.access import needs
from auditor.web.api.replay import once
from auditor.web.api.shapes import Checked, Name, PageOf, PageQuery, Shown, nothing, page
from auditor.web.current import services, workspace_id
from auditor.web.specs import register

bp = APIBlueprint("targets", __name__, url_prefix="/targets", tag="Targets")


class TargetIn(Checked):
    name: Name
    target: TargetSpec = Field(description="where the model is and how it is asked; `auth.secret` is the id of a secret")


class TargetOut(Shown):
    id: str
    name: str
    target: dict[str, Any]
    created_at: datetime


class TargetPage(PageOf[TargetOut]):
    pass


@bp.post("")
@needs(Role.AUDITOR)
@bp.input(TargetIn)
@bp.output(TargetOut, status_code=201)
@once
def create(json_data: TargetIn) -> tuple[TargetOut, int, dict[str, str]]:
    """Register a target; it is not asked anything yet."""
    record = register(services(), workspace_id(), json_data.name, json_data.target)
    return shown(record), 201, {"Location": f"/api/v1/targets/{record.id}"}


@bp.get("")
@needs(Role.VIEWER)
@bp.input(PageQuery, location="query")
@bp.output(TargetPage)
def index(query_data: PageQuery) -> Response:
    """The targets of the workspace, by pages."""
    with services().database.read() as tx:
        found, cursor = targets.page_targets(tx, workspace_id(), limit=query_data.limit, cursor=query_data.cursor)
    return page([shown(record) for record in found], cursor)


@bp.get("/<target_id>")
@needs(Role.VIEWER)
@bp.output(TargetOut)
def show(target_id: str) -> TargetOut:
    """One target."""
    with services().database.read() as tx:
        return shown(targets.get_target(tx, workspace_id(), target_id))


@bp.delete("/<target_id>")
@needs(Role.AUDITOR)
@bp.doc(responses={204: "Deleted"})
def delete(target_id: str) -> Response:
    """Forget a target that no audit used; one that was used stays with its history."""
    with services().database.begin() as tx:
        targets.delete_target(tx, workspace_id(), target_id)
    return nothing()


def shown(record: TargetRecord) -> TargetOut:
    return TargetOut(id=record.id, name=record.name, target=record.spec, created_at=record.created_at)
