"""The best points that a search found, a few for each class."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from auditor.attacks.inversion.feature_space import Points

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Found:
    """`points` (m,), the class `labels` (m,) that each stands for and the `values` (m,) that it reached."""

    points: Points
    labels: NDArray[np.intp]
    values: Floats


def best_of_each(points: list[Points], values: list[Floats]) -> Found:
    """One point a class: element c of both lists is of class c."""
    rows = [int(value.argmax()) for value in values]
    chosen = Points.joined([part.take(np.array([row])) for part, row in zip(points, rows, strict=True)])
    reached = np.array([value[row] for value, row in zip(values, rows, strict=True)])
    return Found(chosen, np.arange(len(points)), reached)


def together(runs: list[Found]) -> Found:
    return Found(
        Points.joined([run.points for run in runs]),
        np.concatenate([run.labels for run in runs]),
        np.concatenate([run.values for run in runs]),
    )
