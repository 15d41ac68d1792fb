"""Cells as JSON values: whole numbers stay whole, floats keep every digit, a missing cell is null."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from auditor.domain.data import Column, ColumnType
from auditor.errors import InvalidInput


def values(column: pd.Series, kind: ColumnType) -> list[Any]:
    """The cells of one column as int, float, str, bool or None."""
    cells = column.tolist()
    if kind is ColumnType.INTEGER:
        return cells if column.dtype.kind in "iu" else [None if _is_missing(v) else int(v) for v in cells]
    if kind is ColumnType.NUMBER:
        return [None if _is_missing(v) else float(v) for v in cells]
    return [None if _is_missing(v) else v for v in cells]


def _is_missing(value: Any) -> bool:
    return value is None or bool(value != value)


def numeric_rows(frame: pd.DataFrame, columns: Sequence[Column]) -> list[list[float | None]]:
    """The frame as one matrix; raises InvalidInput for a column of text."""
    text = next((c.name for c in columns if not (c.type.is_numeric or c.type is ColumnType.BOOLEAN)), None)
    if text is not None:
        raise InvalidInput("target.rows", f"column {text!r} holds text, which a matrix cannot carry; declare rows: records")
    lists = [[None if v is None else float(v) for v in values(frame.iloc[:, i], c.type)] for i, c in enumerate(columns)]
    return [list(row) for row in zip(*lists, strict=True)]
