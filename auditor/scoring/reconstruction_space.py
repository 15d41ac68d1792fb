"""Records as points, so that a reconstruction has a distance from what it was meant to be."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from auditor.domain.data import Column
from auditor.scoring.intervals import Floats


@dataclass(frozen=True, eq=False)
class Space:
    """Gower's distance (1971), squared: a number counts in units of its column's range, a category is the same or is not; the sum
    over columns is divided by their number. Columns that never change among the records say nothing and are left out."""

    columns: tuple[Column, ...]
    low: NDArray[np.float64]
    scale: NDArray[np.float64]
    fill: NDArray[np.float64]
    known: tuple[tuple[object, ...], ...]

    def points(self, frame: pd.DataFrame) -> Floats:
        """(n, d): the squared distance of two rows of it is the squared distance of the records."""
        blocks = []
        categories = iter(self.known)
        for place, column in enumerate(self.columns):
            if column.type.is_numeric:
                cells = frame[column.name].to_numpy(dtype=np.float64, na_value=np.nan)
                blocks.append(((np.where(np.isnan(cells), self.fill[place], cells) - self.low[place]) / self.scale[place])[:, None])
            else:
                blocks.append(_indicators(frame[column.name], next(categories)))
        return np.asarray(np.hstack(blocks) / np.sqrt(len(self.columns)))


Bounds = Mapping[str, tuple[float, float]]


def space_of(frame: pd.DataFrame, columns: tuple[Column, ...], bounds: Bounds | None = None) -> Space | None:
    """Ranges as they are declared, else as these records show them; None if no column changes. A missing number stands for the
    mean."""
    moving = tuple(c for c in columns if frame[c.name].nunique(dropna=not _is_category(c)) > 1)
    if not moving:
        return None
    low, scale, fill = np.zeros(len(moving)), np.ones(len(moving)), np.zeros(len(moving))
    for place, column in enumerate(moving):
        if column.type.is_numeric:
            cells = frame[column.name].to_numpy(dtype=np.float64, na_value=np.nan)
            low[place], high = (bounds or {}).get(column.name, (np.nanmin(cells), np.nanmax(cells)))
            scale[place], fill[place] = high - low[place], np.nanmean(cells)
    known = tuple(_categories(frame[c.name]) for c in moving if _is_category(c))
    return Space(moving, low, scale, fill, known)


def _is_category(column: Column) -> bool:
    return not column.type.is_numeric


def _categories(cells: pd.Series) -> tuple[object, ...]:
    return tuple(sorted({None if pd.isna(cell) else cell for cell in cells}, key=repr))


def _indicators(cells: pd.Series, known: tuple[object, ...]) -> Floats:
    """(n, categories) of 1 / sqrt 2, so that two different ones are 1 apart."""
    place = {value: i for i, value in enumerate(known)}
    found = np.array([place.get(None if pd.isna(cell) else cell, -1) for cell in cells], dtype=np.intp)
    block = np.zeros((len(found), len(known)))
    rows = np.flatnonzero(found >= 0)
    block[rows, found[rows]] = np.sqrt(0.5)
    return block
