"""What becomes of a file that was received: records or a model, read and kept. The API and the dashboard share it."""

from auditor.domain.catalog import Dataset, ModelFile
from auditor.errors import InvalidInput
from auditor.intake import Limits, Table, read, to_parquet
from auditor.store import datasets
from auditor.web.api.upload import Upload
from auditor.web.current import services, workspace_id
from auditor.web.upload_limit import MEGABYTE
from auditor.workflow import served_model


def keep_records(name: str, file: Upload) -> Dataset:
    """Read outside the transaction: a large file must not hold the database."""
    here = services()
    table = _table(file)
    parquet = to_parquet(table)
    with here.database.begin() as tx:
        digest = here.artifacts.put(tx, workspace_id(), parquet, kind="dataset")
        return datasets.create_dataset(
            tx, workspace_id(), name, len(table.cells), dict(table.types), file.size, digest, here.clock()
        )


def _table(file: Upload) -> Table:
    settings = services().settings
    limits = Limits(bytes=settings.max_upload_mb * MEGABYTE, rows=settings.max_rows, columns=settings.max_columns)
    try:
        return read(file.path, limits)
    except InvalidInput as mistake:
        raise InvalidInput("file", mistake.sentence) from None


def keep_model(name: str, file: Upload) -> ModelFile:
    """Read outside the transaction: a process that starts must not hold the database."""
    here = services()
    try:
        taken = served_model.take(here.settings, file.path)
    except InvalidInput as mistake:
        raise InvalidInput("file", mistake.sentence) from None
    with here.database.begin() as tx:
        return served_model.keep(tx, here, workspace_id(), name, taken)
