"""The ROC of membership scores: ties stay whole, nothing is interpolated, higher means more likely a member."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from auditor.scoring.intervals import Floats, Interval, clopper_pearson_limits, quantile

POINTS = 160


@dataclass(frozen=True, eq=False)
class Placements:
    """DeLong's structural components: `members` (P,) is the share of non-members that each member's score beats (ties half),
    `non_members` (N,) the share of members that beat each non-member. Both have the AUC as their mean."""

    members: Floats
    non_members: Floats

    @property
    def auc(self) -> float:
        return float(self.members.mean())

    @property
    def variance(self) -> float:
        """Variance of the AUC over records (DeLong, DeLong and Clarke-Pearson 1988, eq. 3)."""
        return _spread(self.members) + _spread(self.non_members)


def placements(scores: Floats, is_member: NDArray[np.bool_]) -> Placements:
    """`scores` (..., n) -> placements averaged over the leading axis: those of the mean AUC of several score vectors."""
    table = np.atleast_2d(scores)
    placed = [(_below(row[is_member], row[~is_member]), 1.0 - _below(row[~is_member], row[is_member])) for row in table]
    members, non_members = zip(*placed, strict=True)
    return Placements(np.mean(members, axis=0), np.mean(non_members, axis=0))


def _below(scores: Floats, others: Floats) -> Floats:
    """The share of the others that each score is above, ties half; not known where a score is not a number."""
    if np.isnan(scores).any() or np.isnan(others).any():
        return np.full(len(scores), np.nan)
    ranked = np.sort(others)
    return np.asarray((ranked.searchsorted(scores, "left") + ranked.searchsorted(scores, "right")) / 2 / len(others))


def auc(scores: Floats, is_member: NDArray[np.bool_]) -> float:
    return placements(scores, is_member).auc


def auc_interval(scores: Floats, is_member: NDArray[np.bool_], alpha: float = 0.05) -> Interval:
    """AUC with DeLong's variance on the logit scale.

    DeLong's variance is zero where every pair came out alike (AUC 0 or 1, or nothing but ties), though a pair not yet seen may
    differ. Members and non-members form min(P, N) independent pairs, so a kind of pair that none of them shows has probability
    at most q = 1 - (alpha / 2) ** (1 / min(P, N)), and there the interval reaches as far as such pairs would move the AUC. Where
    few pairs differ DeLong's variance is too small as well; half that reach then keeps the coverage (docs/score.md).
    """
    return auc_limits(placements(scores, is_member), alpha)


def auc_limits(placed: Placements, alpha: float) -> Interval:
    """The same from placements that are known already: several error levels need them once."""
    value = min(1.0, max(0.0, placed.auc))
    pairs = min(len(placed.members), len(placed.non_members))
    unseen = (1.0 - (alpha / 2) ** (1.0 / pairs)) * (0.5 if placed.variance > 0 else 1.0)
    low, high = _logit_limits(value, float(np.sqrt(placed.variance)), quantile(alpha))
    return Interval(min(low, value * (1 - unseen)), value, max(high, value + (1 - value) * unseen))


def cut(outsiders: Floats, rate: float) -> float:
    """The smallest cut above which at most `rate` of `outsiders` lie; a record is called a member if its score is > the cut."""
    allowed = int(np.floor(rate * len(outsiders) + 1e-9))
    if allowed >= len(outsiders):
        return -np.inf
    place = len(outsiders) - 1 - allowed
    return float(np.partition(outsiders, place)[place])


def below_the_top(scores: Floats) -> float:
    """The cut that only the largest score and what ties with it are above; -inf where all are alike."""
    return float(scores[scores < scores.max()].max(initial=-np.inf))


def best_cut(scores: Floats, is_member: NDArray[np.bool_]) -> float:
    """The cut with the largest TPR - FPR on these records; -inf if no cut is better than calling everybody a member."""
    order = np.argsort(-scores, kind="stable")
    steps = np.where(is_member[order], 1 / is_member.sum(), -1 / (~is_member).sum())
    ends = np.flatnonzero(np.append(np.diff(scores[order]) != 0, True))
    gains = np.cumsum(steps)[ends]
    best = int(np.argmax(gains))
    return -np.inf if gains[best] <= 0 or best + 1 >= len(ends) else float(scores[order][ends[best + 1]])


def curve(scores: Floats, is_member: NDArray[np.bool_], alpha: float = 0.05) -> dict[str, list[float]]:
    """At most 200 points, evenly spaced in log FPR, with a pointwise Clopper-Pearson band on the TPR at each threshold.

    A point with no false positive, if any member is found there, comes first with an FPR of 0.
    """
    fp, tp = _counts(scores, is_member)
    chosen = _thinned(fp)
    positives, negatives = int(is_member.sum()), int((~is_member).sum())
    low, high = clopper_pearson_limits(tp[chosen].astype(float), positives, alpha)
    found = tp[chosen] / positives
    columns = {"fpr": fp[chosen] / negatives, "tpr": found, "tpr_low": low, "tpr_high": high}
    return {name: [float(v) for v in values] for name, values in columns.items()}


def _counts(scores: Floats, is_member: NDArray[np.bool_]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """False and true positives at every distinct threshold, the strictest first."""
    order = np.argsort(-scores, kind="stable")
    ends = np.flatnonzero(np.append(np.diff(scores[order]) != 0, True))
    found = np.cumsum(is_member[order].astype(np.intp))[ends]
    return ends + 1 - found, found


def _thinned(fp: NDArray[np.intp]) -> NDArray[np.intp]:
    """For each allowed number of false positives on a log grid, the last threshold that keeps to it."""
    grid = np.unique(np.geomspace(1, max(1, fp[-1]), POINTS).astype(int))
    places = np.searchsorted(fp, np.append(0, grid), side="right") - 1
    return np.unique(places[places >= 0])


def _spread(values: Floats) -> float:
    return float(np.var(values, ddof=1) / len(values)) if len(values) > 1 else 0.25


def _logit_limits(value: float, error: float, z: float) -> tuple[float, float]:
    if not 0 < value < 1:
        return value, value
    centre, half = np.log(value / (1 - value)), z * error / (value * (1 - value))
    low, high = 1 / (1 + np.exp(-(centre - half))), 1 / (1 + np.exp(-(centre + half)))
    return float(low), float(high)
