"""Submitted models. A row describes one; the artifact named by its digest holds the file."""

from datetime import datetime

from sqlalchemy import String, cast, delete, insert, select

from auditor.domain.catalog import ModelFile
from auditor.errors import Conflict
from auditor.store import artifacts
from auditor.store.engine import Transaction
from auditor.store.rows import as_value, checked_name, columns_of, new_id, owned, owner_exists, page_of
from auditor.store.tables import audit, model_file, schedule, target

_COLUMNS = columns_of(model_file, ModelFile)


def create_model_file(
    tx: Transaction, workspace_id: str, name: str, format: str, size: int, digest: str, now: datetime
) -> ModelFile:
    """`digest` names the artifact that holds the file, put into the same workspace before."""
    owner_exists(tx, workspace_id)
    made = ModelFile(new_id(), workspace_id, checked_name(name), format, size, digest, now)
    tx.execute(insert(model_file).values({column.name: getattr(made, column.name) for column in _COLUMNS}))
    return made


def get_model_file(tx: Transaction, workspace_id: str, model_id: str) -> ModelFile:
    return owned(tx, model_file, ModelFile, workspace_id, model_id)


def same_model_file(tx: Transaction, workspace_id: str, name: str, digest: str) -> ModelFile | None:
    """The same file under the same name is the same model."""
    chosen = select(*_COLUMNS).where(
        model_file.c.workspace_id == workspace_id, model_file.c.name == name.strip(), model_file.c.digest == digest
    )
    row = tx.execute(chosen.limit(1)).one_or_none()
    return None if row is None else as_value(ModelFile, row)


def page_model_files(
    tx: Transaction, workspace_id: str, *, limit: int, cursor: str | None = None
) -> tuple[list[ModelFile], str | None]:
    """Newest first."""
    chosen = select(*_COLUMNS).where(model_file.c.workspace_id == workspace_id)
    rows, following = page_of(tx, chosen, model_file.c.id, limit, cursor)
    return [as_value(ModelFile, row) for row in rows], following


def delete_model_file(tx: Transaction, workspace_id: str, model_id: str) -> None:
    """Forget the model and, unless another one has the very same file, the file. Conflict while a target, an audit or a schedule
    names it."""
    found = get_model_file(tx, workspace_id, model_id)
    for table, what in ((target, "target"), (audit, "audit"), (schedule, "schedule")):
        names_it = cast(table.c.spec, String).contains(found.id)
        if tx.execute(select(table.c.id).where(table.c.workspace_id == workspace_id, names_it).limit(1)).first() is not None:
            raise Conflict(
                f"{'an' if what == 'audit' else 'a'} {what} names this model, and a finding without its model proves nothing"
            )
    tx.execute(delete(model_file).where(model_file.c.id == found.id))
    same = select(model_file.c.id).where(model_file.c.workspace_id == workspace_id, model_file.c.digest == found.digest)
    if tx.execute(same.limit(1)).first() is None:
        artifacts.discard(tx, workspace_id, [found.digest])
