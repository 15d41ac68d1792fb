"""A pool of records encoded once for many fits, each of which learns its encoding from rows of its own.

What a fit learns (`Encoding`) decides about a few columns only: categories that its rows lack have no column, missing numbers
take its median, scaled ones its mean and spread. All other cells are the same for every fit, and are written once.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from auditor.learners.encode import MOST, Category, Encoding, Floats, Numbers, Table


class PoolMatrix:
    """`encoded(rows)` equals `Encoding.fit(table.take(rows), numbers).apply(table)`, bit for bit; it may be shared, so it may not
    be written to."""

    def __init__(self, table: Table, numbers: Numbers) -> None:
        self.table = table
        self.numbers = numbers
        everything = Encoding(numbers, table.categories, *_nothing_learned(table.numeric))
        whole: Floats = everything.apply(table)
        whole.flags.writeable = False
        self._one_hot = whole[:, table.numeric.shape[1] :]
        is_same = numbers is Numbers.NATIVE or (numbers is Numbers.IMPUTED and not np.isnan(table.numeric).any())
        self._whole = whole if is_same else None
        """What every fit sees whose rows hold all categories, where none has means or medians of its own."""

    def with_absent(self) -> Floats | None:
        """All rows with a column for every category, also those that a half lacks; None where halves differ by more than that."""
        return self._whole if all(len(known) <= MOST for known in self.table.categories) else None

    def encoded(self, rows: NDArray[np.intp]) -> Floats:
        """(n, width) all rows of the pool as a model sees them that is trained on `rows`."""
        learned = Encoding.fit(self.table.take(rows), self.numbers)
        places = _places(self.table.categories, learned.kept)
        if self._whole is not None and len(places) == self._one_hot.shape[1]:
            return self._whole
        numeric = learned.numeric(self.table)
        offset = numeric.shape[1]
        matrix = np.empty((len(self.table), offset + len(places)), dtype=self._one_hot.dtype)
        matrix[:, :offset] = numeric
        if len(places) == self._one_hot.shape[1]:
            matrix[:, offset:] = self._one_hot
        else:
            np.take(self._one_hot, places, axis=1, out=matrix[:, offset:], mode="clip")  # "raise" would copy twice
        return matrix


def _nothing_learned(
    numeric: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.intp], NDArray[np.float64], NDArray[np.float64]]:
    width = numeric.shape[1]
    return np.zeros(width), np.empty(0, np.intp), np.zeros(width), np.ones(width)


def _places(every: Sequence[tuple[Category, ...]], kept: Sequence[tuple[Category, ...]]) -> NDArray[np.intp]:
    """Which columns of the pool's one-hot blocks a fit keeps, in its order."""
    found: list[int] = []
    offset = 0
    for known, here in zip(every, kept, strict=True):
        position = {category: offset + i for i, category in enumerate(known)}
        found += [position[category] for category in here]
        offset += len(known)
    return np.array(found, dtype=np.intp)
