"""Grading of deterministic checks: what was found is certain, so a score has no interval."""

import numpy as np
from numpy.typing import NDArray

from auditor.domain.evidence import Disclosures
from auditor.domain.finding import Estimate, Severity
from auditor.scoring.grading import Assessment, Grading, Truth
from auditor.scoring.intervals import clopper_pearson

FLOORS = {Severity.NONE: 0.0, Severity.LOW: 5.0, Severity.MODERATE: 25.0, Severity.HIGH: 50.0, Severity.CRITICAL: 75.0}
"""The score at which each severity begins (docs/score.md); a check that found something is worth the floor of its severity."""


def assess_disclosures(evidence: Disclosures, truth: Truth, grading: Grading) -> Assessment:
    """The gravest thing that was found. What could not be looked at leaves the finding unresolved, with an open upper limit."""
    found = [check for check in evidence.checks if check.found]
    unseen = [check for check in evidence.checks if check.found is None]
    score = max((FLOORS[check.severity] for check in found), default=0.0)
    sentences = tuple(check.sentence for check in (*found, *unseen))
    estimates = (*_counted(evidence), *_shares(evidence, truth, grading))
    if unseen and not found:
        return Assessment(estimates, None, None, None, sentences, resolved=False)
    high = max([score, *(FLOORS[check.severity] for check in unseen)])
    return Assessment(estimates, score, score, high, sentences, resolved=not unseen)


def _counted(evidence: Disclosures) -> tuple[Estimate, ...]:
    """How many checks found something, of all that there are."""
    return (Estimate("disclosures", float(sum(check.found is True for check in evidence.checks)), n=len(evidence.checks)),)


def _shares(evidence: Disclosures, truth: Truth, grading: Grading) -> tuple[Estimate, ...]:
    """Of members: whose values the parameters give away. Of non-members: who would be taken for one of them."""
    if evidence.boxed is None:
        return ()
    inside = np.zeros(len(truth.is_member), dtype=bool)
    inside[list(evidence.boxed)] = True
    sides = {"boxed_share": inside[truth.is_member], "boxed_share_non_members": inside[~truth.is_member]}
    return tuple(_share(name, side, grading) for name, side in sides.items() if len(side))


def _share(name: str, inside: NDArray[np.bool_], grading: Grading) -> Estimate:
    limits = clopper_pearson(int(inside.sum()), len(inside), grading.marginal_alpha)
    return Estimate(name, limits.value, limits.low, limits.high, grading.confidence, len(inside))
