"""The surest claims about an attribute: how often they are right of members, of non-members, and without the model."""

from dataclasses import dataclass

import numpy as np

from auditor.domain.seeds import generator
from auditor.scoring.intervals import Floats, Interval, difference, percentiles, wilson
from auditor.scoring.precision import Claims, precision_at, resampled


@dataclass(frozen=True, eq=False)
class Arms:
    """P@k of the attack on members, of the imputer on the same members, and of both on non-members (same share k)."""

    members: Claims
    imputer: Claims
    non_members: Claims
    k: int
    imputer_non_members: Claims

    @property
    def k_non_members(self) -> float:
        return max(1.0, self.k * len(self.non_members) / len(self.members))

    def precision(self) -> tuple[float, float, float]:
        pairs = ((self.members, self.k), (self.imputer, self.k), (self.non_members, self.k_non_members))
        found = [float(precision_at(made, k)[0]) for made, k in pairs]
        return found[0], found[1], found[2]


def advantage(arms: Arms, draws: Floats, alpha: float) -> Interval:
    """P@k on members minus the better rival: the smaller of the two differences and of each of their limits.

    Limits are percentiles of the paired bootstrap. A precision of 0 or 1 never varies under resampling, though people not seen may
    differ: then the limits reach at least as far as Newcombe's for independent proportions.
    """
    members, imputer, non_members = arms.precision()
    ours = (members, float(arms.k))
    rivals = [
        _above(ours, rival, draws[0] - draws[place], alpha)
        for place, rival in ((1, (imputer, float(arms.k))), (2, (non_members, arms.k_non_members)))
    ]
    return Interval(min(r.low for r in rivals), min(r.value for r in rivals), min(r.high for r in rivals))


def distributional(arms: Arms, draws: Floats, alpha: float) -> Interval:
    """P@k on non-members minus the imputer's on the same non-members: what the model tells of people it never saw."""
    k = arms.k_non_members
    found = [(float(precision_at(made, k)[0]), k) for made in (arms.non_members, arms.imputer_non_members)]
    return _above(found[0], found[1], draws[2] - draws[3], alpha)


def _above(ours: tuple[float, float], rival: tuple[float, float], draws: Floats, alpha: float) -> Interval:
    """Difference of two precisions, each with its k, from resampled differences (B,)."""
    value = ours[0] - rival[0]
    low, high = percentiles(draws, alpha)
    if min(ours[0], 1 - ours[0], rival[0], 1 - rival[0]) < 1e-9:
        plain = difference(*(wilson(share * k, k, alpha) for share, k in (ours, rival)))
        low, high = min(low, plain.low), max(high, plain.high)
    return Interval(min(low, value), value, max(high, value))


def draws_of(arms: Arms, seed: int) -> Floats:
    """(4, B): members, imputer, non-members, imputer on these; each two under the same resamples."""
    rng = generator(seed, "precision")
    paired = resampled(((arms.members, arms.k), (arms.imputer, arms.k)), rng)
    others = ((arms.non_members, arms.k_non_members), (arms.imputer_non_members, arms.k_non_members))
    return np.concatenate([paired, resampled(others, rng)])
