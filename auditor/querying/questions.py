"""Questions for counterfactuals as records of their own: the cells of a record, then the bounds of each column. So they are paid,
recorded and found again like any other record."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from auditor.domain.counterfactual import Bounds
from auditor.domain.data import Column, ColumnType
from auditor.querying.protocols.cells import cells_of


@dataclass(frozen=True)
class Question:
    """One record as JSON values in column order; `ends` of numbers and `levels` of others are where a counterfactual may lie."""

    names: list[str]
    cells: list[Any]
    ends: dict[str, tuple[Any, Any]]
    levels: dict[str, list[Any]]

    @property
    def edges(self) -> list[tuple[Any, Any]]:
        """The lowest and the highest cell of every column, where all can be put in order."""
        known = {name: [level for level in levels if level is not None] for name, levels in self.levels.items()}
        return [self.ends[name] if name in self.ends else (min(known[name]), max(known[name])) for name in self.names]


def questions(records: pd.DataFrame, bounds: Sequence[Bounds], columns: Sequence[Column]) -> pd.DataFrame:
    """(n rows) the records and their bounds."""
    cells: dict[str, Any] = {column.name: records[column.name].reset_index(drop=True) for column in columns}
    for column in columns:
        if column.type.is_numeric:
            cells[f"\x00low {column.name}"] = [within.numbers[column.name][0] for within in bounds]
            cells[f"\x00high {column.name}"] = [within.numbers[column.name][1] for within in bounds]
        else:
            texts = [json.dumps(list(within.levels[column.name])) for within in bounds]
            cells[f"\x00levels {column.name}"] = pd.Series(texts, dtype=object)
    return pd.DataFrame(cells)


def question_of(frame: pd.DataFrame, columns: Sequence[Column]) -> Question:
    """A frame of one row, read again."""
    cells = [held[0] for held in cells_of(frame[[column.name for column in columns]], columns)]
    ends = {c.name: (_end(frame, "low", c), _end(frame, "high", c)) for c in columns if c.type.is_numeric}
    levels = {c.name: json.loads(frame[f"\x00levels {c.name}"].iloc[0]) for c in columns if not c.type.is_numeric}
    return Question([column.name for column in columns], cells, ends, levels)


def _end(frame: pd.DataFrame, side: str, column: Column) -> float | int:
    value = float(frame[f"\x00{side} {column.name}"].iloc[0])
    return int(value) if column.type is ColumnType.INTEGER else value
