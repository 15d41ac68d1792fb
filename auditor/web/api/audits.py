"""Audits: submit one, watch it, cancel and resume it. What it found is in outcomes.py."""

from datetime import datetime
from typing import Any

from apiflask import APIBlueprint
from flask import Response
from pydantic import Field, field_validator

from auditor import workflow
from auditor.domain.audit import AuditStatus
from auditor.domain.catalog import Role
from auditor.domain.spec import FILES, AuditSpec, DataSpec, parse
from auditor.store import audits
from auditor.web.access import needs
from auditor.web.api.replay import once
from auditor.web.api.shapes import Checked, PageOf, PageQuery, Shown, page
from auditor.web.current import services, workspace_id
from auditor.web.ids import the_id
from auditor.web.specs import resolved

bp = APIBlueprint("audits", __name__, url_prefix="/audits", tag="Audits")


class DataIn(DataSpec):
    """The `data` of a spec, with ids of datasets where the CLI has paths."""

    @field_validator(*FILES, mode="before")
    @classmethod
    def _dataset(cls, value: object, info: Any) -> str | None:
        return None if value is None else the_id(value, f"data.{info.field_name}", "dataset")


class AuditIn(Checked, AuditSpec):
    """A spec, with the id of a target where the CLI has a block."""

    target: str = Field(description="the id of a registered target")
    data: DataIn

    @field_validator("target", mode="before")
    @classmethod
    def _target(cls, value: object) -> str:
        return the_id(value, "target", "target")

    def as_spec(self) -> AuditSpec:
        """With the rules that span several fields checked."""
        return parse(self.as_json())


class AuditQuery(PageQuery):
    target: str | None = Field(None, description="only the audits of this target")

    @field_validator("target", mode="before")
    @classmethod
    def _target(cls, value: object) -> str:
        return the_id(value, "target", "target")


class AuditOut(Shown):
    id: str
    name: str
    status: AuditStatus
    created_at: datetime
    finished_at: datetime | None
    target_id: str | None
    schedule_id: str | None
    reason: str | None = Field(description="why it failed or was cancelled")
    queries: int = Field(description="rows the target was asked so far")
    budget: int
    outcome: str | None
    score: float | None
    severity: str | None


class AuditPage(PageOf[AuditOut]):
    pass


class ProgressOut(Shown):
    fraction: float = Field(description="0 to 1, by planned cost")
    eta_seconds: float | None = Field(description="null until enough has run to tell")
    doing: str
    steps_done: int
    steps_total: int


class CostOut(Shown):
    queries_min: int = Field(description="rows that the target is asked, at least")
    queries_max: int = Field(description="and at most")
    fits_min: int = Field(description="shadow models that are trained, at least")
    fits_max: int
    seconds_min: float = Field(description="from start to end on the threads of one worker, at least")
    seconds_max: float
    price_min: float | None = Field(None, description="what the rows cost; null without budget.price_per_1000")
    price_max: float | None = None
    attacks: list[dict[str, Any]] = Field(
        description="what is kept for each attack that asks of its own: attack, queries_min, queries_max"
    )
    sentences: list[str] = Field(description="the same in words, what it rests on, and which attacks cannot run")


class RegradedOut(Shown):
    identical: bool = Field(description="every finding came out again, bit for bit")
    differing: list[str] = Field(description="places of the result, or stored bytes, that are not as they were reported")


class ComparisonOut(Shown):
    first: str
    second: str
    members: int
    non_members: int
    attacks: list[dict[str, Any]] = Field(description="attack, estimates (second minus first) and a sentence")
    first_only: list[str] = Field(description="membership attacks that the second audit lacks")
    second_only: list[str]
    caveats: list[str] = Field(description="reasons beside the targets why the two audits may differ")


class AuditDetail(AuditOut):
    spec: dict[str, Any]
    progress: ProgressOut


@bp.post("")
@needs(Role.AUDITOR)
@bp.input(AuditIn)
@bp.output(AuditOut, status_code=202)
@once
def create(json_data: AuditIn) -> tuple[AuditOut, int, dict[str, str]]:
    """Submit an audit: the keys of a spec with ids of a target and of datasets. It runs in the background."""
    here = services()
    with here.database.read() as tx:
        spec, target_id = resolved(tx, workspace_id(), json_data.as_spec())
    audit = workflow.submit(here, workspace_id(), spec, workflow.Origin(target_id=target_id))
    return AuditOut.of(audit), 202, {"Location": f"/api/v1/audits/{audit.id}"}


@bp.post("/estimate")
@needs(Role.AUDITOR)
@bp.input(AuditIn)
@bp.output(CostOut)
def estimate(json_data: AuditIn) -> CostOut:
    """What an audit would cost; nothing is kept, and the target is asked nothing. The body is that of an audit."""
    here = services()
    with here.database.read() as tx:
        spec, target_id = resolved(tx, workspace_id(), json_data.as_spec())
    cost = workflow.foretell(here, workspace_id(), workflow.Proposal(spec, target_id))
    return CostOut.of(cost.as_json())


@bp.get("")
@needs(Role.VIEWER)
@bp.input(AuditQuery, location="query")
@bp.output(AuditPage)
def index(query_data: AuditQuery) -> Response:
    """The audits of the workspace or of one target, by pages."""
    with services().database.read() as tx:
        found, cursor = audits.page(
            tx, workspace_id(), limit=query_data.limit, cursor=query_data.cursor, target_id=query_data.target
        )
    return page([AuditOut.of(audit) for audit in found], cursor)


@bp.get("/<audit_id>")
@needs(Role.VIEWER)
@bp.output(AuditDetail)
def show(audit_id: str) -> AuditDetail:
    """One audit, how far it is, and when it will be done."""
    with services().database.read() as tx:
        audit = audits.get(tx, workspace_id(), audit_id)
    progress = ProgressOut.of(workflow.progress(services(), workspace_id(), audit_id))
    return AuditDetail(**AuditOut.of(audit).model_dump(), spec=audit.spec, progress=progress)


@bp.post("/<audit_id>/cancel")
@needs(Role.AUDITOR)
@bp.output(AuditOut)
@once
def cancel(audit_id: str) -> tuple[AuditOut, int, dict[str, str]]:
    """Stop an audit; what it has done is kept, and it can be resumed."""
    return AuditOut.of(workflow.cancel(services(), workspace_id(), audit_id)), 200, {}


@bp.post("/<audit_id>/resume")
@needs(Role.AUDITOR)
@bp.output(AuditOut, status_code=202)
@once
def resume(audit_id: str) -> tuple[AuditOut, int, dict[str, str]]:
    """Let a cancelled or failed audit go on where it stopped."""
    audit = workflow.resume(services(), workspace_id(), audit_id)
    return AuditOut.of(audit), 202, {"Location": f"/api/v1/audits/{audit.id}"}


@bp.post("/<audit_id>/regrade")
@needs(Role.AUDITOR)
@bp.output(RegradedOut)
@once
def regrade(audit_id: str) -> tuple[RegradedOut, int, dict[str, str]]:
    """Compute every finding again from stored evidence and recorded answers; the target is asked nothing."""
    return RegradedOut.of(workflow.regrade(services(), workspace_id(), audit_id)), 200, {}


@bp.get("/<audit_id>/compare/<other_id>")
@needs(Role.VIEWER)
@bp.output(ComparisonOut)
def compare(audit_id: str, other_id: str) -> ComparisonOut:
    """What changed from this audit to another one of the same records: paired differences, second minus first."""
    return ComparisonOut(**workflow.compare(services(), workspace_id(), audit_id, other_id).as_json())
