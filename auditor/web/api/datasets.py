"""Datasets: records that were, and were not, in the training data; uploaded once, used by many audits."""

from datetime import datetime

from apiflask import APIBlueprint
from flask import Response, request

from auditor.domain.catalog import Dataset, Role
from auditor.errors import InvalidInput
from auditor.store import datasets
from auditor.web.access import needs
from auditor.web.api import upload
from auditor.web.api.replay import once_for
from auditor.web.api.shapes import Checked, Name, PageOf, PageQuery, Shown, nothing, page
from auditor.web.current import services, workspace_id
from auditor.web.uploads import keep_records

bp = APIBlueprint("datasets", __name__, url_prefix="/datasets", tag="Datasets")


class UploadIn(Checked):
    name: Name


class DatasetOut(Shown):
    id: str
    name: str
    rows: int
    columns: dict[str, str]
    size: int
    digest: str
    created_at: datetime


class DatasetPage(PageOf[DatasetOut]):
    pass


@bp.post("")
@needs(Role.AUDITOR)
@bp.output(DatasetOut, status_code=201)
def create() -> Response:
    """Upload records: CSV or Parquet, recognised by content, as a form (`file`, `name`) or as the body with `?name=`."""
    with upload.received(services().settings.max_upload_mb) as file:
        if set(request.args) - {"name"}:
            raise InvalidInput("name", "the only parameter of this address is `name`")
        name = UploadIn.model_validate({"name": upload.form_name() or ""}).name
        return once_for(f"{name}\n{file.digest}".encode(), lambda: _kept(name, file))


def _kept(name: str, file: upload.Upload) -> tuple[DatasetOut, int, dict[str, str]]:
    made = keep_records(name, file)
    return shown(made), 201, {"Location": f"/api/v1/datasets/{made.id}"}


@bp.get("")
@needs(Role.VIEWER)
@bp.input(PageQuery, location="query")
@bp.output(DatasetPage)
def index(query_data: PageQuery) -> Response:
    """The datasets of the workspace, by pages."""
    with services().database.read() as tx:
        found, cursor = datasets.page_datasets(tx, workspace_id(), limit=query_data.limit, cursor=query_data.cursor)
    return page([shown(dataset) for dataset in found], cursor)


@bp.get("/<dataset_id>")
@needs(Role.VIEWER)
@bp.output(DatasetOut)
def show(dataset_id: str) -> DatasetOut:
    """One dataset: its size and its columns, never its records."""
    with services().database.read() as tx:
        return shown(datasets.get_dataset(tx, workspace_id(), dataset_id))


@bp.delete("/<dataset_id>")
@needs(Role.AUDITOR)
@bp.doc(responses={204: "Deleted"})
def delete(dataset_id: str) -> Response:
    """Forget the records; results of audits that used them stay."""
    with services().database.begin() as tx:
        datasets.delete_dataset(tx, workspace_id(), dataset_id)
    return nothing()


def shown(dataset: Dataset) -> DatasetOut:
    return DatasetOut.of(dataset)
