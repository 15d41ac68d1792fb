"""Cells as JSON values: whole numbers stay whole, floats keep every digit, a missing cell is null."""

import math
from collections.abc import Sequence
from typing import Any

import pandas as pd

from auditor.domain.data import Column, ColumnType
from auditor.errors import InvalidInput

AS_THEY_ARE = {str, bool, type(None)}


def cells_of(frame: pd.DataFrame, columns: Sequence[Column]) -> list[list[Any]]:
    """The cells of each column as int, float, str, bool or None; raises InvalidInput for a number that JSON cannot carry.

    All cells are taken out of the frame at once: a column of a frame costs as much as hundreds of its cells.
    """
    held = frame.to_numpy(dtype=object).T.tolist()
    return [_values(cells, column) for cells, column in zip(held, columns, strict=True)]


def _values(cells: list[Any], column: Column) -> list[Any]:
    kinds = set(map(type, cells))
    if column.type is ColumnType.INTEGER:
        return cells if kinds == {int} else [None if _is_missing(v) else int(v) for v in cells]
    if column.type is ColumnType.NUMBER:
        is_plain = kinds == {float} and math.isfinite(sum(cells))  # one odd number makes the sum odd
        return cells if is_plain else [_finite(v, column) for v in cells]
    return cells if kinds <= AS_THEY_ARE else [None if _is_missing(v) else v for v in cells]


def _finite(value: Any, column: Column) -> float | None:
    number = None if _is_missing(value) else float(value)
    if number is not None and math.isinf(number):
        raise InvalidInput("data", f"column {column.name[:40]!r} holds an infinite number, which cannot be sent; take it out")
    return number


def _is_missing(value: Any) -> bool:
    return value is None or bool(value != value)


def first_text(columns: Sequence[Column]) -> str | None:
    """The first column that no number can stand for."""
    return next((c.name for c in columns if not (c.type.is_numeric or c.type is ColumnType.BOOLEAN)), None)


def numeric_rows(frame: pd.DataFrame, columns: Sequence[Column]) -> list[list[float | None]]:
    """The frame as one matrix; raises InvalidInput for a column of text."""
    text = first_text(columns)
    if text is not None:
        raise InvalidInput("target.rows", f"column {text!r} holds text, which a matrix cannot carry; declare rows: records")
    lists = [_floats(cells) for cells in cells_of(frame, columns)]
    return [list(row) for row in zip(*lists, strict=True)]


def _floats(cells: list[Any]) -> list[float | None]:
    return cells if set(map(type, cells)) == {float} else [None if v is None else float(v) for v in cells]
