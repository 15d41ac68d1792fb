"""How many training records stand behind each node: as the file says it, or as far as what it says tells."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from auditor.domain.parameters import Count, Trees

Floats = NDArray[np.float64]
LARGEST_CURVATURE = {False: 0.25, True: 0.5}
"""A record's second derivative is p (1 - p) of a logistic loss, and XGBoost doubles it for several classes."""


@dataclass(frozen=True, eq=False)
class Counted:
    """`records` (N,): training records behind each node; where not `is_verified`, at least so many. `may_be_one`: a leaf of a
    single record cannot be excluded. `sentence` says what the file does not."""

    records: Floats
    is_verified: bool
    may_be_one: bool
    words: str
    sentence: str = ""


def counted(trees: Trees) -> Counted:
    """Whole numbers are records; a bagged forest counts a record as often as it was drawn, so a leaf of 1 holds exactly one. Of
    XGBoost's second derivatives only a lower bound follows, except under squared error, where each record counts 1."""
    count, words = trees.count, str(trees.counted)
    if trees.counted is Count.UNKNOWN or np.isnan(count).any():
        return Counted(count, False, False, words, "The file does not say how many training records stand behind a leaf.")
    if (count == np.round(count)).all() and count.min(initial=1) >= 1:
        return Counted(count, True, False, words)
    if trees.counted is Count.HESSIANS:
        return _at_least(trees, count)
    sentence = "The leaves add up record weights that are not whole, so how many records stand behind one cannot be told."
    return Counted(count, False, True, words, sentence)


def _at_least(trees: Trees, count: Floats) -> Counted:
    """A leaf whose cover is H holds at least H / 0.25 records (H / 0.5 with several classes)."""
    largest = LARGEST_CURVATURE[bool((trees.output_of > 0).any())]
    fewest = np.ceil(count / largest - 1e-6)
    least = float(fewest[trees.is_leaf].min(initial=np.inf))
    sentence = (
        f"The leaves add up second derivatives of the loss, a proxy: every leaf holds at least {least:,.0f} training records."
        if least > 1
        else "The leaves add up second derivatives of the loss, a proxy, from which a leaf of a single record cannot be excluded."
    )
    return Counted(fewest, False, least <= 1, str(trees.counted), sentence)
