"""Exact counterfactuals of a target that is constant on known boxes: what an optimal explainer answers, by looking at every box."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from auditor.attacks.stealing.leaf_axes import Axes, Axis, Points
from auditor.attacks.stealing.leaf_boxes import Box
from auditor.domain.counterfactual import Bounds, Counterfactuals

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class BoxOracle:
    """`boxes` are disjoint and hold every record without missing numbers; `labels` (m,) are their classes. Numbers count by their
    range over the auxiliary records, a changed level counts 1; distances are of the `norm` 1 or 2."""

    axes: Axes
    boxes: Sequence[Box]
    labels: NDArray[np.intp]
    norm: int = 2

    def __call__(self, records: pd.DataFrame, bounds: Sequence[Bounds]) -> Counterfactuals:
        """Of n records: the exact nearest of another class. Costs m d steps a record."""
        points = self.axes.points(records)
        answered, found = points.copy(), np.zeros(len(points), dtype=bool)
        for i, within in enumerate(bounds):
            nearest = self._nearest(points[i], within)
            if nearest is not None:
                answered[i], found[i] = nearest, True
        return Counterfactuals(self.axes.frame(answered), found, np.full(len(points), -1, dtype=np.intp))

    def label(self, point: Points) -> int:
        """The class of the box that holds a point (d,)."""
        low, high = self._ends
        number = self._numbers(point)
        inside = _meets(low, number) & _meets(number, high)
        for c, j in enumerate(self._unordered):
            inside &= self._levels[:, c, point[j]]
        return int(self.labels[inside.argmax()])

    def _nearest(self, point: Points, within: Bounds) -> Points | None:
        number, own = self._numbers(point), point[self._unordered]
        ends = np.array([within.numbers[self.axes.axes[j].column.name] for j in self._ordered]).reshape(-1, 2)
        low, high = np.maximum(self._ends[0], ends[:, 0]), np.minimum(self._ends[1], ends[:, 1])
        levels = self._levels & self._allowed(within)
        can = _meets(low, high) & np.logical_and.reduce(levels.any(axis=2), axis=1) & (self.labels != self.label(point))
        if not can.any():
            return None
        near = np.clip(number, low[can], high[can])
        keeps = levels[can][:, np.arange(len(own)), own]
        ways = np.hstack([np.abs(near - number) / self._widths, (~keeps).astype(np.float64)])
        best = int((ways**self.norm).sum(axis=1).argmin())
        answered = point.copy()
        for i, j in enumerate(self._ordered):
            answered[j] = self.axes.axes[j].position(near[best, i])
        answered[self._unordered] = np.where(keeps[best], own, levels[can][best].argmax(axis=1))
        return answered

    def _allowed(self, within: Bounds) -> Mask:
        """(c, K) which levels the bounds leave."""
        allowed = np.zeros(self._levels.shape[1:], dtype=bool)
        for c, j in enumerate(self._unordered):
            axis = self.axes.axes[j]
            allowed[c, [axis.levels.index(level) for level in within.levels[axis.column.name]]] = True
        return allowed

    def _numbers(self, point: Points) -> Floats:
        return np.array([self.axes.axes[j].values(point[j : j + 1])[0] for j in self._ordered])

    @cached_property
    def _ordered(self) -> NDArray[np.intp]:
        return np.flatnonzero([axis.is_ordered for axis in self.axes.axes])

    @cached_property
    def _unordered(self) -> NDArray[np.intp]:
        return np.flatnonzero([not axis.is_ordered for axis in self.axes.axes])

    @cached_property
    def _ends(self) -> tuple[Floats, Floats]:
        """(m, q) each: the lowest and the highest value of every number."""
        low, high = np.array([box.low for box in self.boxes]), np.array([box.high for box in self.boxes])
        return self._valued(low), self._valued(high)

    def _valued(self, positions: NDArray[np.int64]) -> Floats:
        columns = [self.axes.axes[j].values(positions[:, j]) for j in self._ordered]
        return np.column_stack(columns) if columns else np.empty((len(positions), 0))

    @cached_property
    def _levels(self) -> Mask:
        """(m, c, K)"""
        return np.array([box.levels[self._unordered] for box in self.boxes])

    @cached_property
    def _widths(self) -> Floats:
        return np.array([_width(self.axes.axes[j]) for j in self._ordered])


def _meets(low: Floats, high: Floats) -> Mask:
    """(m,) where no number is above the other."""
    meets: Mask = np.logical_and.reduce(low <= high, axis=1)
    return meets


def _width(axis: Axis) -> float:
    low, high = axis.values(np.array([axis.low, axis.high])).tolist()
    return float(high - low) or 1.0
