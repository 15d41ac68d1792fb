"""Variances from few observations, steadied by those of all the other records (empirical Bayes)."""

from dataclasses import dataclass

import numpy as np
from scipy.special import digamma, polygamma

from auditor.scoring.intervals import Floats

FLOOR = 1e-4  # point masses (forests answer few distinct values) give variances of 0
MOST_DEGREES = 1e6


@dataclass(frozen=True, eq=False)
class Moderated:
    """`variances` (n,), and how many degrees of freedom each is now worth."""

    variances: Floats
    degrees: float


def moderated(observations: Floats) -> Moderated:
    """Variances (n,) of observations (P, n), P >= 2, drawn towards a scaled inverse chi-square prior that all records support.

    The prior matches the mean and the variance of the log variances (Smyth 2004, section 6.2, as in BaVarIA, arXiv:2603.11799).
    """
    own, known = len(observations) - 1, observations.var(axis=0, ddof=1) + FLOOR
    logs = np.log(known) - digamma(own / 2) + np.log(own / 2)
    excess = float(logs.var(ddof=1) - polygamma(1, own / 2)) if len(logs) > 1 else 0.0
    half = _inverse_trigamma(excess)
    shared = float(np.exp(logs.mean() + digamma(half) - np.log(half)))
    return Moderated((2 * half * shared + own * known) / (2 * half + own), 2 * half + own)


def _inverse_trigamma(value: float) -> float:
    """x with trigamma(x) = value, and at most MOST_DEGREES / 2: records whose variances differ by chance alone share one."""
    from scipy.optimize import brentq

    most = MOST_DEGREES / 2
    if value <= float(polygamma(1, most)):
        return most
    u = brentq(lambda u: np.log(polygamma(1, np.exp(u))) - np.log(value), -20.0, np.log(most))
    return float(np.exp(u))
