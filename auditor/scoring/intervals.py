"""Intervals for proportions. Every limit is two-sided at `alpha`: each side errs with probability alpha / 2."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv, ndtri

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Interval:
    low: float
    value: float
    high: float

    def as_tuple(self) -> tuple[float, float, float]:
        return self.low, self.value, self.high


def clopper_pearson(successes: float, trials: float, alpha: float = 0.05) -> Interval:
    """Exact interval of a binomial proportion (Clopper and Pearson 1934); all of [0, 1] without trials."""
    low, high = clopper_pearson_limits(np.array([successes], float), trials, alpha)
    return Interval(float(low[0]), successes / trials if trials else 0.0, float(high[0]))


def clopper_pearson_limits(successes: Floats, trials: float, alpha: float = 0.05) -> tuple[Floats, Floats]:
    """The same for many counts (k,) out of one number of trials: lower and upper limits (k,). They are quantiles of beta
    distributions, from the function below them: scipy's distributions give the same numbers, many times slower."""
    failures = trials - successes
    low = np.where(successes > 0, betaincinv(np.maximum(successes, 1e-9), failures + 1, alpha / 2), 0.0)
    high = np.where(failures > 0, betaincinv(successes + 1, np.maximum(failures, 1e-9), 1 - alpha / 2), 1.0)
    return low, high


def wilson(successes: float, trials: float, alpha: float = 0.05) -> Interval:
    """Score interval of a binomial proportion (Wilson 1927)."""
    z, share = quantile(alpha), successes / trials
    centre = (share + z * z / (2 * trials)) / (1 + z * z / trials)
    half = z * np.sqrt(share * (1 - share) / trials + z * z / (4 * trials**2)) / (1 + z * z / trials)
    return Interval(min(share, max(0.0, float(centre - half))), share, max(share, min(1.0, float(centre + half))))


def difference(first: Interval, second: Interval) -> Interval:
    """Interval of `first - second`, two independent proportions, from their own intervals (Newcombe 1998, method 10)."""
    value = first.value - second.value
    low = value - np.hypot(first.value - first.low, second.high - second.value)
    high = value + np.hypot(first.high - first.value, second.value - second.low)
    return Interval(float(low), value, float(high))


def paired_difference(first: NDArray[np.bool_], second: NDArray[np.bool_], alpha: float = 0.05) -> Interval:
    """Interval of the share of `first` minus that of `second`, two yes-no answers (n,) about the same records (Newcombe 1998,
    Statistics in Medicine 17, 2635, method 10): Wilson's intervals, joined by the correlation of the answers, which is taken for
    smaller than it was found where it is positive."""
    n = len(first)
    ours, theirs = (wilson(int(answers.sum()), n, alpha) for answers in (first, second))
    both, neither = int((first & second).sum()), int((~first & ~second).sum())
    one, other = int((first & ~second).sum()), int((~first & second).sum())
    phi = _phi(both, one, other, neither)
    value = ours.value - theirs.value
    below, above = (ours.value - ours.low, theirs.high - theirs.value), (ours.high - ours.value, theirs.value - theirs.low)
    low, high = (np.sqrt(max(0.0, a * a - 2 * phi * a * b + b * b)) for a, b in (below, above))
    return Interval(float(value - low), value, float(value + high))


def _phi(both: int, one: int, other: int, neither: int) -> float:
    """Correlation of two yes-no answers from the counts of a four-fold table, with Newcombe's correction for continuity."""
    sides = float(both + one) * (other + neither) * (both + other) * (one + neither)
    product = float(both) * neither - float(one) * other
    corrected = max(0.0, product - (both + one + other + neither) / 2) if product > 0 else product
    return float(corrected / np.sqrt(sides)) if sides else 0.0


def quantile(alpha: float) -> float:
    """The normal quantile of a two-sided limit."""
    return float(ndtri(1 - alpha / 2))


def percentiles(samples: Any, alpha: float) -> tuple[float, float]:
    """The limits that cut alpha / 2 off each end of resampled values."""
    low, high = np.quantile(samples, [alpha / 2, 1 - alpha / 2])
    return float(low), float(high)


def around(value: float, samples: Any, alpha: float) -> Interval:
    """A percentile interval of resampled values, widened where it leaves out the value itself."""
    low, high = percentiles(samples, alpha)
    return Interval(min(low, value), value, max(high, value))
