"""Records around a typical one, as far away as the target's rounded answers still tell log-odds well."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from auditor.attacks.stealing.linear_design import LinearDesign
from auditor.domain.data import Column, ColumnType

REACHES = (1.0, 0.3, 0.1, 0.03)
"""How far from the typical record, in standard deviations of each number; a level changes with this probability, halved."""


@dataclass(frozen=True, eq=False)
class Surroundings:
    """Draws records around the typical one of `design`, from values that `population` holds."""

    design: LinearDesign
    population: pd.DataFrame

    def draw(self, count: int, reach: float, rng: np.random.Generator) -> pd.DataFrame:
        """`count` records. Every level has its turn, so that a rare one is in as many records as a frequent one, and so has every
        number that would stay the same in all of them, which would leave its slope undetermined."""
        drawn = {c.name: self._cells(c, count, reach, rng) for c in self.design.columns}
        turned = [term for term in self.design.terms if not term.is_slope or drawn[term.column].nunique() < 2]
        turns = np.arange(count) % max(1, len(self.design.terms))
        for turn, term in enumerate(turned):
            if (turns == turn).any():
                drawn[term.column] = drawn[term.column].where(turns != turn, term.other)
        return pd.DataFrame(drawn)

    def _cells(self, column: Column, count: int, reach: float, rng: np.random.Generator) -> pd.Series:
        cells = self.population[column.name]
        drawn = cells.iloc[rng.integers(len(cells), size=count)].reset_index(drop=True)
        stays = rng.random(count) >= reach / 2
        if not column.type.is_numeric:
            return drawn.where(~stays, self.design.typical[column.name]).astype(object)
        if column.type is ColumnType.INTEGER:
            return self._whole(cells, drawn, stays, reach, column)
        near = float(self.design.centre[column.name]) + reach * self.design.scale[column.name] * rng.standard_normal(count)
        low, high = cells.min(), cells.max()
        near = np.clip(near, low, high) if low < high else near
        return pd.Series(np.where(drawn.isna() & ~stays, np.nan, near))

    def _whole(self, cells: pd.Series, drawn: pd.Series, stays: NDArray[np.bool_], reach: float, column: Column) -> pd.Series:
        """A seen integer towards the one drawn; the typical one where little is to change."""
        start = float(self.design.centre[column.name])
        wanted = start + reach * (drawn.to_numpy(dtype=np.float64, na_value=np.nan) - start)
        seen = np.unique(cells.dropna().to_numpy(dtype=np.float64))
        if not len(seen):
            return drawn
        place = np.clip(np.searchsorted(seen, np.nan_to_num(wanted, nan=start)), 0, len(seen) - 1)
        below = np.clip(place - 1, 0, len(seen) - 1)
        nearest = np.where(np.abs(seen[below] - wanted) < np.abs(seen[place] - wanted), seen[below], seen[place])
        chosen = np.where(stays & (len(seen) <= 2), start, nearest)
        whole = np.where(np.isnan(wanted), np.where(stays, start, np.nan), chosen)
        return pd.Series(whole if np.isnan(whole).any() else whole.astype(np.int64))


def information(answers: NDArray[np.float64], error: float, reach: float) -> float:
    """How much answers at this reach tell of a slope: reach^2 over the squared error of the log-odds that rounding leaves. Of
    several classes the least certain pair decides for each record; half of the records may be useless."""
    top = np.sort(answers, axis=1)[:, ::-1]
    pair = np.maximum(top[:, [0, -1]], 0.1 * error)
    spread = error * (1 / pair).sum(axis=1)
    return float(reach**2 * np.median(np.where(pair[:, 1] > 1.5 * error, 1 / spread**2, 0.0)))
