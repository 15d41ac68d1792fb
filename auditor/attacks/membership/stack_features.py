"""What the stacked attack reads about one model under attack: a table with one row a record."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from auditor.attacks.membership import rmia
from auditor.attacks.membership.pairs import Floats, Pairs
from auditor.attacks.membership.variance import pooled, within

# Enough to resolve what 32-bit storage of shadow answers keeps; equal answers of target and shadows have to stay equal.
DECIMALS = 5
# Variances of each record need 3 pairs; this (squared nats) keeps their z-scores finite where forests answer point masses.
PAIRS_FOR_VARIANCE = 3
SOFTENED = 0.05

Seen = tuple[Floats, ...]  # signals (n,) of the model under attack
Pools = tuple[Pairs, ...]  # the same signals of the shadows that may be used against it


@dataclass(frozen=True, eq=False)
class Table:
    """`features` (n, F); `rising` (F,) 1 where a surer answer means a larger value, 0 where the column says nothing of the
    answer; `ratio` (n,) the score to fall back to; `beyond` (n,) by how many standard deviations the answer is surer than
    those of models that were trained on the record."""

    features: Floats
    rising: NDArray[np.intp]
    ratio: Floats
    beyond: Floats


Reading = Callable[[Seen, Pools], Table]


def reading(pairs: int) -> Reading:
    """How models of a pool of this many pairs are read: pseudo-targets have one pair less than the target, and alike tables."""
    return of_means_and_spread if pairs - 1 >= PAIRS_FOR_VARIANCE else of_means


def of_means(seen: Seen, pools: Pools) -> Table:
    """From the log-odds phi and the log-probability l of the true class: differences to the shadows' means on either side, in
    log-odds and as ratios of probabilities, and what the means are."""
    return _table(*_means(seen, pools), seen, pools)


def of_means_and_spread(seen: Seen, pools: Pools) -> Table:
    """The same, and each record's spread over training sets with the z-scores that follow from it."""
    rising, fixed = _means(seen, pools)
    z_inside, v_inside = _standardised(seen[0], pools[0].inside)
    z_outside, v_outside = _standardised(seen[0], pools[0].outside)
    return _table([*rising, z_inside, z_outside], [*fixed, v_inside, v_outside], seen, pools)


def _means(seen: Seen, pools: Pools) -> tuple[list[Floats], list[Floats]]:
    (odds, confidence), (of_odds, of_confidence) = seen, pools
    inside, outside = of_odds.inside.mean(axis=0), of_odds.outside.mean(axis=0)
    usual_inside, usual_outside = (np.log(np.exp(side).mean(axis=0)) for side in (of_confidence.inside, of_confidence.outside))
    rising = [confidence - usual_outside, confidence - usual_inside, odds, odds - outside, odds - inside]
    return rising, [inside, outside, inside - outside, usual_inside, usual_outside]


def _standardised(odds: Floats, side: Floats) -> tuple[Floats, Floats]:
    variance = within(side)
    return (odds - side.mean(axis=0)) / np.sqrt(variance + SOFTENED), np.log(variance)


def _table(rising: list[Floats], fixed: list[Floats], seen: Seen, pools: Pools) -> Table:
    """The columns side by side, rounded; the first is the log-ratio."""
    ratio = rmia.online(seen[1], pools[1])
    features: Floats = np.stack([ratio, *rising, *fixed], axis=1).round(DECIMALS)
    beyond = (seen[0] - pools[0].inside.mean(axis=0)) / np.sqrt(pooled(pools[0].inside, pools[0].outside))
    return Table(features, np.repeat([1, 0], [1 + len(rising), len(fixed)]), ratio, beyond)
