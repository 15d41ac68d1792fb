"""The input space of a tree as whole numbers: neighbouring positions are neighbouring cells that the target can tell apart."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from auditor.domain.data import Column, ColumnType

Points = NDArray[np.int64]
MISSING = np.iinfo(np.int64).min
"""The position of a missing number; a missing category is the last level, which lies above `high` where none is missing."""
MISSING_SHARE = 0.1
SIGN = np.int64(-(2**31))


@dataclass(frozen=True, eq=False)
class Axis:
    """One column between the extremes of the auxiliary records.

    Numbers are ordered: integers are their own positions, others count the steps of 32-bit floats (in which scikit-learn's trees
    and XGBoost compare), so that neighbouring positions hold no threshold between them. Other columns are their levels, 0 to
    `high`. `missing`: are cells missing among the auxiliary records? `blank` is the position of such a cell, whether or not."""

    column: Column
    low: int
    high: int
    levels: tuple[object, ...] = ()
    missing: bool = False

    @property
    def is_ordered(self) -> bool:
        return self.column.type.is_numeric

    @property
    def blank(self) -> int:
        return MISSING if self.is_ordered else len(self.levels) - 1

    @staticmethod
    def of(cells: pd.Series, column: Column) -> "Axis":
        missing = bool(cells.isna().any())
        if not column.type.is_numeric:
            levels = [*sorted(cells.dropna().unique(), key=repr), None]
            return Axis(column, 0, len(levels) - (1 if missing else 2), tuple(levels), missing)
        known = cells.dropna().to_numpy(dtype=np.float64)
        if not len(known):
            return Axis(column, 0, 0, missing=True)
        low, high = _number_positions(np.array([known.min(), known.max()]), column)
        return Axis(column, int(low), int(high), missing=missing)

    def positions(self, cells: pd.Series) -> Points:
        """(n,); a category that no auxiliary record has counts as the first level."""
        if self.is_ordered:
            return _number_positions(cells.to_numpy(dtype=np.float64, na_value=np.nan), self.column)
        place = {level: i for i, level in enumerate(self.levels)}
        codes, found = pd.factorize(cells.astype(object), use_na_sentinel=True)
        return np.array([*(place.get(cell, 0) for cell in found), place.get(None, 0)], dtype=np.int64)[codes]

    def cells(self, positions: Points) -> pd.Series:
        if not self.is_ordered:
            return pd.Series([self.levels[i] for i in positions], dtype=object)
        absent = positions == MISSING
        numbers = _numbers(np.where(absent, 0, positions), self.column)
        if self.column.type is ColumnType.INTEGER and not absent.any():
            return pd.Series(numbers.astype(np.int64))
        return pd.Series(np.where(absent, np.nan, numbers))

    def values(self, positions: Points) -> NDArray[np.float64]:
        """(n,) the numbers at positions of an ordered axis, none of them missing."""
        return _numbers(positions, self.column)

    def position(self, value: float) -> int:
        """Of one number, as `positions`."""
        return int(_number_positions(np.array([value]), self.column)[0])

    def positions_beyond(self, values: NDArray[np.float64], starts: Points) -> Points:
        """(n,) of numbers the first position as far from `starts`: a threshold that lies between a number of 64 bits and the
        nearest of 32 bits stays before it."""
        places, origin = _number_positions(values, self.column), self.values(starts)
        rounded = self.values(places)
        is_short = np.where(values > origin, rounded < values, (values < origin) & (rounded > values))
        return places + np.where(is_short, np.sign(values - origin), 0).astype(np.int64)

    def inner(self, count: int) -> Points:
        """Up to `count` positions strictly between the ends, evenly spaced in value."""
        low, high = _numbers(np.array([self.low, self.high]), self.column)
        between = _number_positions(np.linspace(low, high, count + 2)[1:-1], self.column)
        return np.unique(between[(between > self.low) & (between < self.high)])

    def drawn(self, count: int, rng: np.random.Generator) -> Points:
        """(count,) positions, evenly over the values."""
        if not self.is_ordered:
            return rng.integers(0, self.high + 1, count)
        low, high = _numbers(np.array([self.low, self.high]), self.column)
        places = np.clip(_number_positions(rng.uniform(low, high, count), self.column), self.low, self.high)
        return np.where((rng.random(count) < MISSING_SHARE) & self.missing, MISSING, places)


@dataclass(frozen=True, eq=False)
class Axes:
    """All columns; a point is a row of positions (d,)."""

    axes: tuple[Axis, ...]

    @staticmethod
    def of(features: pd.DataFrame, columns: Sequence[Column]) -> "Axes":
        return Axes(tuple(Axis.of(features[column.name], column) for column in columns))

    def __len__(self) -> int:
        return len(self.axes)

    @property
    def widest(self) -> int:
        """The most levels that any column has."""
        return max((len(axis.levels) for axis in self.axes), default=0)

    @property
    def blank(self) -> Points:
        """(d,) the record with every cell missing."""
        return np.array([axis.blank for axis in self.axes], dtype=np.int64)

    def points(self, features: pd.DataFrame) -> Points:
        return np.column_stack([axis.positions(features[axis.column.name]) for axis in self.axes])

    def drawn(self, count: int, rng: np.random.Generator) -> Points:
        """(count, d) points, evenly over the values of each axis, a tenth of the numbers missing where numbers can be."""
        return np.column_stack([axis.drawn(count, rng) for axis in self.axes])

    def within(self, points: Points) -> Points:
        """The points with numbers beyond the extremes moved to them: no threshold was looked for outside."""
        low, high = np.array([axis.low for axis in self.axes]), np.array([axis.high for axis in self.axes])
        return np.where(points == MISSING, points, np.clip(points, low, high))

    def frame(self, points: Points) -> pd.DataFrame:
        return pd.DataFrame({axis.column.name: axis.cells(points[:, j]) for j, axis in enumerate(self.axes)})


def _number_positions(values: NDArray[np.float64], column: Column) -> Points:
    """(n,) ordered as the values are; MISSING where NaN. Numbers that are no integers are rounded to 32 bits."""
    absent = np.isnan(values)
    filled = np.where(absent, 0.0, values)
    if column.type is ColumnType.INTEGER:
        return np.where(absent, MISSING, np.rint(filled).astype(np.int64))
    bits = (filled.astype(np.float32) + np.float32(0.0)).view(np.int32).astype(np.int64)
    return np.where(absent, MISSING, np.where(bits < 0, SIGN - bits, bits))


def _numbers(positions: Points, column: Column) -> NDArray[np.float64]:
    if column.type is ColumnType.INTEGER:
        return positions.astype(np.float64)
    bits = np.where(positions < 0, SIGN - positions, positions).astype(np.int32)
    return bits.view(np.float32).astype(np.float64)
