"""The scale on which the trees of an ensemble add up: log-odds where trees are boosted, the answers themselves where they vote."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

Floats = NDArray[np.float64]
TINY = 1e-12


@dataclass(frozen=True)
class Link:
    """`is_logistic`: scores are log p_k - log p_0 (the softmax of trees that are added); else the answers as they are."""

    is_logistic: bool

    def scores(self, answers: Floats) -> Floats:
        """(n, C) answers -> (n, C - 1) log-odds against the first class, or the answers. Classes not returned count as 0."""
        known = np.nan_to_num(answers)
        if not self.is_logistic:
            return known
        if known.shape[1] == 2:  # each side from the smaller probability, which is told with more digits
            odd = np.clip(known, TINY, None)
            from_second = np.log(odd[:, 1]) - np.log1p(-np.minimum(odd[:, 1], 0.5))
            from_first = np.log1p(-np.minimum(odd[:, 0], 0.5)) - np.log(odd[:, 0])
            return np.where(odd[:, 1] <= 0.5, from_second, from_first)[:, None]
        logs = np.log(np.clip(known, TINY, None))
        return np.asarray(logs[:, 1:] - logs[:, :1])

    def answers(self, scores: Floats) -> Floats:
        """The way back: (n, C)."""
        if not self.is_logistic:
            return scores
        return np.asarray(softmax(np.column_stack([np.zeros(len(scores)), scores]), axis=1))
