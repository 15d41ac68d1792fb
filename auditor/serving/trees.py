"""Trees from a file, checked before anything walks them: a crafted index would read beyond an array, a cycle never end."""

import numpy as np

from auditor.domain.parameters import Trees
from auditor.serving.refused import Refused


def check(trees: Trees, features: int) -> Trees:
    """The same trees; raises Refused where an index leads out of its tree, two nodes share a child, or a number is not finite."""
    starts, inner = trees.starts, ~trees.is_leaf
    if len(starts) < 2 or starts[0] != 0 or (np.diff(starts) < 1).any() or starts[-1] != len(trees.feature):
        raise Refused("the trees of the file are empty or do not fit together; save the model again")
    if (trees.feature >= features).any() or (trees.feature < -1).any():
        raise Refused(f"a split uses a feature beyond the {features} of the model; the file is damaged or crafted")
    tree = np.searchsorted(starts, np.arange(starts[-1]), side="right") - 1
    for child in (trees.left, trees.right):
        if ((child[inner] < starts[tree[inner]]) | (child[inner] >= starts[tree[inner] + 1])).any():
            raise Refused("a split leads to a node outside its tree; the file is damaged or crafted")
    reached = np.bincount(np.concatenate([trees.left[inner], trees.right[inner]]), minlength=int(starts[-1]))
    if (reached > 1).any() or reached[starts[:-1]].any():
        raise Refused("a node is reached on two ways, so a record could go round for ever; the file is damaged or crafted")
    if np.isnan(trees.threshold[inner & ~trees.categorical]).any():
        raise Refused("a split has NaN as its threshold; the file is damaged or crafted")
    if not np.isfinite(trees.value[~inner]).all():
        raise Refused("a leaf has a value that is not finite; the file is damaged or crafted")
    return trees


def starts_of(sizes: list[int]) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
    return np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
