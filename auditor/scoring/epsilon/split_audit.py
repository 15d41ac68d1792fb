"""Epsilon from members and non-members of a random split: an empirical estimate, since nobody tossed a coin for each record."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from auditor.domain.evidence import MembershipScores
from auditor.domain.finding import Estimate
from auditor.scoring import thresholds
from auditor.scoring.epsilon import bayesian, choice, clopper_pearson, gaussian, ranks
from auditor.scoring.epsilon.counts import Counts, Mask
from auditor.scoring.grading import Grading

NAME = "empirical_epsilon"
CLOPPER_PEARSON = "clopper-pearson"
GAUSSIAN = "gaussian-dp"
JEFFREYS = "jeffreys (credible)"
JOINT = "joint-bayesian (credible)"
DECIDING = (CLOPPER_PEARSON, GAUSSIAN)  # registered beforehand; they share the error where a claim is answered
FEWEST = 10


@dataclass(frozen=True, eq=False)
class SplitAudit:
    """What every method reads: finite scores, the truth, the claimed delta, and the terms of grading."""

    evidence: MembershipScores
    is_member: Mask
    delta: float
    grading: Grading

    @property
    def sides(self) -> tuple[int, int]:
        return int(self.is_member.sum()), int((~self.is_member).sum())

    @property
    def is_calibrated(self) -> bool:
        """Are there pseudo-targets with members and non-members of their own?"""
        return 0 < int(self.evidence.membership.sum()) < self.evidence.membership.size

    @property
    def perfect(self) -> "SplitAudit":
        """The same audit by an attack that is always right: what it shows is the most that so many records can show."""
        sure = MembershipScores(self.is_member.astype(float), *_nobody(len(self.is_member)))
        return SplitAudit(sure, self.is_member, self.delta, self.grading)


def empirical(evidence: MembershipScores, is_member: Mask, grading: Grading, delta: float) -> tuple[Estimate, ...]:
    """Lower bounds on epsilon at `delta`, one estimate for each method; they hold if inclusion was random and exchangeable.

    `value` = `low` is the bound at `grading.confidence` (credible ones: the lower limit of the central interval), `ceiling` the
    largest that so many records can show by this method. `low_simultaneous` is the bound that may answer a claim: the two
    methods that decide share what error the family's attacks and the looks leave. Raises AttackFailed for scores that cannot be
    graded.
    """
    audit = SplitAudit(thresholds.checked(evidence, is_member), is_member, delta, grading)
    if min(audit.sides) < FEWEST:
        return (Estimate(NAME, reason=f"needs at least {FEWEST} members and {FEWEST} non-members"),)
    return (_assumption_free(audit), _gaussian(audit), *_credible(audit))


def _assumption_free(audit: SplitAudit) -> Estimate:
    """At the pseudo-targets' threshold where there are some, else over all ranks at once; both exact for any mechanism."""
    alpha, shared = _errors(audit.grading)
    bound = _at_calibrated_cut if audit.is_calibrated else _over_ranks
    largest = _best_case(audit, alpha if audit.is_calibrated else alpha / 2)
    return _estimate(audit, CLOPPER_PEARSON, bound(audit, alpha), largest, bound(audit, shared), audit.is_calibrated)


def _at_calibrated_cut(audit: SplitAudit, alpha: float) -> float:
    return float(clopper_pearson.precision(_counts(audit), audit.delta, alpha)[0])


def _best_case(audit: SplitAudit, alpha: float) -> float:
    """All members called members and nobody else, or the other way round: no walk shows more than its best rank alone."""
    best = choice.Cut(0.5).counts(audit.is_member.astype(float), audit.is_member)
    return float(max(clopper_pearson.precision(side, audit.delta, alpha)[0] for side in (best, best.mirrored)))


def _over_ranks(audit: SplitAudit, alpha: float) -> float:
    return ranks.simultaneous(audit.evidence.target, audit.is_member, audit.delta, alpha)


def _gaussian(audit: SplitAudit) -> Estimate:
    if audit.delta == 0:
        return Estimate(NAME, reason="no Gaussian mechanism keeps an epsilon at delta 0; state a delta above 0")
    alpha, shared = _errors(audit.grading)
    low, largest = _gaussian_bound(audit, alpha), _gaussian_bound(audit.perfect, alpha)
    return _estimate(audit, GAUSSIAN, low, largest, _gaussian_bound(audit, shared))


def _gaussian_bound(audit: SplitAudit, alpha: float) -> float:
    return gaussian.epsilon_of(gaussian.simultaneous(audit.evidence.target, audit.is_member, alpha), audit.delta)


def _credible(audit: SplitAudit) -> tuple[Estimate, ...]:
    """Both read one threshold: that of the pseudo-targets, else the best of one half of the records, counted on the other."""
    alpha = audit.grading.marginal_alpha
    counts = _counts(audit)
    sure = Counts(np.array([float(counts.members)]), np.zeros(1), counts.members, counts.non_members)
    methods = ((JEFFREYS, bayesian.jeffreys), (JOINT, bayesian.joint))
    found = []
    for method, interval in methods:
        low, largest = interval(counts, audit.delta, alpha)[0], interval(sure, audit.delta, alpha)[0]
        found.append(_estimate(audit, method, low, largest, calibrated=audit.is_calibrated))
    return tuple(found)


def _counts(audit: SplitAudit) -> Counts:
    """At one threshold, the same for every method and every share of the error."""
    scores, inside, alpha = audit.evidence.target, audit.is_member, audit.grading.marginal_alpha
    if audit.is_calibrated:
        return choice.from_pseudo_targets(audit.evidence, *audit.sides, alpha).counts(scores, inside)
    return choice.held_out(scores, inside, alpha, audit.grading.seed)


def _errors(grading: Grading) -> tuple[float, float]:
    """The error of a printed bound, and of one that may answer a claim."""
    return grading.marginal_alpha, grading.alpha / len(DECIDING)


def _estimate(
    audit: SplitAudit, method: str, bound: float, largest: float, shared: float | None = None, calibrated: bool = False
) -> Estimate:
    return Estimate(
        NAME,
        bound,
        bound,
        confidence=audit.grading.confidence,
        n=len(audit.is_member),
        threshold=thresholds.CALIBRATED if calibrated else None,
        low_simultaneous=shared,
        ceiling=largest,
        method=method,
    )


def _nobody(n: int) -> tuple[NDArray[np.float64], Mask]:
    return np.zeros((0, n)), np.zeros((0, n), dtype=bool)
