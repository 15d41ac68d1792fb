"""A classifier that learns from shadows which answers members get, and the rule that says whether it is worth its trust."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from auditor.attacks.membership.pairs import Floats
from auditor.attacks.membership.power import auc, low_rate_power
from auditor.attacks.membership.stack_features import Table

Masks = NDArray[np.bool_]

LEAVES = 15
LEARNING_RATE = 0.08
L2 = 1.0
LEAF, ROWS_A_LEAF = 200, 100  # records in a leaf: 200, or a hundredth of the rows where those are few
TIE_BREAK = 1e-6  # decision values of trees tie; nats of the log-ratio resolve them and change nothing else
MARGIN = 0.005


@dataclass(frozen=True, eq=False)
class Stacker:
    """`reach`: the largest `beyond` of the tables it was fitted on."""

    trees: Any
    reach: float

    def score(self, seen: Table) -> Floats:
        """(n,) log-odds of membership."""
        return np.asarray(self.trees.decision_function(seen.features) + TIE_BREAK * seen.ratio + self._further(seen))

    def ratio(self, seen: Table) -> Floats:
        """(n,) the log-ratio instead, for shadows that trees learn nothing from."""
        return np.asarray(seen.ratio + self._further(seen))

    def _further(self, seen: Table) -> Floats:
        """What is surer than any answer of the shadows, in standard deviations: a target that remembers records better than
        they do stands out. Trees know no answer beyond those they were fitted on, and a ratio of probabilities near 1 is near 1."""
        return np.maximum(seen.beyond - self.reach, 0.0)


def fit(tables: Sequence[Table], membership: Masks, trees: int) -> Stacker:
    """Gradient-boosted trees on the records of shadows that play the target (Friedman 2001), monotone in the answer.

    Rows are sorted first: sums of floats depend on their order, and records come in any.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier

    features, is_member = _in_order(tables, membership.ravel())
    model = HistGradientBoostingClassifier(
        max_iter=trees,
        max_leaf_nodes=LEAVES,
        learning_rate=LEARNING_RATE,
        min_samples_leaf=max(1, min(LEAF, len(features) // ROWS_A_LEAF)),
        l2_regularization=L2,
        monotonic_cst=tables[0].rising,
        early_stopping=False,
        random_state=0,
    )
    model.fit(features, is_member)
    return Stacker(model, max(float(t.beyond.max()) for t in tables))


def _in_order(tables: Sequence[Table], is_member: NDArray[np.bool_]) -> tuple[Floats, NDArray[np.bool_]]:
    """All rows and their truth, sorted by the columns from the first to the last, then by truth; never held unsorted as well."""
    order = np.argsort(is_member, kind="stable")
    for column in reversed(range(tables[0].features.shape[1])):
        cells = np.concatenate([t.features[:, column] for t in tables])
        order = order[np.argsort(cells[order], kind="stable")]
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    features = np.empty((len(order), tables[0].features.shape[1]))
    for first, rows in zip(np.cumsum([0, *(len(t.features) for t in tables)]), tables, strict=False):
        features[place[first : first + len(rows.features)]] = rows.features
    return features, is_member[order]


def is_better(stacked: Floats, ratios: Floats, membership: Masks) -> bool:
    """Does the stacker beat the log-ratio on pseudo-targets (J, n) that it was not fitted on: by a standard error over them in TPR
    at 0.1 %, or in AUC by two and a margin? The margin is what it seems to gain where there is nothing to
    learn, for trees of one fold were fitted against shadows of the other."""
    gains = np.array(
        [[f(s, m) - f(r, m) for f in (auc, low_rate_power)] for s, r, m in zip(stacked, ratios, membership, strict=True)]
    )
    mean, error = gains.mean(axis=0), gains.std(axis=0, ddof=1) / np.sqrt(len(gains))
    return bool(mean[0] > MARGIN + 2 * error[0] or mean[1] > error[1])
