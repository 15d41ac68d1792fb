"""The copy that counterfactuals leave: boxes of one class, and boosted trees for what lies in a box that is still open."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from auditor.attacks.stealing.copying import classes_of
from auditor.attacks.stealing.counterfactual_asking import UNKNOWN, Asking, Labels
from auditor.attacks.stealing.counterfactual_tree import NEVER, Growth, reached
from auditor.attacks.stealing.leaf_axes import MISSING
from auditor.domain.data import Records
from auditor.domain.learner import Learner
from auditor.domain.seeds import derive, generator
from auditor.learners import build

Mask = NDArray[np.bool_]
Copy = Callable[[pd.DataFrame], Labels]
CLEARLY = 0.05
BOOSTED = {"n_estimators": 100}
JUDGES = 100
"""Auxiliary records that are asked where the boxes are not enough, to choose the copy by."""


@dataclass(frozen=True, eq=False)
class Reconstruction:
    """`natural`: the auxiliary records as they are."""

    growth: Growth
    natural: Records

    @property
    def asking(self) -> Asking:
        return self.growth.asking

    @property
    def is_complete(self) -> bool:
        return not self.growth.open

    def boxes(self, features: pd.DataFrame, spent: int = NEVER) -> tuple[Labels, Mask]:
        """(n,) the class of the box that holds each record, and whether that box is closed, as far as `spent` queries had told. A
        missing number lies in no box."""
        axes = self.asking.room.axes
        points = axes.within(axes.points(features))
        nodes, places = reached(self.growth.root, points, spent)
        guesses = np.array([node.guess_at(spent) for node in nodes], dtype=np.intp)
        closed = np.array([node.is_closed and node.at <= spent for node in nodes], dtype=bool)
        return np.maximum(guesses[places], 0), closed[places] & (points != MISSING).all(axis=1)

    def chosen(self, seed: int, are_boxes_right: bool) -> Copy:
        """Boxes with boosted trees where they are open; another way to fill them, or boosted trees alone, only where it agrees with
        the target on clearly more auxiliary records that none of them was made from: few records tell little."""
        order = generator(seed, "judges").permutation(len(self.natural))
        held, rest = np.split(order, [max(0, min(JUDGES, self.asking.left, len(order) // 2))])
        is_enough = self.is_complete and are_boxes_right  # but for records with missing numbers
        kinds = (False,) if is_enough else (False, True)
        trained = [self._boosted(seed, Shown(self.natural.take(rest), are_boxes_right, own)) for own in kinds]
        mixed = [self._mixed(copy) for copy in trained] if are_boxes_right else []
        alone: list[Copy] = [lambda frame: self.boxes(frame)[0]]
        ways = [*alone, *mixed, *trained] if is_enough else [*mixed, *trained, *alone]
        if not len(held):
            return ways[0]
        judges = self.natural.features.iloc[held].reset_index(drop=True)
        true = self.asking.labels_of(judges)
        agreement = np.array([(way(judges) == true).mean() for way in ways])
        best = int(agreement.argmax())
        return ways[best if agreement[best] >= agreement[0] + CLEARLY else 0]

    def _mixed(self, trained: Copy) -> Copy:
        def copy(features: pd.DataFrame) -> Labels:
            labels, is_closed = self.boxes(features)
            return labels if is_closed.all() else np.where(is_closed, labels, trained(features))

        return copy

    def _boosted(self, seed: int, shown: "Shown") -> Copy:
        """Trees on points and their counterfactuals (Aïvodji et al. 2020), and on auxiliary records as far as `shown` says."""
        natural = shown.natural
        labels, is_closed = self.boxes(natural.features)
        is_told = is_closed & shown.in_boxes
        labels, kept = np.where(is_told, labels, natural.labels), is_told | (shown.own & (natural.labels >= 0))
        frames, known = [natural.features[kept], *self.asking.frames], [labels[kept], *map(classes_of, self.asking.answers)]
        pairs, told = _ends(self.asking)
        frames, known = [*frames, self.asking.room.axes.frame(pairs)] if len(pairs) else frames, [*known, told]
        context = self.asking.context
        learner, materials = Learner("xgboost", BOOSTED), pd.concat(frames, ignore_index=True)
        model = build(learner, context.columns, derive(seed, "boosted")).fit(materials, np.concatenate(known))
        return lambda frame: np.asarray(model.over_all(model.predict_proba(frame), context.classes).argmax(axis=1))


@dataclass(frozen=True, eq=False)
class Shown:
    """Which auxiliary records a copy learns from: those `in_boxes` that are closed, whose class need not be asked, and the others
    with their `own` labels, as people have them."""

    natural: Records
    in_boxes: bool
    own: bool


def _ends(asking: Asking) -> tuple[NDArray[np.int64], Labels]:
    """Both ends of every pair whose class is known: (n, d) and (n,)."""
    ends = [(pair.asked, pair.label) for pair in asking.pairs]
    ends += [(pair.answered, asking.other(pair.label)) for pair in asking.pairs]
    known = [(point, label) for point, label in ends if label != UNKNOWN]
    return np.array([point for point, _ in known]), np.array([label for _, label in known], dtype=np.intp)
