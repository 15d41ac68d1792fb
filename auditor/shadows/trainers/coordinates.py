"""One matrix for all halves of a pool, and for each half the map from its own coefficients to those of the matrix.

A linear model sees its half scaled by the half's means and spreads, with the half's medians in place of missing numbers, and
without categories that the half lacks. All of that is linear in the cells, so the predictor of every half is a linear function
of the same columns: pool-scaled numbers, missing flags, categories, and a constant. A column that a half lacks gets no weight.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from auditor.learners.encode import Encoding, Numbers, Table

Floats = NDArray[np.float64]


def width_of(table: Table) -> int:
    """How many columns the matrix of a pool has."""
    gaps = int(np.isnan(table.numeric).any(axis=0).sum())
    return int(table.numeric.shape[1] + gaps + sum(map(len, table.categories)) + 1)


@dataclass(frozen=True, eq=False)
class Coordinates:
    """`matrix` (n, p): q scaled numbers (0 where missing), f flags of the numeric columns `gaps` (f,), all categories, ones."""

    table: Table
    matrix: Floats
    gaps: NDArray[np.intp]
    centre: Floats
    scale: Floats

    @classmethod
    def of(cls, table: Table) -> "Coordinates":
        missing = np.isnan(table.numeric)
        known = np.where(missing, np.nan, table.numeric)
        counts = np.maximum(1, (~missing).sum(axis=0))
        centre = np.nansum(known, axis=0) / counts
        spread = np.sqrt(np.nansum((known - centre) ** 2, axis=0) / counts)
        scale = np.where(spread > 0, spread, 1.0)
        gaps = np.flatnonzero(missing.any(axis=0))
        categories = Encoding(Numbers.NATIVE, table.categories, centre, gaps[:0], centre, scale).apply(table)[
            :, table.numeric.shape[1] :
        ]
        scaled = np.where(missing, 0.0, (table.numeric - centre) / scale)
        matrix = np.hstack([scaled, missing[:, gaps], categories, np.ones((len(table), 1))])
        return cls(table, np.ascontiguousarray(matrix, dtype=np.float64), gaps, centre, scale)

    def map_of(self, rows: NDArray[np.intp]) -> Floats:
        """(p, p): own coefficients of a model trained on `rows` (numbers, flags, categories, intercept) -> those of `matrix`."""
        learned = Encoding.fit(self.table.take(rows), Numbers.SCALED)
        q, f = len(self.centre), len(self.gaps)
        result = np.zeros((self.matrix.shape[1], self.matrix.shape[1]))
        shift = (self.centre - learned.centre) / learned.scale
        result[np.arange(q), np.arange(q)] = self.scale / learned.scale
        result[-1, :q] = shift
        result[q + np.arange(f), self.gaps] = ((learned.fill - learned.centre) / learned.scale - shift)[self.gaps]
        flagged = q + np.flatnonzero(np.isin(self.gaps, learned.flagged))
        kept = q + f + np.flatnonzero(self._has_column(learned))
        for own in (flagged, kept):
            result[own, own] = 1.0
        result[-1, -1] = 1.0
        return result

    def _has_column(self, learned: Encoding) -> NDArray[np.bool_]:
        """Which categories, in the order of the matrix, the half gives a column."""
        pairs = zip(self.table.categories, learned.kept, strict=True)
        return np.array([category in kept for known, here in pairs for kept in [set(here)] for category in known], dtype=bool)
