"""A digest per record: the same cells in the same order are the same question, however the frame was made."""

import hashlib
from collections.abc import Sequence
from json.encoder import encode_basestring_ascii
from typing import Any

import numpy as np
import orjson
import pandas as pd
from numpy.typing import NDArray

EXACT = 2.0**53
SMALLEST_PLAIN, LARGEST_PLAIN = 1e-4, 1e15
"""Between these, numbers are written without an exponent by everyone."""
TEXTS, WRITTEN_ALIKE = {str, float, type(None)}, {str, int, bool, type(None)}
"""Of text, what is ASCII and can be printed is written alike by everyone too."""


def record_digests(frame: pd.DataFrame) -> list[bytes]:
    """blake2b-16 of the canonical JSON array of each row's cells; 5 and 5.0 are equal, missing is null."""
    is_odd = np.zeros(len(frame), dtype=bool)
    found = _at_once([_plain(frame.iloc[:, i], is_odd) for i in range(frame.shape[1])])
    if found is None:
        return _slowly(frame)
    odd = np.flatnonzero(is_odd).tolist()
    for row, digest in zip(odd, _slowly(frame.iloc[odd]) if odd else (), strict=True):
        found[row] = digest
    return found


def first_rows(digests: Sequence[bytes]) -> dict[bytes, int]:
    """Where each record stands for the first time."""
    return dict(zip(reversed(digests), reversed(range(len(digests))), strict=True))


def _at_once(columns: list[list[Any] | None]) -> list[bytes] | None:
    """Of rows as orjson writes them, in half of the time that it takes to write each cell; None where it cannot."""
    known = [column for column in columns if column is not None]
    if not known or len(known) < len(columns):
        return None
    digest, written = hashlib.blake2b, orjson.dumps
    try:  # a row that is written goes before the next one comes: many at once would cost more in memory than in writing
        return [digest(written(row), digest_size=16).digest() for row in zip(*known, strict=True)]
    except orjson.JSONEncodeError:  # whole numbers beyond 64 bits
        return None


def _plain(column: pd.Series, is_odd: NDArray[np.bool_]) -> list[Any] | None:
    """Cells of which orjson writes canonical JSON; rows with one that is none of these are marked. None: cells of other kinds."""
    kind = column.dtype.kind
    if kind in "iub":
        return column.tolist()
    if kind == "f":
        return _numbers(column.to_numpy(dtype=np.float64), is_odd)
    cells = column.tolist()
    distinct = set(cells)  # mostly few texts, which equal nothing else
    if not _are_texts(distinct) and not set(map(type, cells)) <= WRITTEN_ALIKE:
        return None
    odd = {cell for cell in distinct if isinstance(cell, str) and not (cell.isascii() and cell.isprintable())}
    if odd:
        is_odd |= np.fromiter((cell in odd for cell in cells), bool, len(cells))
    return cells


def _are_texts(distinct: set[Any]) -> bool:
    """Or missing, which NaN is too."""
    return set(map(type, distinct)) <= TEXTS and not any(isinstance(cell, float) and cell == cell for cell in distinct)


def _numbers(values: NDArray[np.float64], is_odd: NDArray[np.bool_]) -> list[Any]:
    """Whole numbers as such."""
    size = np.abs(values)
    is_whole = (values == np.rint(values)) & (size < EXACT)
    is_odd |= ~(is_whole | (size >= SMALLEST_PLAIN) & (size < LARGEST_PLAIN) | np.isnan(values))
    whole = bool(is_whole.all())
    cells: list[Any] = values.astype(np.int64 if whole else np.float64).tolist()
    for row in () if whole else np.flatnonzero(is_whole).tolist():
        cells[row] = int(cells[row])
    return cells


def _slowly(frame: pd.DataFrame) -> list[bytes]:
    """Every cell written by itself."""
    columns = [_texts(frame.iloc[:, i]) for i in range(frame.shape[1])]
    rows = (f"[{','.join(cells)}]".encode() for cells in zip(*columns, strict=True))
    return [hashlib.blake2b(row, digest_size=16).digest() for row in rows]


def _texts(column: pd.Series) -> list[str]:
    kind = column.dtype.kind
    if kind in "iu":
        return list(map(int.__repr__, column.tolist()))
    if kind == "f":
        return list(map(_number, column.to_numpy(dtype=np.float64).tolist()))
    cells = column.tolist()
    if set(map(type, cells)) <= {str, type(None)}:  # mostly few distinct texts
        known = {cell: _cell(cell) for cell in set(cells)}
        return list(map(known.__getitem__, cells))
    return list(map(_cell, cells))


def _number(value: float) -> str:
    if value != value:
        return "null"
    if value.is_integer() and abs(value) < EXACT:
        return int.__repr__(int(value))
    return float.__repr__(value)


def _cell(value: object) -> str:
    if isinstance(value, str):
        return encode_basestring_ascii(value)
    if value is True or value is False:
        return "true" if value else "false"
    if isinstance(value, int):
        return int.__repr__(value)
    if isinstance(value, float):
        return _number(value)
    if value is None or pd.isna(value):  # type: ignore[call-overload]
        return "null"
    item = getattr(value, "item", None)  # a numpy scalar inside an object column
    if item is None:
        raise TypeError(f"a record's cell is text, a number, a boolean or missing, not {type(value).__name__}")
    return _cell(item())
