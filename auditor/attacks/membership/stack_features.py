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

    def put(self, records: slice, part: "Table") -> None:
        """Fill these rows."""
        self.features[records], self.ratio[records], self.beyond[records] = part.features, part.ratio, part.beyond


def room(like: Table, records: int) -> Table:
    """An empty table with the columns of this one."""
    return Table(np.empty((records, like.features.shape[1])), like.rising, np.empty(records), np.empty(records))


Reading = Callable[[Seen, Pools], Table]


def reading(pools: Pools) -> Reading:
    """How models are read against this pool. Pseudo-targets have one pair less than the target: what that leaves no variance for is
    read of none, and the unit of `beyond` is that of the whole pool."""
    unit = float(np.sqrt(pooled(pools[0].inside, pools[0].outside)))
    has_spread = len(pools[0]) > PAIRS_FOR_VARIANCE

    def read(seen: Seen, against: Pools) -> Table:
        rising, fixed = _means(seen, against)
        if has_spread:
            z_inside, v_inside = standardised(seen[0], against[0].inside)
            z_outside, v_outside = standardised(seen[0], against[0].outside)
            rising, fixed = [*rising, z_inside, z_outside], [*fixed, v_inside, v_outside]
        return table(rising, fixed, rising[0], (seen[0] - against[0].inside.mean(axis=0)) / unit)

    return read


def standardised(signal: Floats, side: Floats) -> tuple[Floats, Floats]:
    """Standard deviations between the signal (n,) and its mean over one side (P, n), and the log variance there."""
    variance = within(side)
    return (signal - side.mean(axis=0)) / np.sqrt(variance + SOFTENED), np.log(variance)


def table(rising: list[Floats], fixed: list[Floats], ratio: Floats, beyond: Floats) -> Table:
    """The columns side by side, rounded."""
    features: Floats = np.stack([*rising, *fixed], axis=1).round(DECIMALS)
    return Table(features, np.repeat([1, 0], [len(rising), len(fixed)]), ratio, beyond)


def _means(seen: Seen, pools: Pools) -> tuple[list[Floats], list[Floats]]:
    """From the log-odds phi and the log-probability l of the true class: differences to the shadows' means on either side, in
    log-odds and as ratios of probabilities, the log-ratio first; and what the means are."""
    (odds, confidence), (of_odds, of_confidence) = seen, pools
    inside, outside = of_odds.inside.mean(axis=0), of_odds.outside.mean(axis=0)
    usual_inside, usual_outside = (np.log(np.exp(side).mean(axis=0)) for side in (of_confidence.inside, of_confidence.outside))
    ratio = rmia.online(confidence, of_confidence)
    rising = [ratio, confidence - usual_outside, confidence - usual_inside, odds, odds - outside, odds - inside]
    return rising, [inside, outside, inside - outside, usual_inside, usual_outside]
