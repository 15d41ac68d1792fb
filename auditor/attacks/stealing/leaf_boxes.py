"""Leaves of a tree as boxes: an interval of each number, a set of levels of each category."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from auditor.attacks.stealing.leaf_axes import MISSING, Axes, Points

NOWHERE = -1
ROOM = 64


@dataclass(frozen=True, eq=False)
class Box:
    """`low`, `high` (d,): the first and last position of each ordered axis. `levels` (d, K): which levels of the others belong to
    it; for an ordered axis `levels[j, 0]` says whether the missing cell does. `seed` (d,): the point it was found from."""

    seed: Points
    low: Points
    high: Points
    levels: NDArray[np.bool_]

    def holds(self, points: Points, axes: Axes) -> NDArray[np.bool_]:
        """(n,) which of the points (n, d) lie in it."""
        inside = np.ones(len(points), dtype=bool)
        for j, axis in enumerate(axes.axes):
            place = points[:, j]
            if axis.is_ordered:
                inside &= ((self.low[j] <= place) & (place <= self.high[j])) | ((place == MISSING) & self.levels[j, 0])
            else:
                inside &= self.levels[j, place]
        return inside


def whole(axes: Axes, seed: Points) -> Box:
    """The box that holds everything."""
    low, high = np.array([a.low for a in axes.axes]), np.array([a.high for a in axes.axes])
    levels = np.zeros((len(axes), max(1, axes.widest)), dtype=bool)
    for j, axis in enumerate(axes.axes):
        levels[j, : 1 if axis.is_ordered else axis.high + 1] = axis.missing or not axis.is_ordered
    return Box(seed, low, high, levels)


class Boxes:
    """Measured boxes, each with the identity of its answer, in arrays that grow."""

    def __init__(self, axes: Axes) -> None:
        self.axes = axes
        self.boxes: list[Box] = []
        self.identities: list[int] = []
        self._ordered = np.array([axis.is_ordered for axis in axes.axes])
        d = len(axes)
        self._low, self._high = np.zeros((ROOM, d), dtype=np.int64), np.zeros((ROOM, d), dtype=np.int64)
        self._levels, self._identity = np.zeros((ROOM, d, max(1, axes.widest)), dtype=bool), np.zeros(ROOM, dtype=np.intp)

    def __len__(self) -> int:
        return len(self.boxes)

    def _double(self) -> None:
        self._low, self._high = np.concatenate([self._low, self._low]), np.concatenate([self._high, self._high])
        self._levels = np.concatenate([self._levels, self._levels])
        self._identity = np.concatenate([self._identity, self._identity])

    def add(self, box: Box, identity: int) -> None:
        place = len(self.boxes)
        if place == len(self._low):
            self._double()
        self._low[place], self._high[place], self._levels[place], self._identity[place] = box.low, box.high, box.levels, identity
        self.boxes.append(box)
        self.identities.append(identity)

    def of_identity(self, identity: int) -> NDArray[np.intp]:
        return np.flatnonzero(self._identity[: len(self.boxes)] == identity)

    def holds(self, places: NDArray[np.intp], point: Points) -> bool:
        """Does any of these boxes hold the point (d,)?"""
        absent = point == MISSING
        level = np.where(self._ordered, 0, point)
        in_level = self._levels[places[:, None], np.arange(len(point)), level]
        low, high = self._low[places], self._high[places]
        inside = np.where(self._ordered & ~absent, (low <= point) & (point <= high), in_level)
        return bool(inside.all(axis=1).any())

    def have_numbers(self, places: NDArray[np.intp]) -> bool:
        """Does any of these boxes hold more than missing numbers?"""
        return bool((self._low[places] <= self._high[places]).all(axis=1).any())

    def located(self, points: Points) -> NDArray[np.intp]:
        """(n,) the smallest box that holds each point, NOWHERE if none does. Boxes of one tree are disjoint; where answers are
        shared by several leaves a box may be too large, and the smaller of two is the likelier one."""
        found = np.full(len(points), NOWHERE, dtype=np.intp)
        left = np.arange(len(points))
        for place in np.argsort([_size(box, self.axes) for box in self.boxes], kind="stable"):
            inside = self.boxes[place].holds(points[left], self.axes)
            found[left[inside]] = place
            left = left[~inside]
            if not len(left):
                break
        return found


def _size(box: Box, axes: Axes) -> float:
    """The logarithm of the share of all positions that lie in the box."""
    total = 0.0
    for j, axis in enumerate(axes.axes):
        if axis.is_ordered:
            total += np.log(max(1.0, 1.0 + box.high[j] - box.low[j]) / (1.0 + axis.high - axis.low))
        else:
            total += np.log(max(1, box.levels[j].sum()) / (axis.high + 1))
    return total
