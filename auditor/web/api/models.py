"""Model files: models that nobody serves, uploaded once, audited as targets."""

from datetime import datetime
from typing import Any

from apiflask import APIBlueprint
from flask import Response, request
from pydantic import Field

from auditor.domain.catalog import ModelFile, Role
from auditor.errors import InvalidInput
from auditor.store import model_files
from auditor.web.access import needs
from auditor.web.api import upload
from auditor.web.api.replay import once_for
from auditor.web.api.shapes import Checked, Name, PageOf, PageQuery, Shown, nothing, page
from auditor.web.current import services, workspace_id
from auditor.web.uploads import keep_model
from auditor.workflow import model_scan

bp = APIBlueprint("models", __name__, url_prefix="/models", tag="Models")


class ModelIn(Checked):
    name: Name


class ModelOut(Shown):
    id: str
    name: str
    format: str
    size: int
    digest: str
    created_at: datetime


class ScannedFile(Shown):
    name: str
    bytes: int
    sha256: str
    format: str
    executes: bool = Field(description="does loading such a file run instructions that stand in it?")


class ScanOut(Shown):
    scan: int = Field(description="version of this shape")
    file: ScannedFile
    outcome: str = Field(description="breach, pass or inconclusive")
    severity: str
    sightings: list[dict[str, Any]] = Field(description="kind, sentence, place and expression of what was seen, the worst first")
    finding: dict[str, Any] = Field(description="what an audit of this file finds, in the shape of its other findings")


class ModelPage(PageOf[ModelOut]):
    pass


@bp.post("")
@needs(Role.AUDITOR)
@bp.output(ModelOut, status_code=201)
def create() -> Response:
    """Upload a model: ONNX, XGBoost, LightGBM, safetensors or skops, as a form (`file`, `name`) or as the body with `?name=`."""
    with upload.received(services().settings.max_upload_mb) as file:
        if set(request.args) - {"name"}:
            raise InvalidInput("name", "the only parameter of this address is `name`")
        name = ModelIn.model_validate({"name": upload.form_name() or ""}).name
        return once_for(f"{name}\n{file.digest}".encode(), lambda: _kept(name, file))


def _kept(name: str, file: upload.Upload) -> tuple[ModelOut, int, dict[str, str]]:
    made = keep_model(name, file)
    return shown(made), 201, {"Location": f"/api/v1/models/{made.id}"}


@bp.get("")
@needs(Role.VIEWER)
@bp.input(PageQuery, location="query")
@bp.output(ModelPage)
def index(query_data: PageQuery) -> Response:
    """The model files of the workspace, by pages."""
    with services().database.read() as tx:
        found, cursor = model_files.page_model_files(tx, workspace_id(), limit=query_data.limit, cursor=query_data.cursor)
    return page([shown(model) for model in found], cursor)


@bp.get("/<model_id>")
@needs(Role.VIEWER)
@bp.output(ModelOut)
def show(model_id: str) -> ModelOut:
    """One model file: its format, size and digest, never its content."""
    with services().database.read() as tx:
        return shown(model_files.get_model_file(tx, workspace_id(), model_id))


@bp.get("/<model_id>/scan")
@needs(Role.VIEWER)
@bp.output(ScanOut)
def scan(model_id: str) -> ScanOut:
    """What loading this file would run, import or fetch: it is read from the store, and not loaded."""
    return ScanOut.of(model_scan.scanned(services(), workspace_id(), model_id).as_json())


@bp.delete("/<model_id>")
@needs(Role.AUDITOR)
@bp.doc(responses={204: "Deleted"})
def delete(model_id: str) -> Response:
    """Forget a model that no target, audit or schedule names."""
    with services().database.begin() as tx:
        model_files.delete_model_file(tx, workspace_id(), model_id)
    return nothing()


def shown(model: ModelFile) -> ModelOut:
    return ModelOut.of(model)
