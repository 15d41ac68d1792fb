"""Between which thresholds the records of a leaf lie: read off the path from the root, no record needed."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from auditor.domain.parameters import Trees

Floats = NDArray[np.float64]
Places = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Bounded:
    """B pairs of a leaf and a feature that splits on its path bound on both sides: `leaf`, `feature`, `low`, `high` (B,) each.
    A record of the leaf has low < x <= high (low <= x < high where the trees are not `closed`), or misses the value."""

    leaf: Places
    feature: Places
    low: Floats
    high: Floats


def bounded(trees: Trees, leaves: Places) -> Bounded:
    """The features that are bounded on both sides in these leaves (m,), climbing from all of them to the roots at once."""
    parent, is_left = _parents(trees)
    found: list[tuple[Places, Places, Floats, NDArray[np.bool_]]] = []
    leaf, node = leaves, leaves
    while len(node):
        above = parent[node]
        inside = (above >= 0) & ~trees.categorical[above]
        found.append((leaf[inside], trees.feature[above[inside]], trees.threshold[above[inside]], is_left[node[inside]]))
        climbing = above >= 0
        leaf, node = leaf[climbing], above[climbing]
    if not found:
        nothing = np.zeros(0)
        return Bounded(leaves[:0], leaves[:0], nothing, nothing)
    return _joined(*(np.concatenate(column) for column in zip(*found, strict=True)))


def _parents(trees: Trees) -> tuple[Places, NDArray[np.bool_]]:
    """(N,) the parent of each node, -1 at roots, and whether the node is its parent's left child."""
    parent, is_left = np.full(len(trees.feature), -1, dtype=np.int64), np.zeros(len(trees.feature), dtype=bool)
    inner = np.flatnonzero(~trees.is_leaf)
    parent[trees.left[inner]] = parent[trees.right[inner]] = inner
    is_left[trees.left[inner]] = True
    return parent, is_left


def _joined(leaf: Places, feature: Places, threshold: Floats, is_left: NDArray[np.bool_]) -> Bounded:
    """The tightest bound on each side of each pair; a pair that lacks one side is left out."""
    pairs, place = np.unique(np.column_stack([leaf, feature]), axis=0, return_inverse=True)
    place = place.reshape(-1)
    low, high = np.full(len(pairs), -np.inf), np.full(len(pairs), np.inf)
    np.maximum.at(low, place[~is_left], threshold[~is_left])
    np.minimum.at(high, place[is_left], threshold[is_left])
    both = np.isfinite(low) & np.isfinite(high)
    return Bounded(pairs[both, 0], pairs[both, 1], low[both], high[both])


def spans(trees: Trees) -> dict[int, float]:
    """By feature: how far its smallest and largest threshold lie apart. That is at most the range of the training data, so a width
    relative to it is never understated."""
    inner = ~trees.is_leaf & ~trees.categorical
    feature, threshold = trees.feature[inner], trees.threshold[inner]
    return {int(one): float(np.ptp(threshold[feature == one])) for one in np.unique(feature)}


def roots_of(trees: Trees, nodes: Places) -> Places:
    """The number of the tree of each node."""
    return np.asarray(np.searchsorted(trees.starts, nodes, side="right") - 1, dtype=np.int64)
