"""Epsilon over many thresholds at once without assumptions: the exact probability that a random walk crosses a line.

Thresholds are ranks of the pooled scores (half of the records, a quarter, an eighth, ...), so they know nothing of the truth.
Going down the ranks, each record is a member with odds of at most e^epsilon P / N whatever went before (Steinke, Nasr and
Jagielski 2023, theorem 5.1). The number of members found is therefore at most a walk of independent coins, and the probability
that such a walk is as surprising at any of the ranks is computed, not bounded: nested ranks depend on each other, and
Bonferroni's correction would pay for each of them.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import bdtrc, gammaln

from auditor.scoring.epsilon.clopper_pearson import SHARE, lost, odds_limit
from auditor.scoring.epsilon.counts import Counts, at_ranks, ranks
from auditor.scoring.intervals import Floats

Mask = NDArray[np.bool_]
WIDTH = 9.0  # standard deviations of each stretch of the walk that are followed; the rest weighs less than 1e-18
SMALL = 1e-300


def simultaneous(scores: Floats, is_member: Mask, delta: float, alpha: float) -> float:
    """The larger of the bounds from members at the top and from non-members at the bottom, which share `alpha`.

    `scores` (n,), higher meaning member; `delta` in [0, 1). The bound holds over all ranks with confidence 1 - alpha.
    """
    wanted = ranks(len(scores))  # and as many as there are on the side in question, which an attack that is never wrong would name
    top = at_ranks(scores, is_member, np.union1d(wanted, is_member.sum()))
    bottom = at_ranks(-scores, ~is_member, np.union1d(wanted, (~is_member).sum()))
    return max(bound(top, delta, alpha / 2), bound(bottom, delta, alpha / 2))


def bound(counts: Counts, delta: float, alpha: float) -> float:
    """The largest epsilon that the counts at nested thresholds, the strictest first, refute at level `alpha`; 0 if none."""
    from scipy.optimize import brentq

    walk = _walk(counts, lost(counts.members, delta, alpha * SHARE))
    level = alpha * (1 - SHARE) if delta else alpha

    def surprise(epsilon: float) -> float:
        return float(np.log(max(walk.p_value(epsilon), SMALL)) - np.log(level))

    low, high = walk.best_alone(level / len(walk.called)), walk.best_alone(level)
    if high == 0 or surprise(low) >= 0:  # no rank alone surprises, or Bonferroni's bound is exact
        return low
    return high if surprise(high) <= 0 else float(brentq(surprise, low, high, xtol=1e-5))


@dataclass(frozen=True, eq=False)
class Walk:
    """`found` of the first `called` records are members, at T ranks (T,). `ways`: log binomial coefficients of each stretch."""

    called: NDArray[np.intp]
    found: NDArray[np.intp]
    prior: float
    ways: tuple[Floats, ...]

    def best_alone(self, alpha: float) -> float:
        """The largest bound of a single rank at level `alpha`."""
        return float(odds_limit(self.found.astype(float), self.called.astype(float), self.prior, alpha).max())

    def p_value(self, epsilon: float) -> float:
        """P(at some rank a walk of coins is at least as surprising as the most surprising of the observed counts)."""
        odds = self.prior * np.exp(epsilon)
        share = float(odds / (1 + odds))
        least = float(bdtrc(self.found - 1, self.called, share)[self.found > 0].min(initial=1.0))
        return 1.0 if least >= 1 else self._crossing(share, self._line(share, least))

    def _line(self, share: float, level: float) -> NDArray[np.intp]:
        """At each rank the smallest count whose tail is at most `level`."""
        below, line = np.zeros_like(self.called), self.called + 1
        while (line - below > 1).any():
            middle = (below + line) // 2
            is_rare = bdtrc(np.maximum(middle - 1, 0), self.called, share) <= level * (1 + 1e-9)
            is_rare &= middle > 0
            below, line = np.where(is_rare, below, middle), np.where(is_rare, middle, line)
        return np.asarray(line, dtype=np.intp)

    def _crossing(self, share: float, line: NDArray[np.intp]) -> float:
        alive, first, crossed = np.ones(1), 0, 0.0
        for ways, end in zip(self.ways, line, strict=True):
            stretch, begin = _stretch(ways, share)
            alive, first = np.convolve(alive, stretch), first + begin
            kept = min(max(int(end) - first, 0), len(alive))
            crossed += float(alive[kept:].sum())
            alive = alive[:kept]
            if not kept:
                break
        return min(1.0, crossed)


def _walk(counts: Counts, wrong: int) -> Walk:
    """Without `wrong` members that delta gave away: wherever they stand, the walk of the others is at most so many steps behind."""
    called = np.maximum(counts.tp + counts.fp - wrong, 0).astype(np.intp)
    found = np.maximum(counts.tp - wrong, 0).astype(np.intp)
    lengths = np.diff(called, prepend=0)
    ways = tuple(gammaln(d + 1) - gammaln(np.arange(d + 1) + 1) - gammaln(d - np.arange(d + 1) + 1) for d in lengths)
    return Walk(called, found, counts.members / counts.non_members, ways)


def _stretch(ways: Floats, share: float) -> tuple[Floats, int]:
    """The distribution of the members in one stretch, without its negligible ends, and where it begins."""
    length = len(ways) - 1
    middle, spread = length * share, WIDTH * np.sqrt(length * share * (1 - share)) + 10
    begin, end = max(0, int(middle - spread)), min(length, int(middle + spread))
    found = np.arange(begin, end + 1)
    return np.exp(ways[begin : end + 1] + found * np.log(share) + (length - found) * np.log1p(-share)), begin
