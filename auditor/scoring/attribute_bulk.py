"""All guesses about an attribute: how many people are guessed right, beside those who were not trained on and without the model."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from auditor.scoring.intervals import Interval, difference, paired_difference, wilson

Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Right:
    """Who is guessed right: `members` (m,) by the attack, `imputer` (m,) the same members without the model, `non_members` (u,) by
    the attack."""

    members: Mask
    imputer: Mask
    non_members: Mask

    @property
    def shares(self) -> tuple[float, float, float]:
        return float(self.members.mean()), float(self.imputer.mean()), float(self.non_members.mean())

    @property
    def best(self) -> float:
        """What is reached without having been told by training: the better of the two rivals."""
        return max(self.shares[1:])


def accuracy_advantage(right: Right, alpha: float) -> Interval:
    """Share of members guessed right minus the better rival's: the smaller of the two differences and of each of their limits, so
    that the lower limit errs no more often than the one against the true better rival.

    Against imputation the people are the same ones (Newcombe 1998, Statistics in Medicine 17, 2635), against non-members they are
    others (the same volume, 873). Each side needs at least one record.
    """
    rivals = (paired_difference(right.members, right.imputer, alpha), _against_others(right, alpha))
    return Interval(min(r.low for r in rivals), min(r.value for r in rivals), min(r.high for r in rivals))


def _against_others(right: Right, alpha: float) -> Interval:
    ours, theirs = (wilson(int(side.sum()), len(side), alpha) for side in (right.members, right.non_members))
    return difference(ours, theirs)
