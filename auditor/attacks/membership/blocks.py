"""Records a block at a time: what is computed of each record alone needs no second array of the size of all answers."""

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

BLOCK = 2_000
"""Records: 50 pairs of shadows are then 800 KB, which stays in the cache."""


def blocks(records: int) -> Iterator[slice]:
    """What is left over goes with the last one: a block of a single record would be summed up in another order."""
    starts = range(0, max(1, records // BLOCK) * BLOCK, BLOCK)
    return (slice(first, first + BLOCK if first != starts[-1] else records) for first in starts)


def by_records(reduce: Callable[[Floats], Floats], values: Floats) -> Floats:
    """`reduce` (P, b) -> (b,) of all records of `values` (P, n). Sums over the P run in the same order, so no bit differs."""
    found = np.empty(values.shape[1])
    for records in blocks(len(found)):
        found[records] = reduce(values[:, records])
    return found
