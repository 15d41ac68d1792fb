"""The bootstrap over records: 2,000 resamples from a given source of numbers."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from auditor.scoring.intervals import Floats

RESAMPLES = 2_000
CELLS = 4_000_000  # what one batch may hold, so that memory does not grow with the number of records


def weights(records: int, rng: np.random.Generator) -> Iterator[Floats]:
    """How often each record is drawn in each resample, (b, records) at a time."""
    batch = max(1, CELLS // records)
    for first in range(0, RESAMPLES, batch):
        size = min(batch, RESAMPLES - first)
        drawn = rng.integers(records, size=(size, records)) + records * np.arange(size)[:, None]
        yield np.bincount(drawn.ravel(), minlength=size * records).reshape(size, records).astype(np.float64)


def paired(
    first: NDArray[np.bool_], second: NDArray[np.bool_], rng: np.random.Generator
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Two yes-no answers about the same records: their counts (4,) in the order neither, second only, first only, both, and
    resampled counts (B, 4).

    Half a record is added to each kind before drawing, so that a kind that was not seen stays possible.
    """
    kinds = np.bincount(2 * first.astype(np.intp) + second, minlength=4)
    shares = (kinds + 0.5) / (kinds.sum() + 2)
    return kinds, rng.multinomial(kinds.sum(), shares, RESAMPLES)
