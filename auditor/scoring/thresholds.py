"""Where the line is drawn between "member" and "not": calibrated on pseudo-targets, or on the target's own non-members (oracle)."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from auditor.domain.evidence import MembershipScores
from auditor.errors import AttackFailed
from auditor.scoring import roc
from auditor.scoring.intervals import Floats, Interval, clopper_pearson

CALIBRATED, ORACLE = "calibrated", "oracle"
NEEDED = {0.01: 500, 0.001: 5_000}


@dataclass(frozen=True)
class Rates:
    """What one cut does to the target's members and non-members, with Clopper-Pearson limits.

    `reached` is False where ties leave no cut between "nobody" and more false positives than `rate` allows.
    """

    rate: float
    tpr: Interval
    fpr: Interval
    reached: bool = True


def checked(evidence: MembershipScores, is_member: NDArray[np.bool_]) -> MembershipScores:
    """The same scores with infinities made finite. Raises AttackFailed where they cannot be graded."""
    if evidence.target.shape != is_member.shape:
        scored = f"{evidence.target.size:,} records instead of {is_member.size:,}"
        raise AttackFailed(f"The attack scored {scored}; it has to give every candidate one score.")
    if evidence.pseudo_targets.shape != evidence.membership.shape:
        raise AttackFailed("The attack's scores for the pseudo-targets do not have the shape of their membership.")
    if np.isnan(evidence.target).any() or np.isnan(evidence.pseudo_targets).any():
        raise AttackFailed("The attack left scores that are not numbers (NaN); it has to give every candidate a score.")
    if is_member.all() or not is_member.any():
        raise AttackFailed("Grading needs both members and non-members among the candidates.")
    return replace(evidence, target=_finite(evidence.target), pseudo_targets=_finite(evidence.pseudo_targets))


def headline_rate(non_members: int) -> float | None:
    """The false-positive rate a0 at which the tail is graded: 0.1 % from 5,000 non-members, 1 % from 500, else none."""
    return next((rate for rate, needed in sorted(NEEDED.items()) if non_members >= needed), None)


def shortage(rate: float, non_members: int) -> str | None:
    """Why TPR at this rate cannot be resolved, or None if it can."""
    needed = NEEDED[rate]
    return None if non_members >= needed else f"needs at least {needed:,} non-members; {non_members:,} are left"


def kinds(evidence: MembershipScores) -> tuple[str, ...]:
    """The kinds of threshold that exist; the first is the one that is graded."""
    return (CALIBRATED, ORACLE) if len(evidence.pseudo_targets) else (ORACLE,)


def rates_at(evidence: MembershipScores, is_member: NDArray[np.bool_], rate: float, kind: str, alpha: float) -> Rates:
    """TPR and realised FPR of the target at the calibrated or the oracle cut for `rate`."""
    cut, reached = line(evidence, is_member, rate, kind)
    return replace(rates_above(evidence.target, is_member, cut, alpha), rate=rate, reached=reached)


def strictest(evidence: MembershipScores, is_member: NDArray[np.bool_], rate: float, kind: str, alpha: float) -> Rates:
    """The same; where ties leave no cut for `rate`, at the strictest one that calls anybody, whose FPR is larger.

    To drop the tail there would let a target pass whose answers are rounded, or a large audit where a smaller one shows a breach.
    """
    cut, reached = strictest_line(evidence, is_member, rate, kind)
    return replace(rates_above(evidence.target, is_member, cut, alpha), rate=rate, reached=reached)


def strictest_line(evidence: MembershipScores, is_member: NDArray[np.bool_], rate: float, kind: str) -> tuple[float, bool]:
    """The cut of `strictest`, and whether it is one for `rate`."""
    cut, reached = line(evidence, is_member, rate, kind)
    return cut if reached else roc.below_the_top(outsiders(evidence, is_member, kind)), reached


def line(evidence: MembershipScores, is_member: NDArray[np.bool_], rate: float, kind: str) -> tuple[float, bool]:
    """The cut above which a record is called a member, and whether ties leave anything above it.

    Calibrated: the smallest cut with FPR <= rate over the pooled OUT records of the pseudo-targets, so it knows nothing of the
    evaluated truth. Oracle: the same over the target's non-members; the TPR's limits hold as members played no part in it.
    """
    others = outsiders(evidence, is_member, kind)
    cut = roc.cut(others, rate)
    return cut, bool((others > cut).any() or (evidence.target > cut).any())


def outsiders(evidence: MembershipScores, is_member: NDArray[np.bool_], kind: str) -> Floats:
    """The scores of records outside the training data, which the cut of this kind is set on."""
    return evidence.pseudo_targets[~evidence.membership] if kind == CALIBRATED else evidence.target[~is_member]


def rates_above(scores: Floats, is_member: NDArray[np.bool_], cut: float, alpha: float) -> Rates:
    called = scores > cut
    tpr = clopper_pearson(int(called[is_member].sum()), int(is_member.sum()), alpha)
    return Rates(0.0, tpr, clopper_pearson(int(called[~is_member].sum()), int((~is_member).sum()), alpha))


def _finite(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.nan_to_num(np.asarray(scores, dtype=np.float64), posinf=1e300, neginf=-1e300)
