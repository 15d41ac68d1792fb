"""Counterfactuals of any target by trying records at random: an explainer that is neither complete nor optimal, as most are."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from auditor.attacks.stealing.copying import classes_of
from auditor.attacks.stealing.leaf_axes import Axes, Axis, Points
from auditor.domain.attack import Query
from auditor.domain.counterfactual import Bounds, Counterfactuals, Explained
from auditor.domain.data import Column, Records
from auditor.domain.seeds import derive, generator

TRIED = 32


def searched(query: Query, auxiliary: Records, columns: Sequence[Column], seed: int) -> Explained:
    """The target with an explainer beside it, which tries TRIED records within the bounds and answers the nearest of another class:
    for controls on targets whose boxes are not known."""
    return Explained(query, RandomSearch(query, Axes.of(auxiliary.features, columns), seed))


@dataclass(frozen=True, eq=False)
class RandomSearch:
    query: Query
    axes: Axes
    seed: int

    def __call__(self, records: pd.DataFrame, bounds: Sequence[Bounds]) -> Counterfactuals:
        points = self.axes.points(records)
        tried = self._tried(points, bounds)
        flat = self.axes.frame(np.concatenate([points, tried.reshape(-1, points.shape[1])]))
        labels = classes_of(self.query(flat))
        own, others = labels[: len(points)], labels[len(points) :].reshape(len(points), TRIED)
        is_other = others != own[:, None]
        changes = np.where(is_other, (tried != points[:, None]).sum(axis=2), points.shape[1] + 1)
        nearest = tried[np.arange(len(points)), changes.argmin(axis=1)]
        found = is_other.any(axis=1)
        answered = self.axes.frame(np.where(found[:, None], nearest, points))
        return Counterfactuals(answered, found, np.full(len(points), -1, dtype=np.intp))

    def _tried(self, points: Points, bounds: Sequence[Bounds]) -> Points:
        """(n, TRIED, d) records within the bounds, each with one cell to all cells of its own."""
        rng = generator(derive(self.seed, points.tobytes().hex()), "tried")
        drawn = np.stack([_drawn(axis, bounds, rng) for axis in self.axes.axes], axis=2)
        changed = rng.random(drawn.shape) < rng.random((*drawn.shape[:2], 1))
        one = rng.integers(points.shape[1], size=drawn.shape[:2])
        np.put_along_axis(changed, one[:, :, None], True, axis=2)
        return np.where(changed, drawn, points[:, None])


def _drawn(axis: Axis, bounds: Sequence[Bounds], rng: np.random.Generator) -> Points:
    """(n, TRIED) positions of an axis, evenly within the bounds of each record."""
    name = axis.column.name
    if not axis.is_ordered:
        allowed = [[axis.levels.index(level) for level in within.levels[name]] for within in bounds]
        return np.array([rng.choice(places, TRIED) for places in allowed], dtype=np.int64)
    low, high = np.array([within.numbers[name] for within in bounds]).T[:, :, None]
    drawn = low + (high - low) * rng.random((len(bounds), TRIED))
    return axis.positions(pd.Series(drawn.ravel())).reshape(drawn.shape)
