"""A file as text cells. What a cell means (a number, missing) is decided later, from all files together."""

import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from auditor.errors import InvalidInput

FIELD = "file"
NATIVE_KEY = b"native_types"
MOST_SHARED = 50_000


@dataclass(frozen=True)
class Limits:
    """What a file may hold. `cell`: characters in one cell; `decoded`: bytes in memory, to which a small Parquet file can swell."""

    bytes: int = 200 * 2**20
    rows: int = 2_000_000
    columns: int = 2_000
    cell: int = 10_000
    decoded: int = 2 * 2**30


@dataclass(frozen=True, eq=False)
class Table:
    """`cells`: a column of `str | None` each (None = null; the empty text of a CSV stays ""). `types`: what the file itself
    said of each column: string, integer, number or boolean; a CSV says string."""

    cells: pd.DataFrame
    types: Mapping[str, str]

    def __len__(self) -> int:
        return len(self.cells)

    @cached_property
    def digest(self) -> str:
        """sha256 over names, types and cells, whatever the file's format or the library's version."""
        digest = hashlib.sha256(repr([(name, self.types[name]) for name in self.cells.columns]).encode())
        for name in self.cells.columns:
            cells = self.cells[name].tolist()
            lengths = ",".join("-" if c is None else str(len(c)) for c in cells)
            digest.update(lengths.encode() + b"\n")
            digest.update("".join(c for c in cells if c is not None).encode())
        return digest.hexdigest()


def to_parquet(table: Table) -> bytes:
    """The canonical form: one text column each, the native types in the footer. Equal tables give equal bytes."""
    arrays = [pa.array(table.cells[name].tolist(), pa.string()) for name in table.cells.columns]
    native = json.dumps([table.types[name] for name in table.cells.columns]).encode()
    schema = pa.schema([pa.field(str(name), pa.string()) for name in table.cells.columns], metadata={NATIVE_KEY: native})
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_arrays(arrays, schema=schema), sink, compression="zstd", row_group_size=1 << 17)
    return sink.getvalue()


def from_parquet(data: bytes) -> Table:
    """Back from the canonical form; raises InvalidInput for other bytes."""
    try:
        read = pq.read_table(pa.BufferReader(data))
    except (pa.ArrowException, OSError):
        raise InvalidInput(FIELD, "the stored records are damaged; upload the file again") from None
    native = (read.schema.metadata or {}).get(NATIVE_KEY)
    if native is None or any(field.type != pa.string() for field in read.schema):
        raise InvalidInput(FIELD, "the stored records are not in the form that uploads are kept in; upload the file again")
    columns = []
    for stored in read.columns:
        columns.append(Texts(Limits(cell=len(data) + 2**30)))
        for chunk in stored.chunks:
            columns[-1].extend(chunk.to_pylist())
    return Table(frame_of(read.column_names, columns), dict(zip(read.column_names, json.loads(native), strict=True)))


class Texts:
    """The cells of one column while it is read; equal texts share one object as long as they are few."""

    def __init__(self, limits: Limits) -> None:
        self._longest = limits.cell
        self._seen: dict[str | None, str | None] = {}
        self.cells: list[str | None] = []

    def extend(self, cells: Sequence[str | None]) -> None:
        longest = max((len(cell) for cell in cells if cell), default=0)
        if longest > self._longest:
            raise InvalidInput(FIELD, f"the file holds a cell of {longest:,} characters; at most {self._longest:,} are taken")
        if len(self._seen) < MOST_SHARED:
            cells = list(map(self._seen.setdefault, cells, cells))
        self.cells.extend(cells)


def frame_of(names: Sequence[str], columns: Sequence[Texts]) -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series(column.cells, dtype=object) for name, column in zip(names, columns, strict=True)})
