"""Which records each shadow model is trained on: balanced complementary pairs."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from auditor.domain.data import Records
from auditor.domain.seeds import generator


def masks(n: int, indices: Sequence[int], seed: int) -> NDArray[np.bool_]:
    """(len(indices), n): record i is IN shadow k. Shadows 2j and 2j+1 share permutation j: one takes its first half, the
    other the rest, so every record is IN exactly one shadow of each pair. A mask depends on n, the seed and its own index
    only, so asking for other indices, or for more of them, changes nothing.

    Balanced membership per record is what power at low false-positive rates rests on (Carlini et al. 2022, section IV).
    """
    return np.array([_mask(n, index, seed) for index in indices], dtype=bool).reshape(len(indices), n)


@dataclass(frozen=True, eq=False)
class Based(Records):
    """A pool whose last `base` records are in the training data of every shadow, as they are in that of the target."""

    base: int = 0


def halves(pool: Records, indices: Sequence[int], seed: int) -> NDArray[np.bool_]:
    """(len(indices), n): the masks of this pool; base records are IN everywhere and play no part in the others' masks."""
    base = pool.base if isinstance(pool, Based) else 0
    drawn = masks(len(pool) - base, indices, seed)
    return np.hstack([drawn, np.ones((len(indices), base), dtype=bool)]) if base else drawn


def _mask(n: int, index: int, seed: int) -> NDArray[np.bool_]:
    first_half = np.zeros(n, dtype=bool)
    first_half[generator(seed, "shadow-half", index // 2).permutation(n)[: n // 2]] = True
    return first_half if index % 2 == 0 else ~first_half
