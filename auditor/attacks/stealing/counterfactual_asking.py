"""Asking a service that explains: the class of points and their counterfactuals, counted together, and what is known of both."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from auditor.attacks.stealing.copying import classes_of
from auditor.attacks.stealing.counterfactual_boxes import Room
from auditor.attacks.stealing.leaf_axes import Points
from auditor.attacks.stealing.leaf_boxes import Box
from auditor.domain.attack import Context
from auditor.domain.counterfactual import Explain

UNKNOWN = -1
Labels = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Pair:
    """A point (d,) of class `label`, and the counterfactual that was answered."""

    asked: Points
    answered: Points
    label: int


@dataclass(frozen=True, eq=False)
class Replies:
    """`found` (n,) where there is a counterfactual, which stands in `answered` (n, d); `labels` (n,) of the points that were asked
    about, UNKNOWN where the service does not say them."""

    answered: Points
    found: NDArray[np.bool_]
    labels: Labels


@dataclass(eq=False)
class Asking:
    """`limit` is for labels and counterfactuals together; `frames` and `answers` are what was asked for its label, in order.
    `is_opposite`: the counterfactuals that were checked had the other of two classes, so that of others is not asked."""

    context: Context
    explain: Explain
    room: Room
    limit: int
    spent: int = 0
    is_opposite: bool = False
    counterfactuals: int = 0
    pairs: list[Pair] = field(default_factory=list)
    frames: list[pd.DataFrame] = field(default_factory=list)
    answers: list[NDArray[np.float64]] = field(default_factory=list)

    @property
    def left(self) -> int:
        return self.limit - self.spent

    @property
    def classes(self) -> int:
        return self.context.classes

    def other(self, label: int) -> int:
        """The class of a counterfactual, where that needs no asking."""
        return 1 - label if self.is_opposite and self.classes == 2 and label != UNKNOWN else UNKNOWN

    def replies(self, points: Points, boxes: Sequence[Box]) -> Replies:
        """The counterfactuals of the points (n, d), each within its box. One that is the point itself is none."""
        axes = self.room.axes
        self._count(len(points))
        self.counterfactuals += len(points)
        told = self.explain(axes.frame(points), [self.room.bounds(box) for box in boxes])
        answered = axes.points(told.records)
        for j, axis in enumerate(axes.axes):
            if axis.is_ordered:
                cells = told.records[axis.column.name].to_numpy(dtype=np.float64)
                ends = [box.low[j] for box in boxes], [box.high[j] for box in boxes]
                answered[:, j] = np.clip(axis.positions_beyond(cells, points[:, j]), *ends)
        return Replies(answered, told.found & (answered != points).any(axis=1), told.labels)

    def labels(self, points: Points) -> Labels:
        """(n,) classes of points."""
        return self.labels_of(self.room.axes.frame(points)) if len(points) else np.zeros(0, dtype=np.intp)

    def labels_of(self, features: pd.DataFrame) -> Labels:
        self._count(len(features))
        answers = self.context.query(features)
        self.frames.append(features)
        self.answers.append(answers)
        return classes_of(answers)

    def _count(self, queries: int) -> None:
        self.context.checkpoint(min(0.85, 0.05 + 0.8 * self.spent / self.limit))
        self.spent += queries
