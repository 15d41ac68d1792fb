"""Mixed columns to numbers, in two parts so that many fits over one pool stay cheap.

`prepare` factorises a frame once (strings become codes); `Encoding.fit` then learns from codes what a fit needs (which
categories its rows hold, medians, scales), and `Encoding.apply` fills a dense matrix. A category that the fitted rows do not
hold, or that is not among the MOST most frequent ones, becomes all zeros; a missing category is a category of its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from auditor.domain.data import Column

MOST = 255
FLOAT32_LIMIT = 3e38

Category = str | None
Floats = NDArray[np.float32] | NDArray[np.float64]


class Numbers(Enum):
    """What happens to numeric columns: left alone, missing cells imputed and flagged, or imputed, flagged and scaled."""

    NATIVE = "native"
    IMPUTED = "imputed"
    SCALED = "scaled"


@dataclass(frozen=True, eq=False)
class Table:
    """A frame as numbers: `numeric` (n, q), NaN where missing; `codes` (n, c) into the `categories` of each column."""

    numeric: NDArray[np.float64]
    codes: NDArray[np.int32]
    categories: tuple[tuple[Category, ...], ...]

    def __len__(self) -> int:
        return len(self.numeric)

    def take(self, rows: NDArray[np.intp] | NDArray[np.bool_]) -> "Table":
        return Table(self.numeric[rows], self.codes[rows], self.categories)


def prepare(features: pd.DataFrame, columns: Sequence[Column]) -> Table:
    """Factorises the frame. Categories are sorted as text with missing last, so their order depends on their set alone."""
    numeric = [_numbers(features[c.name]) for c in columns if c.type.is_numeric]
    factorised = [_factorise(features[c.name]) for c in columns if not c.type.is_numeric]
    n = len(features)
    return Table(
        np.column_stack(numeric) if numeric else np.empty((n, 0)),
        np.column_stack([codes for codes, _ in factorised]) if factorised else np.empty((n, 0), np.int32),
        tuple(categories for _, categories in factorised),
    )


def _numbers(cells: pd.Series) -> NDArray[np.float64]:
    values = pd.to_numeric(cells, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    # No learner accepts infinities, and the trees work in 32 bits.
    return np.where(np.isinf(values), np.nan, np.clip(values, -FLOAT32_LIMIT, FLOAT32_LIMIT))


def _factorise(cells: pd.Series) -> tuple[NDArray[np.int32], tuple[Category, ...]]:
    codes, found = pd.factorize(cells.astype(object), use_na_sentinel=True)
    texts = [str(value) for value in found]
    known: list[Category] = [*sorted(set(texts))]
    if (codes < 0).any():
        known.append(None)
    position = {category: i for i, category in enumerate(known)}
    lookup = np.array([*(position[text] for text in texts), position.get(None, 0)], dtype=np.int32)
    return lookup[codes], tuple(known)


@dataclass(frozen=True, eq=False)
class Encoding:
    """What one fit learned about its columns. `kept`: categories with a column each; `flagged`: numeric columns that had
    missing cells; `fill`, `centre`, `scale` (q,) for numeric columns."""

    numbers: Numbers
    kept: tuple[tuple[Category, ...], ...]
    fill: NDArray[np.float64]
    flagged: NDArray[np.intp]
    centre: NDArray[np.float64]
    scale: NDArray[np.float64]

    @property
    def width(self) -> int:
        """How many columns the learner gets."""
        return len(self.fill) + len(self.flagged) + sum(map(len, self.kept))

    @classmethod
    def fit(cls, table: Table, numbers: Numbers) -> "Encoding":
        kept = tuple(_most_frequent(table.codes[:, j], known) for j, known in enumerate(table.categories))
        missing = np.isnan(table.numeric)
        fill = np.array([_median(column) for column in table.numeric.T])
        filled = np.where(missing, fill, table.numeric)
        spread = filled.std(axis=0)
        return cls(
            numbers,
            kept,
            fill,
            np.flatnonzero(missing.any(axis=0)) if numbers is not Numbers.NATIVE else np.empty(0, np.intp),
            filled.mean(axis=0),
            np.where(spread > 0, spread, 1.0),
        )

    def apply(self, table: Table) -> Floats:
        """(n, width): numeric columns, then missing flags, then one-hot blocks in column order."""
        numeric = self.numeric(table)
        widths = [len(kept) for kept in self.kept]
        offset = numeric.shape[1]
        # The trees work in 32 bits; the linear and neural learners in 64, like a scikit-learn pipeline.
        dtype = np.float64 if self.numbers is Numbers.SCALED else np.float32
        matrix = np.zeros((len(table), offset + sum(widths)), dtype=dtype)
        matrix[:, :offset] = numeric
        for j, kept in enumerate(self.kept):
            _fill_one_hot(matrix[:, offset : offset + len(kept)], table.codes[:, j], table.categories[j], kept)
            offset += len(kept)
        return matrix

    def numeric(self, table: Table) -> NDArray[np.float64]:
        """(n, q + flagged) the numeric columns, then the flags of missing cells."""
        if self.numbers is Numbers.NATIVE:
            return table.numeric
        missing = np.isnan(table.numeric)
        filled = np.where(missing, self.fill, table.numeric)
        if self.numbers is Numbers.SCALED:
            filled = (filled - self.centre) / self.scale
        return np.hstack([filled, missing[:, self.flagged]])


def _most_frequent(codes: NDArray[np.int32], known: tuple[Category, ...]) -> tuple[Category, ...]:
    counts = np.bincount(codes, minlength=len(known))
    present = np.flatnonzero(counts)
    most = present[np.argsort(-counts[present], kind="stable")][:MOST]
    return tuple(known[i] for i in np.sort(most))


def _median(column: NDArray[np.float64]) -> float:
    present = column[~np.isnan(column)]
    return float(np.median(present)) if len(present) else 0.0


def _fill_one_hot(block: Floats, codes: NDArray[np.int32], known: tuple[Category, ...], kept: tuple[Category, ...]) -> None:
    position = {category: i for i, category in enumerate(kept)}
    places = np.array([position.get(category, -1) for category in known], dtype=np.intp)[codes]
    rows = np.flatnonzero(places >= 0)
    block[rows, places[rows]] = 1.0
