"""The likelihood ratios of LiRA for signals (n,) and pairs of shadows; higher means "more likely a member"."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from auditor.attacks.membership.pairs import Pairs
from auditor.attacks.membership.variance import moderated, within

Floats = NDArray[np.float64]

# Prior observations, in pairs of shadows, behind the gap that a record is expected to have.
GAP_WEIGHT = 8.0
GAP_BINS = 20
# Training on a record does not make a model less sure of it: an estimated gap below this (nats of log-odds) is noise.
LEAST_GAP = 1e-3
# Past the answer at which a ratio of normal densities turns, what it rises by in each standard deviation.
SLOPE = 0.1


@dataclass(frozen=True, eq=False)
class Spread:
    """Variances of the signal over training sets: one for each record (n,), or one for all."""

    inside: Floats
    outside: Floats


Ratio = Callable[[Floats, Pairs, Spread], Floats]


def of_each_side(pairs: Pairs) -> Spread:
    """Each record's own variances."""
    return Spread(within(pairs.inside), within(pairs.outside))


def of_each_side_moderated(pairs: Pairs) -> Spread:
    """Each record's own variances, moderated."""
    degrees = len(pairs) - 1
    return Spread(moderated(within(pairs.inside), degrees), moderated(within(pairs.outside), degrees))


def of_both_sides(pairs: Pairs) -> Spread:
    """Each record's variance, moderated, the same for IN and OUT: half of the parameters, estimated on twice the data."""
    degrees = len(pairs) - 1
    shared = (moderated(within(pairs.inside), degrees) + moderated(within(pairs.outside), degrees)) / 2
    return Spread(shared, shared)


def of_all(variance: float) -> Spread:
    """One variance for all records and both sides."""
    return Spread(np.array(variance), np.array(variance))


def online(observed: Floats, pairs: Pairs, spread: Spread) -> Floats:
    """log N(phi; mu_in, var_in) - log N(phi; mu_out, var_out) (Carlini et al. 2022, algorithm 1, line 15)."""
    return _log_normal(observed, pairs.inside.mean(axis=0), spread.inside) - _log_normal(
        observed, pairs.outside.mean(axis=0), spread.outside
    )


def online_shrunk(observed: Floats, pairs: Pairs, spread: Spread) -> Floats:
    """The same ratio with equal variances and the moderated gap: gap (2 phi - mu_in - mu_out) / (2 var), which rises with phi."""
    outside = pairs.outside.mean(axis=0)
    gap = moderated_gap(pairs.inside.mean(axis=0) - outside, outside, len(pairs))
    return np.asarray(gap * (2 * (observed - outside) - gap) / (2 * spread.outside))


def online_rising(observed: Floats, pairs: Pairs, spread: Spread) -> Floats:
    """The log ratio of two normal densities, with the moderated gap, made monotone in phi.

    Densities of unequal width cross twice: far from both means the wider one is the larger. The ratio is held from where it turns,
    phi* = (mu_in var_out - mu_out var_in) / (var_out - var_in), and rises gently beyond.
    """
    outside = pairs.outside.mean(axis=0)
    gap = moderated_gap(pairs.inside.mean(axis=0) - outside, outside, len(pairs))
    wider = spread.outside - spread.inside  # > 0: OUT is wider, and the ratio falls above phi*; < 0: it falls below
    crossing = outside + gap * spread.outside / np.where(wider == 0, 1.0, wider)
    most, least = np.where(wider > 0, crossing, np.inf), np.where(wider < 0, crossing, -np.inf)
    held = np.clip(observed, least, most)
    ratio = _log_normal(held, outside + gap, spread.inside) - _log_normal(held, outside, spread.outside)
    return ratio + SLOPE * (observed - held) / np.sqrt(np.maximum(spread.inside, spread.outside))


def offline(observed: Floats, pairs: Pairs, spread: Spread) -> Floats:
    """(phi - mu_out) / sigma_out: ranks as the one-sided probability Phi of it does, without saturating at 1."""
    return np.asarray((observed - pairs.outside.mean(axis=0)) / np.sqrt(spread.outside))


def moderated_gap(gap: Floats, outside: Floats, pairs: int) -> Floats:
    """Gaps (n,) measured on `pairs` pairs, drawn towards the mean gap of the records whose OUT mean is similar, and positive."""
    cuts = np.quantile(outside, np.linspace(0, 1, GAP_BINS + 1)[1:-1])
    part = np.searchsorted(cuts, outside)
    counts = np.bincount(part, minlength=GAP_BINS)
    expected = np.bincount(part, gap, minlength=GAP_BINS) / np.maximum(counts, 1)
    return np.maximum((pairs * gap + GAP_WEIGHT * expected[part]) / (pairs + GAP_WEIGHT), LEAST_GAP)


def _log_normal(x: Floats, mean: Floats, variance: Floats) -> Floats:
    """Without the constant, which cancels."""
    return np.asarray(-0.5 * np.log(variance) - 0.5 * (x - mean) ** 2 / variance)
