"""The records that exist at all: numbers within their bounds, whole where they are whole, categories that are known, one-hot groups
with exactly one 1. A search moves over points; every point is such a record."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from auditor.domain.data import Column, ColumnType

Floats = NDArray[np.float64]
Codes = NDArray[np.intp]
Bounds = Mapping[str, tuple[float, float]]
SMALLEST_GROUP = 3


@dataclass(frozen=True)
class Number:
    """A column of numbers from `low` to `high`."""

    name: str
    low: float
    high: float
    is_whole: bool

    @property
    def width(self) -> float:
        return self.high - self.low if self.high > self.low else 1.0


@dataclass(frozen=True)
class Choice:
    """Columns that take one of a few sets of cells: a category, or a one-hot group."""

    names: tuple[str, ...]
    values: tuple[tuple[object, ...], ...]


@dataclass(frozen=True, eq=False)
class Points:
    """n records: `numbers` (n, q) in units of their bounds, 0 to 1, and `codes` (n, c), the value that each choice takes."""

    numbers: Floats
    codes: Codes

    def __len__(self) -> int:
        return len(self.numbers)

    def take(self, rows: NDArray[np.intp] | NDArray[np.bool_]) -> "Points":
        return Points(self.numbers[rows], self.codes[rows])

    def repeat(self, times: int) -> "Points":
        return Points(np.repeat(self.numbers, times, axis=0), np.repeat(self.codes, times, axis=0))

    @staticmethod
    def joined(parts: Sequence["Points"]) -> "Points":
        return Points(np.concatenate([p.numbers for p in parts]), np.concatenate([p.codes for p in parts]))


@dataclass(frozen=True, eq=False)
class FeatureSpace:
    columns: tuple[Column, ...]
    numbers: tuple[Number, ...]
    choices: tuple[Choice, ...]

    def frame(self, points: Points, first: int = 0) -> pd.DataFrame:
        """The records of these points, one typed column a feature, with row indices from `first` on."""
        low = np.array([n.low for n in self.numbers])
        width = np.array([n.width for n in self.numbers])
        values = low + width * np.clip(points.numbers, 0.0, 1.0)
        cells: dict[str, object] = {}
        for place, number in enumerate(self.numbers):
            cells[number.name] = np.rint(values[:, place]).astype(np.int64) if number.is_whole else values[:, place]
        for place, choice in enumerate(self.choices):
            cells |= _chosen(choice, points.codes[:, place])
        index = pd.RangeIndex(first, first + len(points))
        return pd.DataFrame({c.name: cells[c.name] for c in self.columns}, index=index)

    def points(self, frame: pd.DataFrame) -> Points:
        """The nearest points to these records: what is missing or unknown becomes the middle, or the first value."""
        numbers = np.empty((len(frame), len(self.numbers)))
        for place, number in enumerate(self.numbers):
            cells = frame[number.name].to_numpy(dtype=np.float64, na_value=np.nan)
            numbers[:, place] = (np.where(np.isnan(cells), number.low + number.width / 2, cells) - number.low) / number.width
        codes = np.zeros((len(frame), len(self.choices)), dtype=np.intp)
        for place, choice in enumerate(self.choices):
            codes[:, place] = _codes(frame, choice)
        return Points(np.clip(numbers, 0.0, 1.0), codes)


def feature_space(records: pd.DataFrame, columns: tuple[Column, ...], bounds: Bounds) -> FeatureSpace:
    """Bounds as they are declared, else the range that the records show."""
    groups = _one_hot_groups(records, columns)
    grouped = {name for group in groups for name in group}
    numbers = tuple(_number(records[c.name], c, bounds) for c in columns if c.type.is_numeric and c.name not in grouped)
    single = [c for c in columns if not c.type.is_numeric]
    choices = tuple(Choice((c.name,), tuple((value,) for value in _values(records[c.name]))) for c in single)
    hot = tuple(Choice(group, tuple(tuple(row) for row in np.eye(len(group), dtype=int).tolist())) for group in groups)
    return FeatureSpace(columns, numbers, choices + hot)


def _number(cells: pd.Series, column: Column, bounds: Bounds) -> Number:
    present = cells.dropna()
    low, high = bounds.get(column.name, (float(present.min()), float(present.max())) if len(present) else (0.0, 1.0))
    whole = column.type is ColumnType.INTEGER
    return Number(column.name, float(low), float(high), whole)


def _values(cells: pd.Series) -> list[object]:
    """Known values, the most frequent first, so that an unknown one becomes the likeliest."""
    counts = cells.dropna().value_counts()
    return sorted(counts.index, key=lambda value: (-int(counts[value]), repr(value))) or [None]


def _one_hot_groups(records: pd.DataFrame, columns: tuple[Column, ...]) -> list[tuple[str, ...]]:
    """Columns of 0 and 1 with one beginning (`job_clerk`, `job=nurse`) of which exactly one is 1 in every record."""
    families: dict[str, list[str]] = {}
    for column in columns:
        stem = column.name.replace("=", "_").rpartition("_")[0]
        if stem and column.type.is_numeric and records[column.name].isin((0, 1)).all():
            families.setdefault(stem, []).append(column.name)
    return [
        tuple(names)
        for names in families.values()
        if len(names) >= SMALLEST_GROUP and len(records) and (records[names].sum(axis=1) == 1).all()
    ]


def _chosen(choice: Choice, codes: Codes) -> dict[str, object]:
    is_hot = len(choice.names) > 1
    columns = zip(*(choice.values[code] for code in codes), strict=True) if len(codes) else [()] * len(choice.names)
    return {
        name: np.array(cells, dtype=np.int64) if is_hot else pd.Series(list(cells), dtype=object).to_numpy()
        for name, cells in zip(choice.names, columns, strict=True)
    }


def _codes(frame: pd.DataFrame, choice: Choice) -> Codes:
    known = {value: i for i, value in enumerate(choice.values)}
    cells = frame[list(choice.names)].itertuples(index=False, name=None)
    return np.array([known.get(tuple(row), 0) for row in cells], dtype=np.intp)
