"""What an audit of this size could have seen: a pass means little if a leak would have been missed."""

import numpy as np

from auditor.domain.policy import DEFAULT_LEVEL
from auditor.scoring import thresholds
from auditor.scoring.intervals import Floats, clopper_pearson_limits, quantile

POWER = 0.8
ALPHA = 0.05
ANY_LEAK = 5.0
GRID = np.arange(1.0, 100.01, 0.5)


def detectability(members: int, non_members: int, shadows: int, level: float | None, alpha: float = ALPHA) -> str:
    """The sentence that stands in every result: the smallest true score that is shown with 80 % probability, wherever it lies.

    `alpha` is the two-sided error that one attack has: a family and several looks share it, and then less is shown.
    """
    size = f"With {members:,} members, {non_members:,} non-members and {shadows} shadow models"
    if min(members, non_members) < 2:
        return f"{size} this audit could not have shown any leak."
    breach = DEFAULT_LEVEL if level is None else level
    shown = ((wanted, smallest_shown(members, non_members, wanted, alpha)) for wanted in sorted({ANY_LEAK, breach}))
    parts = [f"a score of {wanted:g} or more {_when(smallest)}" for wanted, smallest in shown]
    return f"{size} this audit shows, with 80 % probability, {' and '.join(parts)}; {_unseen(non_members)}."


def smallest_shown(members: int, non_members: int, wanted: float, alpha: float = ALPHA) -> float | None:
    """The smallest true S for which score_low >= `wanted` with 80 % probability, whether S lies in the tail or in the bulk; None
    if there is none up to 100. Below 500 non-members no tail is demonstrated, and S is that of the bulk."""
    found = [_smallest(bulk_power(members, non_members, wanted, alpha))]
    rate = thresholds.headline_rate(non_members)
    if rate is not None:
        found.append(_smallest(tail_power(members, non_members, rate, wanted, alpha)))
    known = [s for s in found if s is not None]
    return max(known) if len(known) == len(found) else None


def tail_power(members: int, non_members: int, rate: float, wanted: float, alpha: float = ALPHA) -> Floats:
    """P(tail(TPR_L, FPR_U) >= wanted) for each true S_tail of GRID, TP and FP being binomial and FPR = rate."""
    from scipy.stats import binom

    false = np.arange(int(binom.ppf(1 - 1e-6, non_members, rate)) + 1)
    upper = clopper_pearson_limits(false.astype(float), non_members, alpha)[1]
    asked = np.minimum(1.0, np.maximum(rate, upper) * rate ** (-wanted / 100))
    # TPR_L reaches x exactly when so many true positives would be too rare (alpha / 2) under a TPR of x.
    needed = np.where(asked < 1, binom.ppf(1 - alpha / 2, members, asked) + 1, members + 1)
    true_tpr = rate ** (1 - GRID / 100)
    return np.asarray(binom.pmf(false, non_members, rate) @ binom.sf(needed[:, None] - 1, members, true_tpr))


def bulk_power(members: int, non_members: int, wanted: float, alpha: float = ALPHA) -> Floats:
    """1 where bulk(AUC_L) >= wanted with probability POWER, else 0, for each true S_bulk of GRID; variance of Hanley and McNeil
    1982."""
    auc = 0.5 + GRID / 200
    both, same = auc / (2 - auc), 2 * auc**2 / (1 + auc)
    variance = auc * (1 - auc) + (members - 1) * (both - auc**2) + (non_members - 1) * (same - auc**2)
    error = np.sqrt(np.maximum(1e-12, variance / (members * non_members)))
    # A perfect sample stays below what a pair that was not seen could change (roc.auc_interval).
    certain = np.where(auc < 1, 1.0, (alpha / 2) ** (1 / min(members, non_members)))
    limit = np.minimum(auc - (quantile(alpha) + quantile(2 * (1 - POWER))) * error, certain)
    return np.asarray(np.where(limit >= 0.5 + wanted / 200, 1.0, 0.0))


def _smallest(power: Floats) -> float | None:
    enough = np.flatnonzero(power >= POWER)
    return float(GRID[enough[0]]) if len(enough) else None


def _unseen(non_members: int) -> str:
    smaller, fewest = "a smaller leak may go unseen", min(thresholds.NEEDED.values())
    if thresholds.headline_rate(non_members) is not None:
        return smaller
    return f"{smaller}, and so may one that betrays a few people only, which takes {fewest} non-members to show"


def _when(smallest: float | None) -> str:
    return "never" if smallest is None else f"when the true score is at least {np.ceil(smallest):.0f}"
