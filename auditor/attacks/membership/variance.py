"""How far a record's signal spreads over training sets, from the few observations that shadows give."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import digamma, polygamma

from auditor.attacks.membership.blocks import by_records

Floats = NDArray[np.float64]

# Point masses (forests answer few distinct values) give variances of 0; this is added to every variance.
FLOOR = 1e-4
NO_SPREAD = 1e6  # prior degrees of freedom when the records' variances do not differ by more than chance


@dataclass(frozen=True)
class Prior:
    """What all records share: a variance and how many degrees of freedom of evidence it is worth."""

    degrees: float
    variance: float


def within(observations: Floats) -> Floats:
    """(n,) unbiased variances of observations (P, n), P >= 2."""
    return by_records(lambda some: some.var(axis=0, ddof=1), observations) + FLOOR


def pooled(inside: Floats, outside: Floats) -> float:
    """One variance for all records and both sides: squared distances from each record's own mean, over their degrees of
    freedom. Without centring within records it would measure how much records differ, not how much training does."""
    if len(inside) < 2:
        return 1.0  # any value ranks alike; there are no pseudo-targets to be comparable with
    return float((within(inside).mean() + within(outside).mean()) / 2)


def moderated(variances: Floats, degrees: int) -> Floats:
    """Each variance (n,), estimated on `degrees` degrees of freedom, drawn towards the prior that all of them support.

    Empirical Bayes with a scaled inverse chi-square prior (Smyth 2004, section 6.2: moments of log variances), which is
    the variance model of BaVarIA (arXiv:2603.11799).
    """
    prior = fit_prior(variances, degrees)
    return np.asarray((prior.degrees * prior.variance + degrees * variances) / (prior.degrees + degrees))


def fit_prior(variances: Floats, degrees: int) -> Prior:
    """Matches the mean and variance of log variances to those of a scaled F distribution."""
    half = degrees / 2
    centred = np.log(variances) - digamma(half) + np.log(half)
    excess = float(centred.var(ddof=1) - polygamma(1, half)) if len(centred) > 1 else 0.0
    prior_half = inverse_trigamma(excess) if excess > 0 else NO_SPREAD / 2
    prior_half = min(prior_half, NO_SPREAD / 2)
    return Prior(2 * prior_half, float(np.exp(centred.mean() + digamma(prior_half) - np.log(prior_half))))


def inverse_trigamma(value: float) -> float:
    """x > 0 with trigamma(x) = value > 0, by Newton's method on 1 / trigamma, which is convex (Smyth 2004, appendix)."""
    x = 0.5 + 1.0 / value
    for _ in range(50):
        trigamma = float(polygamma(1, x))
        step = trigamma * (1 - trigamma / value) / float(polygamma(2, x))
        x += step
        if -step / x < 1e-10:
            break
    return x
