"""What can be guessed about a number without the model: a regression and how far it is usually off."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import log_softmax

from auditor.attacks.inversion.completion import grid_of
from auditor.domain.data import Column, Sensitive
from auditor.domain.learner import Learner, Task
from auditor.domain.seeds import generator
from auditor.learners import build_for_values
from auditor.learners.value_model import ValueModel

REGRESSION = Learner("xgboost", {"n_estimators": 200, "max_depth": 4, "learning_rate": 0.05}, Task.REGRESSION)
NARROWEST = 1e-9  # of the range: what follows from the other columns exactly still has a density


@dataclass(frozen=True, eq=False)
class NumberModel:
    """A normal density around the prediction of gradient boosting; its width is the root mean square of what the two halves of the
    records are off by when each is predicted from the other."""

    model: ValueModel
    width: float
    grid: NDArray[np.float64]

    @property
    def columns(self) -> tuple[Column, ...]:
        return self.model.columns

    def log_probabilities(self, known: pd.DataFrame) -> NDArray[np.float64]:
        """(n, V) log-probability of each cell of the grid: the density at its point times the cell's size."""
        apart = (self.grid[None, :] - self.model.predict(known)[:, None]) / self.width
        return np.asarray(log_softmax(-0.5 * apart**2 + np.log(cells(self.grid)), axis=1))


def fit_number(
    known: pd.DataFrame, numbers: NDArray[np.float64], columns: Sequence[Column], sensitive: Sensitive, seed: int
) -> NumberModel:
    """Fitted on the known columns and the attribute's `numbers` (n,), none of them missing."""
    half = generator(seed, "halves").permutation(len(numbers)) < len(numbers) // 2
    off = np.empty(len(numbers))
    for side in (half, ~half):
        model = build_for_values(REGRESSION, columns, seed).fit(known[~side], numbers[~side])
        off[side] = model.predict(known[side]) - numbers[side]
    grid = grid_of(sensitive)
    width = max(float(np.sqrt((off**2).mean())), NARROWEST * float(np.ptp(grid)))
    return NumberModel(build_for_values(REGRESSION, columns, seed).fit(known, numbers), width, grid)


def cells(grid: NDArray[np.float64]) -> NDArray[np.float64]:
    """(V,) how much of the line is nearest to each point; the outer ones reach as far out as in."""
    edges = (grid[1:] + grid[:-1]) / 2
    inner = np.diff(edges)
    return np.concatenate([[2 * (edges[0] - grid[0])], inner, [2 * (grid[-1] - edges[-1])]])
