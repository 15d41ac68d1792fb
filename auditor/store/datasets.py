"""Datasets: uploaded records. A row describes them; the artifact named by its digest holds them."""

from datetime import datetime

from sqlalchemy import String, cast, delete, insert, select

from auditor.domain.audit import AuditStatus
from auditor.domain.catalog import Dataset
from auditor.errors import Conflict
from auditor.store import artifacts
from auditor.store.engine import Transaction
from auditor.store.rows import as_value, checked_name, columns_of, new_id, owned, owner_exists, page_of
from auditor.store.tables import audit, dataset, schedule

_COLUMNS = columns_of(dataset, Dataset)


def create_dataset(
    tx: Transaction, workspace_id: str, name: str, rows: int, columns: dict[str, str], size: int, digest: str, now: datetime
) -> Dataset:
    """`digest` names the artifact that holds the records, put into the same workspace before."""
    owner_exists(tx, workspace_id)
    made = Dataset(new_id(), workspace_id, checked_name(name), rows, columns, size, digest, now)
    tx.execute(insert(dataset).values({column.name: getattr(made, column.name) for column in _COLUMNS}))
    return made


def get_dataset(tx: Transaction, workspace_id: str, dataset_id: str) -> Dataset:
    return owned(tx, dataset, Dataset, workspace_id, dataset_id)


def page_datasets(tx: Transaction, workspace_id: str, *, limit: int, cursor: str | None = None) -> tuple[list[Dataset], str | None]:
    """Newest first."""
    rows, following = page_of(tx, select(*_COLUMNS).where(dataset.c.workspace_id == workspace_id), dataset.c.id, limit, cursor)
    return [as_value(Dataset, row) for row in rows], following


def delete_dataset(tx: Transaction, workspace_id: str, dataset_id: str) -> None:
    """Forget the description and, unless another dataset holds the very same records, the records. Conflict while in use."""
    found = get_dataset(tx, workspace_id, dataset_id)
    _refuse_if_used(tx, found)
    tx.execute(delete(dataset).where(dataset.c.id == found.id))
    same = select(dataset.c.id).where(dataset.c.workspace_id == workspace_id, dataset.c.digest == found.digest)
    if tx.execute(same.limit(1)).first() is None:
        artifacts.discard(tx, workspace_id, [found.digest])


def _refuse_if_used(tx: Transaction, found: Dataset) -> None:
    """Specs are frozen JSON that names datasets by id; an id is unique, so finding it in the text is finding its use."""
    running = audit.c.status == AuditStatus.RUNNING
    used = cast(audit.c.spec, String).contains(found.id)
    if tx.execute(select(audit.c.id).where(audit.c.workspace_id == found.workspace_id, running, used).limit(1)).first():
        raise Conflict("a running audit uses this dataset; wait for its end or cancel it first")
    planned = cast(schedule.c.spec, String).contains(found.id)
    row = tx.execute(select(schedule.c.name).where(schedule.c.workspace_id == found.workspace_id, planned).limit(1)).first()
    if row is not None:
        raise Conflict(f"the schedule {row.name!r} uses this dataset; delete the schedule first")
