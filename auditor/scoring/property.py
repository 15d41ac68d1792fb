"""Grading of property inference: how often held-out models are placed in the right world, and what that is worth."""

import math

import numpy as np

from auditor.domain.evidence import PropertyGuess
from auditor.domain.finding import Estimate
from auditor.errors import AttackFailed
from auditor.scoring.grading import Assessment, Grading, Truth
from auditor.scoring.intervals import Interval, clopper_pearson

UNLIKE = 1.5  # times the distance of the farthest victim: beyond it the target belongs to neither world


def assess_property(evidence: PropertyGuess, truth: Truth, grading: Grading) -> Assessment:
    """S = 100 max(0, 2 A - 1), A the share of victims placed right. A target unlike the models of both worlds has no score: what
    holds for the victims says nothing about it. Raises AttackFailed where it is not known who has the property."""
    if truth.attribute is None or not truth.is_member.any():
        raise AttackFailed("It is not known which members have the property, so the guess cannot be graded.")
    share = float((truth.attribute[truth.is_member] == 1).mean())
    right, trials = _right(evidence), evidence.votes.size
    printed, decides = (clopper_pearson(right, trials, alpha) for alpha in (grading.marginal_alpha, grading.alpha))
    estimates = _estimates(evidence, printed, decides, grading, (share, int(truth.is_member.sum())))
    if evidence.target[1] > UNLIKE * evidence.distances.max():
        return Assessment(estimates, None, None, None, (_unlike(evidence), _worlds(evidence)), resolved=False)
    score, low, high = (100 * max(0.0, 2 * rate - 1) for rate in (decides.value, decides.low, decides.high))
    return Assessment(estimates, score, low, high, (_told(evidence, share), _worlds(evidence)))


def _right(evidence: PropertyGuess) -> int:
    """Victims on the right side of the threshold; a tie is half right, and an odd half is given away."""
    first, second = evidence.votes
    cut = evidence.threshold
    return math.floor(float((first < cut).sum() + (second > cut).sum() + 0.5 * (evidence.votes == cut).sum()))


def n_leaked(accuracy: float, ratios: tuple[float, float]) -> float:
    """How many records of the distribution, shown to the adversary, would tell the two ratios apart with this accuracy at most.

    Suri & Evans 2022 (arXiv 2109.06024): w <= (1 + sqrt(1 - rho^n)) / 2 with rho the larger ratio, smaller to larger, of the two
    shares or of their complements, hence n = log(4 w (1 - w)) / log(rho); infinite at w = 1, 0 where nothing is told.
    """
    low, high = min(ratios), max(ratios)
    rho = max(low / high, (1 - high) / (1 - low))
    if accuracy <= 0.5 or rho == 1.0:
        return 0.0
    return math.inf if accuracy >= 1.0 else math.log(4 * accuracy * (1 - accuracy)) / math.log(rho)


def _estimates(
    evidence: PropertyGuess, printed: Interval, decides: Interval, grading: Grading, members: tuple[float, int]
) -> tuple[Estimate, ...]:
    n = evidence.votes.size
    simultaneous = decides.low if grading.is_simultaneous else None
    accuracy = Estimate(
        "property_accuracy",
        printed.value,
        printed.low,
        printed.high,
        grading.confidence,
        n,
        low_simultaneous=simultaneous,
    )
    leaked = [n_leaked(rate, evidence.ratios) for rate in (printed.value, printed.low, printed.high)]
    reason = f"Every victim was placed right, which no number of records does; at least {leaked[1]:.1f} by the lower limit."
    records = (
        Estimate("n_leaked", leaked[0], leaked[1], leaked[2] if math.isfinite(leaked[2]) else None, grading.confidence, n)
        if math.isfinite(leaked[0])
        else Estimate("n_leaked", reason=reason)
    )
    return accuracy, records, Estimate("property_share", members[0], n=members[1])


def _told(evidence: PropertyGuess, share: float) -> str:
    """What the attack says of the target itself, and whether it is right: one guess, which carries no interval."""
    first, second = evidence.ratios
    said = second if evidence.target[0] > evidence.threshold else first
    nearer = first if abs(share - first) <= abs(share - second) else second
    verdict = "which is right" if said == nearer else "which is wrong"
    if np.isclose(evidence.target[0], evidence.threshold):
        return f"Of the target itself the attack says nothing: its pairs are split. {share:.0%} of members have the property."
    return (
        f"Of the target itself the attack says {said:.0%} rather than {first + second - said:.0%}, {verdict}:"
        f" {share:.0%} of the members have the property."
    )


def _unlike(evidence: PropertyGuess) -> str:
    times = evidence.target[1] / max(evidence.distances.max(), 1e-12)
    return (
        f"The target's answers are {times:.1f} times as far from the models of both worlds as any held-out model's: what is found"
        " for such models says nothing about it; declare its learner, or ratios nearer to the truth."
    )


def _worlds(evidence: PropertyGuess) -> str:
    return (
        f"Models of both worlds were trained on {evidence.records:,} auxiliary records each; a target with more records may tell"
        " more. Only a share that is confidential is a leak."
    )
