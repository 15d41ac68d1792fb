"""Epsilon from exact limits of true and false positive rates, with no assumption on the mechanism (Jagielski, Ullman and Oprea
2020).

Every function errs with probability `alpha` in all, one side only: epsilon is at least the returned number with confidence 1 -
alpha.
"""

import numpy as np
from scipy.special import betaincinv, logit

from auditor.scoring.epsilon.counts import Counts, one
from auditor.scoring.intervals import Floats

SHARE = 0.05  # of the error goes to the records that delta allows to be lost


def upper(failures: Floats, trials: Floats | int, alpha: float) -> Floats:
    """One-sided Clopper-Pearson upper limit of a proportion."""
    left = trials - failures
    limit = np.where(left > 0, betaincinv(failures + 1, np.maximum(left, 0.5), 1 - alpha), 1.0)
    return np.asarray(limit, dtype=np.float64)


def one_sided(counts: Counts, delta: float, alpha: float) -> Floats:
    """log((TPR_L - delta) / FPR_U) at each threshold (T,), at least 0; each rate takes half of `alpha`."""
    found = 1.0 - upper(counts.members - counts.tp, counts.members, alpha / 2) - delta
    wrong = upper(counts.fp, counts.non_members, alpha / 2)
    return np.asarray(np.maximum(0.0, np.log(np.maximum(found, 1e-300) / wrong)))


def two_sided(counts: Counts, delta: float, alpha: float) -> Floats:
    """The larger of `one_sided` and of its mirror image, log((TNR_L - delta) / FNR_U), which share `alpha`."""
    return np.maximum(one_sided(counts, delta, alpha / 2), one_sided(counts.mirrored, delta, alpha / 2))


def ceiling(n_members: int, n_non_members: int, delta: float, alpha: float) -> float:
    """The largest `one_sided` epsilon that so many records can show: all members called members, and nobody else."""
    return float(one_sided(one(n_members, 0, n_members, n_non_members), delta, alpha)[0])


def precision(counts: Counts, delta: float, alpha: float) -> Floats:
    """Epsilon from the share of members among those called members, at each threshold (T,), at least 0.

    Among records of one score the odds of being a member are at most e^epsilon times the odds P / N before the attack, so the
    members among k called ones are at most Bin(k, q), q = e^epsilon P / (e^epsilon P + N) (Steinke, Nasr and Jagielski 2023,
    theorem 5.1, at delta = 0). One limit takes the whole of `alpha`, where two rates would have to share it. With delta every
    member may be lost with that probability: as many as `lost` are taken off, as if all were called.
    """
    wrong = lost(counts.members, delta, alpha * SHARE)
    tp, called = np.maximum(counts.tp - wrong, 0.0), np.maximum(counts.tp + counts.fp - wrong, 0.0)
    level = alpha * (1 - SHARE) if delta else alpha
    return odds_limit(tp, called, counts.members / counts.non_members, level)


def odds_limit(found: Floats, called: Floats, prior: float, alpha: float) -> Floats:
    """The epsilon, at least 0, at which the lower limit of a share, as odds, is e^epsilon times the odds before."""
    share = np.where(found > 0, betaincinv(np.maximum(found, 0.5), called - found + 1, alpha), 0.0)
    with np.errstate(divide="ignore"):
        return np.asarray(np.maximum(0.0, logit(share) - np.log(prior)))


def lost(members: int, delta: float, alpha: float) -> int:
    """How many members delta may give away: Bin(members, delta) exceeds it with probability at most `alpha`."""
    from scipy.stats import binom

    return int(binom.isf(alpha, members, delta)) if delta else 0
