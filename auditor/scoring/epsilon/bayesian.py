"""Credible intervals of epsilon: Jeffreys' intervals of the two rates, and the joint posterior of Zanella-Beguelin et al.
(2023).

Credible, not frequentist: they state what to believe after a uniform-ish prior, and may exceed the truth in more audits than 1
- level. Both read one threshold that was fixed without the counted records.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from auditor.scoring.epsilon.counts import Counts
from auditor.scoring.intervals import Floats

NODES, WEIGHTS = np.polynomial.legendre.leggauss(400)
HIGHEST = 50.0


def jeffreys(counts: Counts, delta: float, alpha: float) -> tuple[float, float]:
    """(low, high) of epsilon at one threshold, from Jeffreys' intervals (level `alpha`, two-sided) of FNR and FPR.

    The ends are 0 or 1 where a rate was observed as 0 or 1, so `high` may be infinite.
    """
    low_missed, high_missed = _interval(counts.members - counts.tp, counts.members, alpha)
    low_wrong, high_wrong = _interval(counts.fp, counts.non_members, alpha)
    return _least(high_wrong, high_missed, delta), _least(low_wrong, low_missed, delta)


def joint(counts: Counts, delta: float, alpha: float) -> tuple[float, float]:
    """(low, high) of epsilon at one threshold: where the posterior probability that (epsilon, delta) is kept is alpha / 2, 1 -
    alpha / 2."""
    kept = posterior(counts, delta)
    return _root(kept, alpha / 2), _root(kept, 1 - alpha / 2)


def posterior(counts: Counts, delta: float) -> Callable[[float], float]:
    """epsilon -> P(the true (FPR, FNR) lies in the privacy region of (epsilon, delta)).

    FNR ~ Beta(1/2 + FN, 1/2 + TP) and FPR ~ Beta(1/2 + FP, 1/2 + TN), independent. The inner integral is a Beta distribution
    function; the outer is taken over quantiles of FNR, where it is smooth, by Gauss-Legendre quadrature.
    """
    from scipy.stats import beta

    missed = beta(0.5 + float(counts.members - counts.tp[0]), 0.5 + float(counts.tp[0]))
    wrong = beta(0.5 + float(counts.fp[0]), 0.5 + float(counts.non_members - counts.fp[0]))
    places, weights = _nodes(missed)

    def kept(epsilon: float) -> float:
        low, high = _region(places, epsilon, delta)
        return float(np.sum(weights * np.maximum(0.0, wrong.cdf(high) - wrong.cdf(low))))

    return kept


def _nodes(missed: Any) -> tuple[Floats, Floats]:
    """Places and weights in FNR. Substituting FNR = sin^2 takes the Beta density's poles at 0 and 1 away."""
    tail = 1e-12
    ends = np.arcsin(np.sqrt([missed.ppf(tail), missed.isf(tail)]))
    angles = ends[0] + (ends[1] - ends[0]) * (NODES + 1) / 2
    places = np.sin(angles) ** 2
    density = missed.pdf(places) * 2 * np.sin(angles) * np.cos(angles)
    return places, WEIGHTS * density * (ends[1] - ends[0]) / 2


def _region(missed: Floats, epsilon: float, delta: float) -> tuple[Floats, Floats]:
    """The FPRs that (epsilon, delta) allows beside each FNR."""
    grown, shrunk = np.exp(epsilon), np.exp(-epsilon)
    low = np.maximum.reduce([np.zeros_like(missed), 1 - delta - grown * missed, shrunk * (1 - delta - missed)])
    high = np.minimum.reduce([np.ones_like(missed), 1 + (delta - missed) * shrunk, delta + (1 - missed) * grown])
    return low, high


def _root(kept: Callable[[float], float], level: float) -> float:
    from scipy.optimize import brentq

    if kept(0.0) >= level:
        return 0.0
    return float(np.inf) if kept(HIGHEST) < level else float(brentq(lambda e: kept(e) - level, 0.0, HIGHEST, xtol=1e-7))


def _interval(events: Floats, trials: int, alpha: float) -> tuple[float, float]:
    from scipy.stats import beta

    count = float(events[0])
    low = 0.0 if count == 0 else float(beta.ppf(alpha / 2, 0.5 + count, 0.5 + trials - count))
    high = 1.0 if count == trials else float(beta.isf(alpha / 2, 0.5 + count, 0.5 + trials - count))
    return low, high


def _least(wrong: float, missed: float, delta: float) -> float:
    """The smallest epsilon whose region holds these rates; both are read in the attack's direction."""
    if 1 - missed <= wrong:
        return 0.0
    pairs = ((1 - delta - missed, wrong), (1 - delta - wrong, missed))
    return max(0.0, *(_log_ratio(over, under) for over, under in pairs))


def _log_ratio(over: float, under: float) -> float:
    if over <= 0:
        return 0.0
    return float(np.inf) if under <= 0 else float(np.log(over / under))
