"""Boxes that a tree is rebuilt from: their middle, what they are to a service, and how a counterfactual cuts one in two."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from auditor.attacks.stealing.leaf_axes import Axes, Axis, Points
from auditor.attacks.stealing.leaf_boxes import Box, whole
from auditor.domain.counterfactual import Bounds

Mask = NDArray[np.bool_]
THINNEST = 1e-12


@dataclass(frozen=True, eq=False)
class Cut:
    """A plane through a box. Of an ordered axis `last` is the last position of its first side; of another one `levels` (K,) are
    those of the first side."""

    axis: int
    last: int
    levels: Mask | None = None

    def is_first(self, points: Points) -> Mask:
        """(n,) which of the points (n, d) lie on the first side."""
        places = points[:, self.axis]
        return places <= self.last if self.levels is None else np.asarray(self.levels[places])


@dataclass(frozen=True, eq=False)
class Room:
    """The whole space between the extremes of the auxiliary records: `usual` (d,) is their most frequent level of each unordered
    axis, `counts` (d, K) how often each level stands there, `widths` (d,) the range of values."""

    axes: Axes
    counts: NDArray[np.intp]
    widths: NDArray[np.float64]

    @staticmethod
    def of(axes: Axes, natural: Points) -> "Room":
        counts = np.zeros((len(axes), max(1, axes.widest)), dtype=np.intp)
        for j, axis in enumerate(axes.axes):
            if not axis.is_ordered:
                counts[j] = np.bincount(natural[:, j], minlength=counts.shape[1])
        ends = [_ends(axis, axis.low, axis.high) if axis.is_ordered else (0.0, 0.0) for axis in axes.axes]
        return Room(axes, counts, np.array([high - low for low, high in ends]))

    @property
    def box(self) -> Box:
        """All of it. A missing number lies in no box: services explain records without gaps."""
        box = whole(self.axes, self.axes.blank)
        ordered = np.array([axis.is_ordered for axis in self.axes.axes])
        levels = box.levels.copy()
        levels[ordered] = False
        return replace(box, levels=levels)

    def middle(self, box: Box) -> Points:
        """(d,) the middle of every interval, and of the levels the one that most auxiliary records have."""
        return np.array([self._middle(j, axis, box) for j, axis in enumerate(self.axes.axes)], dtype=np.int64)

    def _middle(self, j: int, axis: Axis, box: Box) -> int:
        if not axis.is_ordered:
            return int(np.where(box.levels[j], self.counts[j], -1).argmax())
        low, high = int(box.low[j]), int(box.high[j])
        return int(np.clip(axis.position(sum(_ends(axis, low, high)) / 2), low, high))

    def share(self, box: Box) -> float:
        """The logarithm of the share of the whole space, by value, that lies in the box."""
        total = 0.0
        for j, axis in enumerate(self.axes.axes):
            if not axis.is_ordered:
                total += np.log(box.levels[j].sum() / (axis.high + 1))
            elif self.widths[j] > 0:
                low, high = _ends(axis, int(box.low[j]), int(box.high[j]))
                total += np.log(max(THINNEST, (high - low) / self.widths[j]))
        return float(total)

    def bounds(self, box: Box) -> Bounds:
        """The box as a service is told it."""
        numbers, levels = {}, {}
        for j, axis in enumerate(self.axes.axes):
            if axis.is_ordered:
                numbers[axis.column.name] = _ends(axis, int(box.low[j]), int(box.high[j]))
            else:
                levels[axis.column.name] = tuple(axis.levels[i] for i in np.flatnonzero(box.levels[j]))
        return Bounds(numbers, levels)


def _ends(axis: Axis, low: int, high: int) -> tuple[float, float]:
    first, last = axis.values(np.array([low, high], dtype=np.int64)).tolist()
    return first, last


@dataclass(frozen=True, eq=False)
class Halves:
    """A box cut in two: the side of the record that was asked about, and that of its counterfactual."""

    cut: Cut
    asked: Box
    answered: Box
    is_asked_first: bool


def cut(room: Room, box: Box, axis: int, asked: Points, answered: Points) -> Halves:
    """The box between two of its points that differ along the axis. A nearest counterfactual is the first position behind a
    threshold, so the plane lies just before it. Of levels nothing says which of the two the model tells from all others: the
    counterfactual's own is taken off first, and from what that leaves the asked record's own."""
    if room.axes.axes[axis].is_ordered:
        return _along(box, axis, int(asked[axis]), int(answered[axis]))
    is_whole = int(box.levels[axis].sum()) > room.axes.axes[axis].high
    return _off(box, axis, int(asked[axis]), int(answered[axis]), takes_answer=is_whole)


def _along(box: Box, axis: int, asked: int, answered: int) -> Halves:
    is_asked_first = answered > asked
    last = answered - 1 if is_asked_first else answered
    low, high = box.low.copy(), box.high.copy()
    low[axis], high[axis] = last + 1, last
    sides = replace(box, high=high), replace(box, low=low)
    return _halves(Cut(axis, last), sides, is_asked_first)


def _off(box: Box, axis: int, asked: int, answered: int, takes_answer: bool) -> Halves:
    taken = np.zeros(box.levels.shape[1], dtype=bool)
    taken[answered if takes_answer else asked] = True
    alone, rest = box.levels.copy(), box.levels.copy()
    alone[axis], rest[axis] = taken, box.levels[axis] & ~taken
    sides = replace(box, levels=alone), replace(box, levels=rest)
    return _halves(Cut(axis, 0, taken), sides, not takes_answer)


def _halves(plane: Cut, sides: Sequence[Box], is_asked_first: bool) -> Halves:
    asked, answered = sides if is_asked_first else reversed(sides)
    return Halves(plane, asked, answered, is_asked_first)
