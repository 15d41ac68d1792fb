"""From text cells to typed columns, the same for every file of an audit."""

import re
from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
import pandas as pd

from auditor.domain.data import Column, ColumnType
from auditor.errors import InvalidInput

WHOLE = re.compile(r"0|-?[1-9][0-9]*")
DIGITS = re.compile(r"[+-]?[0-9]{1,30}")
DECIMAL = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,3})?")
LEADING_ZERO = re.compile(r"[+-]?0[0-9]")
TRUE, FALSE = ("true", "1", "yes"), ("false", "0", "no")
LONGEST_SHOWN = 40
EXACT, LARGEST = 2**53, 2**63 - 1


def infer(
    cells: Sequence[pd.Series],
    override: ColumnType | None = None,
    native: Sequence[str] = (),
    missing: Collection[str] = ("",),
) -> ColumnType:
    """The type of one column from its cells in all files.

    Integer if every value is a canonical whole number, number if every value is a decimal one, else string; boolean if a
    file says so itself and no other file disagrees. A value with a leading zero (a zip code) makes the column text.
    """
    if override is not None:
        return override
    texts, gaps = _distinct(cells, missing)
    if "boolean" in native and all(text.lower() in ("true", "false") for text in texts):
        return ColumnType.BOOLEAN
    if not texts:
        return ColumnType.STRING
    if any(kind == "number" for kind in native) and all(map(_is_number, texts)):
        return ColumnType.NUMBER
    if all(map(WHOLE.fullmatch, texts)):
        return ColumnType.INTEGER if _fits(texts, EXACT if gaps else LARGEST) else ColumnType.STRING
    return ColumnType.NUMBER if all(map(_is_number, texts)) else ColumnType.STRING


def _distinct(cells: Sequence[pd.Series], missing: Collection[str]) -> tuple[set[str], bool]:
    """The values that occur, and whether any cell is missing."""
    seen: set[str | None] = set().union(*(column.tolist() for column in cells))
    texts = {text for text in seen if isinstance(text, str) and text not in missing}
    return texts, len(texts) < len(seen)


def _fits(texts: set[str], largest: int) -> bool:
    """Whole numbers beyond what the column can hold exactly are codes, and stay text."""
    return all(len(text) <= 20 and abs(int(text)) <= largest for text in texts)


def _is_number(text: str) -> bool:
    return DECIMAL.fullmatch(text) is not None and LEADING_ZERO.match(text) is None and np.isfinite(float(text))


def typed(cells: pd.DataFrame, columns: Sequence[Column], missing: Collection[str] = ()) -> pd.DataFrame:
    """The frame of `Records`: float64 or int64 for numbers, objects with None for the rest; raises InvalidInput."""
    return pd.DataFrame({c.name: _column(cells[c.name], c, missing) for c in columns}, index=pd.RangeIndex(len(cells)))


def _column(cells: pd.Series, column: Column, missing: Collection[str]) -> pd.Series:
    texts = [None if not isinstance(cell, str) or cell in missing else cell for cell in cells.tolist()]
    values: list[Any] = [None if text is None else _value(text, column, row) for row, text in enumerate(texts)]
    if column.type is ColumnType.INTEGER and None not in values:
        return pd.Series(values, dtype=np.int64)
    return pd.Series(values, dtype=np.float64 if column.type.is_numeric else object)


def _whole(text: str) -> int | None:
    """A declared integer may be written 007 or 7.0."""
    if DIGITS.fullmatch(text):
        value = int(text)
        return value if abs(value) <= LARGEST else None
    if DECIMAL.fullmatch(text) and float(text).is_integer() and abs(float(text)) < EXACT:
        return int(float(text))
    return None


def _value(text: str, column: Column, row: int) -> object:
    kind = column.type
    if kind is ColumnType.INTEGER and (whole := _whole(text)) is not None:
        return whole
    if kind is ColumnType.NUMBER and DECIMAL.fullmatch(text) and np.isfinite(float(text)):
        return float(text)
    if kind is ColumnType.BOOLEAN and text.lower() in (*TRUE, *FALSE):
        return text.lower() in TRUE
    if kind in (ColumnType.STRING, ColumnType.CATEGORY):
        return text
    shown = text[:LONGEST_SHOWN]
    raise InvalidInput(
        f"data.types.{column.name}",
        f"column {column.name!r}, record {row + 1:,}: {shown!r} is no {kind}; correct the cell, declare the column a string,"
        " or list the value under data.missing",
    )
