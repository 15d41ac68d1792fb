"""Parquet: flat columns only, read in batches, because a small file can decode to gigabytes."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from auditor.errors import InvalidInput
from auditor.intake.names import check_names
from auditor.intake.table import FIELD, Limits, Table, Texts, frame_of

BATCH_CELLS = 1 << 18
MOST_THRIFT_STRING, MOST_THRIFT_CONTAINER = 64 * 2**20, 1_000_000
DAMAGED = "the file starts like Parquet but cannot be read; write it again"


def read_parquet(path: Path, limits: Limits) -> Table:
    try:
        with pq.ParquetFile(
            path, thrift_string_size_limit=MOST_THRIFT_STRING, thrift_container_size_limit=MOST_THRIFT_CONTAINER
        ) as file:
            return _table(file, limits)
    except (pa.ArrowException, OSError, UnicodeDecodeError, ValueError):
        raise InvalidInput(FIELD, DAMAGED) from None


def _table(file: pq.ParquetFile, limits: Limits) -> Table:
    schema = file.schema_arrow
    names = check_names(schema.names, limits)
    if not names:
        raise InvalidInput(FIELD, "the file has no columns; write the records with their columns")
    kinds = [_kind(field) for field in schema]
    _check_size(file.metadata.num_rows, len(names), limits)
    return Table(frame_of(names, _read(file, kinds, limits)), dict(zip(names, kinds, strict=True)))


def _check_size(rows: int, columns: int, limits: Limits) -> None:
    """From the footer, before anything is decoded."""
    if rows == 0:
        raise InvalidInput(FIELD, "the file has columns and no records; add records")
    if rows > limits.rows:
        raise InvalidInput(FIELD, f"the file has {rows:,} records; at most {limits.rows:,} are taken; give fewer")
    if rows * columns * 8 > limits.decoded:
        raise InvalidInput(
            FIELD,
            f"the file has {rows * columns:,} cells; at most {limits.decoded // 8:,} are taken; give fewer records or columns",
        )


def _kind(field: pa.Field) -> str:
    """What the file says of a column; nested and extension types are refused."""
    kind = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
    for accepts, name in NATIVE:
        if accepts(kind):
            return name
    raise InvalidInput(FIELD, f"column {field.name[:40]!r} holds {str(kind)[:40]}; give text, numbers or booleans")


NATIVE: tuple[tuple[Callable[[pa.DataType], bool], str], ...] = (
    (pa.types.is_boolean, "boolean"),
    (pa.types.is_integer, "integer"),
    (pa.types.is_floating, "number"),
    (pa.types.is_string, "string"),
    (pa.types.is_large_string, "string"),
    (pa.types.is_string_view, "string"),
    (pa.types.is_null, "string"),
)


def _read(file: pq.ParquetFile, kinds: list[str], limits: Limits) -> list[Texts]:
    columns = [Texts(limits) for _ in kinds]
    decoded = 0
    for batch in file.iter_batches(batch_size=max(1, BATCH_CELLS // len(kinds))):
        decoded += batch.nbytes
        if decoded > limits.decoded:
            raise InvalidInput(
                FIELD, f"the file decodes to more than {limits.decoded // 2**20:,} MB; give fewer records or columns"
            )
        for column, array, kind in zip(columns, batch.columns, kinds, strict=True):
            column.extend(_texts(array.to_pylist(), kind))
        if len(columns[0].cells) > limits.rows:
            raise InvalidInput(FIELD, f"the file has more than {limits.rows:,} records; give fewer")
    return columns


def _texts(cells: list[Any], kind: str) -> list[str | None]:
    """Numbers are written so that reading them gives the same number; NaN is missing."""
    if kind == "boolean":
        return [None if v is None else "true" if v else "false" for v in cells]
    if kind == "number":
        return [None if v is None or v != v else repr(float(v)) for v in cells]
    return [None if v is None else str(v) for v in cells]
