"""Which records each shadow model is trained on: balanced complementary pairs."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from auditor.domain.data import Records
from auditor.domain.seeds import generator

RARE = 20
"""A class with fewer records is dealt to both halves evenly; with as many, a half without it is a matter of one in 500,000."""


def masks(n: int, indices: Sequence[int], seed: int) -> NDArray[np.bool_]:
    """(len(indices), n): record i is IN shadow k. Shadows 2j and 2j+1 share permutation j: one takes its first half, the
    other the rest, so every record is IN exactly one shadow of each pair. A mask depends on n, the seed and its own index
    only, so asking for other indices, or for more of them, changes nothing.

    Balanced membership per record is what power at low false-positive rates rests on (Carlini et al. 2022, section IV).
    """
    return np.array([_mask(n, index, seed) for index in indices], dtype=bool).reshape(len(indices), n)


def _mask(n: int, index: int, seed: int) -> NDArray[np.bool_]:
    first_half = np.zeros(n, dtype=bool)
    first_half[generator(seed, "shadow-half", index // 2).permutation(n)[: n // 2]] = True
    return first_half if index % 2 == 0 else ~first_half


@dataclass(frozen=True, eq=False)
class WithRemainder(Records):
    """A pool whose last `remainder` records are in the training data of every shadow, as they are in that of the target."""

    remainder: int = 0


def halves(pool: Records, indices: Sequence[int], seed: int) -> NDArray[np.bool_]:
    """(len(indices), n): the masks of this pool. Records of one unit (a household, a user) stay together, and rare classes are
    dealt evenly; where there is neither, these are `masks`. The remainder is IN everywhere and plays no part in the others' masks.

    All others are IN exactly one shadow of each pair here too, and nothing depends on who is a member."""
    if not isinstance(pool, WithRemainder):
        return _drawn(pool, indices, seed)
    asked = Records.take(pool, np.arange(len(pool) - pool.remainder))
    return np.hstack([_drawn(asked, indices, seed), np.ones((len(indices), pool.remainder), dtype=bool)])


def _drawn(pool: Records, indices: Sequence[int], seed: int) -> NDArray[np.bool_]:
    deck = _Deck.of(pool)
    if deck is None:
        return masks(len(pool), indices, seed)
    first = {pair: deck.dealt(generator(seed, "shadow-half", pair)) for pair in {index // 2 for index in indices}}
    return np.array([first[i // 2] if i % 2 == 0 else ~first[i // 2] for i in indices], dtype=bool).reshape(len(indices), len(pool))


@dataclass(frozen=True, eq=False)
class _Deck:
    """`unit` (n,): to which of u units a record belongs. `rank` (u,): 0 for units with a record of the rarest class, and so on;
    `ordinary` for those without any of a rare class."""

    unit: NDArray[np.intp]
    rank: NDArray[np.intp]
    ordinary: int

    @classmethod
    def of(cls, pool: Records) -> "_Deck | None":
        """None where every record stands alone and no class is rare."""
        counts = np.bincount(pool.labels + 1)  # a label that is not known is -1
        rare = np.flatnonzero((counts > 0) & (counts < RARE))
        if pool.units is None and not len(rare):
            return None
        unit = np.arange(len(pool)) if pool.units is None else np.unique(pool.units, return_inverse=True)[1]
        place = np.full(len(counts), len(rare))
        place[rare[np.argsort(counts[rare], kind="stable")]] = np.arange(len(rare))
        rank = np.full(unit.max() + 1, len(rare))
        np.minimum.at(rank, unit, place[pool.labels + 1])
        return cls(unit, rank, len(rare))

    def dealt(self, rng: np.random.Generator) -> NDArray[np.bool_]:
        """(n,) one half: rarest first, each unit in random order to the side that has fewer of its kind, then fewer records."""
        sizes = np.bincount(self.unit)
        sides, load = np.zeros(len(sizes), dtype=bool), [0, 0]
        for rank in range(self.ordinary + 1):
            units = rng.permutation(np.flatnonzero(self.rank == rank))
            kind = [0, 0]
            for unit, coin in zip(units.tolist(), rng.random(len(units)).tolist(), strict=True):
                lighter = _lighter(kind if rank < self.ordinary else load, load, coin)
                sides[unit] = lighter == 0
                kind[lighter] += 1
                load[lighter] += int(sizes[unit])
        return np.asarray(sides[self.unit])


def _lighter(first: list[int], then: list[int], coin: float) -> int:
    for load in (first, then):
        if load[0] != load[1]:
            return int(load[1] < load[0])
    return int(coin < 0.5)
