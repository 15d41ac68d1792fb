"""What the cells of a column may be, as the records in question show it: the bounds within which records are changed."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from auditor.domain.data import Column, ColumnType

Cells = NDArray[np.float64] | NDArray[np.object_]


@dataclass(frozen=True)
class Scale:
    """A numeric column: its standard deviation and its ends; `is_whole`: it holds whole numbers only."""

    name: str
    deviation: float
    low: float
    high: float
    is_whole: bool

    @property
    def span(self) -> float:
        return self.high - self.low


@dataclass(frozen=True, eq=False)
class Choice:
    """A column of few values (v,), most frequent first, with their shares (v,). Numbers that take two values only are a choice."""

    name: str
    values: tuple[object, ...]
    shares: NDArray[np.float64]


Domain = Scale | Choice


def domains(features: pd.DataFrame, columns: Sequence[Column]) -> list[Domain]:
    """One for each column that takes two values or more. They do not depend on the order of the records."""
    found = [_domain(features[column.name], column) for column in columns]
    return [domain for domain in found if domain is not None]


def _domain(cells: pd.Series, column: Column) -> Domain | None:
    present = cells.dropna()
    if present.nunique() < 2:
        return None
    if column.type.is_numeric and present.nunique() > 2:
        numbers = np.sort(present.to_numpy(dtype=np.float64))
        is_whole = column.type is ColumnType.INTEGER
        return Scale(column.name, float(numbers.std()), float(numbers[0]), float(numbers[-1]), is_whole)
    counts = present.value_counts()
    values = sorted(counts.index.tolist(), key=lambda value: (-int(counts[value]), str(value)))
    shares = np.array([counts[value] for value in values], dtype=np.float64)
    return Choice(column.name, tuple(values), shares / shares.sum())
