"""Cells as JSON values: whole numbers stay whole, floats keep every digit, a missing cell is null."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from auditor.domain.data import Column, ColumnType
from auditor.errors import InvalidInput

JSON_TYPES = {str, bool, type(None)}


def cells_of(frame: pd.DataFrame, columns: Sequence[Column]) -> list[list[Any]]:
    """The cells of each column as int, float, str, bool or None."""
    held = (column for _, column in frame.items())  # three times as fast as frame.iloc[:, i]
    return [values(column, given.type) for column, given in zip(held, columns, strict=True)]


def values(column: pd.Series, kind: ColumnType) -> list[Any]:
    """The cells of one column; raises InvalidInput for a number that JSON cannot carry."""
    cells = column.tolist()
    held = column.dtype.kind if isinstance(column.dtype, np.dtype) else ""
    if kind is ColumnType.INTEGER:
        return cells if held in ("i", "u") else [None if _is_missing(v) else int(v) for v in cells]
    if kind is ColumnType.NUMBER:
        return _floats(column, cells) if held == "f" else [None if _is_missing(v) else float(v) for v in cells]
    return cells if set(map(type, cells)) <= JSON_TYPES else [None if _is_missing(v) else v for v in cells]


def _floats(column: pd.Series, cells: list[Any]) -> list[float | None]:
    numbers = column.to_numpy()
    if np.isfinite(numbers).all():
        return cells
    if np.isinf(numbers).any():
        raise InvalidInput(
            "data", f"column {str(column.name)[:40]!r} holds an infinite number, which no target can be sent; take it out"
        )
    return [None if v != v else v for v in cells]


def _is_missing(value: Any) -> bool:
    return value is None or bool(value != value)


def numeric_rows(frame: pd.DataFrame, columns: Sequence[Column]) -> list[list[float | None]]:
    """The frame as one matrix; raises InvalidInput for a column of text."""
    text = next((c.name for c in columns if not (c.type.is_numeric or c.type is ColumnType.BOOLEAN)), None)
    if text is not None:
        raise InvalidInput("target.rows", f"column {text!r} holds text, which a matrix cannot carry; declare rows: records")
    if all(_is_number(kind) for kind in frame.dtypes) and np.isfinite(matrix := frame.to_numpy(dtype=np.float64)).all():
        rows: list[list[float | None]] = matrix.tolist()
        return rows
    lists = [[None if v is None else float(v) for v in cells] for cells in cells_of(frame, columns)]
    return [list(row) for row in zip(*lists, strict=True)]


def _is_number(kind: Any) -> bool:
    """Held as machine numbers, so that the frame is a matrix at once."""
    return isinstance(kind, np.dtype) and kind.kind in "iufb"
