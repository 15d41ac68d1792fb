"""How much a score finds on models whose members are known: what attacks are tuned by, on shadows that play the target."""

import numpy as np
from numpy.typing import NDArray

from auditor.attacks.membership.pairs import Floats

LOW_RATE = 0.001


def auc(scores: Floats, is_member: NDArray[np.bool_]) -> float:
    """Probability that a member outscores a non-member, ties counted half."""
    from scipy.stats import rankdata

    members, others = int(is_member.sum()), int((~is_member).sum())
    return float((rankdata(scores)[is_member].sum() - members * (members + 1) / 2) / (members * others))


def low_rate_power(scores: Floats, is_member: NDArray[np.bool_]) -> float:
    """The share of members above the cut that at most 0.1 % of the others are above."""
    others = np.sort(scores[~is_member])[::-1]
    return float((scores[is_member] > others[int(LOW_RATE * len(others))]).mean())
