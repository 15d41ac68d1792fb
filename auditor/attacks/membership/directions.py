"""Where to look for the decision boundary around a record: along single columns, each to its ends or its other values."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from auditor.attacks.membership.domain import Choice, Domain, Scale
from auditor.attacks.membership.perturbation import as_cells
from auditor.domain.seeds import generator

Floats = NDArray[np.float64]
MOST_VALUES = 8  # the most frequent ones of a category


@dataclass(frozen=True)
class Search:
    """Columns that may be searched with so many halvings of a range."""

    scales: tuple[Scale, ...]
    choices: tuple[Choice, ...]
    steps: int

    @property
    def cost(self) -> int:
        """Queries for a record at most: both ends of a number, each with its halvings; every other value."""
        known: list[Domain] = [*self.scales, *self.choices]
        return sum(_cost(domain, self.steps) for domain in known)


def within(known: Sequence[Domain], steps: int, queries: int, seed: int) -> Search:
    """As many columns as `queries` a record allow, drawn at random where that is not all of them."""
    chosen, left = [], queries
    for place in generator(seed, "columns").permutation(len(known)):
        if _cost(known[place], steps) <= left:
            left -= _cost(known[place], steps)
            chosen.append(int(place))
    kept = [known[place] for place in sorted(chosen)]
    return Search(tuple(d for d in kept if isinstance(d, Scale)), tuple(d for d in kept if isinstance(d, Choice)), steps)


def _cost(domain: Domain, steps: int) -> int:
    return 2 * (1 + steps) if isinstance(domain, Scale) else min(len(domain.values) - 1, MOST_VALUES)


@dataclass(eq=False)
class Lines:
    """Searches in progress, one a row: `record` (q,) in column `scale`, from `near` (answered right) to `far` (answered wrong)."""

    scale: Scale
    record: NDArray[np.intp]
    near: Floats
    far: Floats
    start: Floats = field(repr=False)

    @property
    def most(self) -> Floats:
        """The distance of the nearest point known to be across, as a share of the column's range."""
        return np.asarray(np.abs(self.far - self.start) / self.scale.span)

    @property
    def least(self) -> Floats:
        return np.asarray(np.abs(self.near - self.start) / self.scale.span)

    @property
    def middle(self) -> Floats:
        middle = (self.near + self.far) / 2
        return np.asarray(np.round(middle) if self.scale.is_whole else middle)

    def open(self, best: Floats) -> NDArray[np.bool_]:
        """Still worth a question: it could be nearer than what the record has, and there is something in between."""
        middle = self.middle
        return np.asarray((self.least < best[self.record]) & (middle != self.near) & (middle != self.far))

    def halve(self, rows: NDArray[np.bool_], asked: Floats, is_across: NDArray[np.bool_]) -> None:
        self.far[rows] = np.where(is_across, asked, self.far[rows])
        self.near[rows] = np.where(is_across, self.near[rows], asked)


def ends(features: pd.DataFrame, scale: Scale) -> Iterator[tuple[NDArray[np.intp], Floats]]:
    """Records (r,) with the end of the column they are moved to, (r,): those that are not there already; missing cells stay."""
    cells = features[scale.name].to_numpy(dtype=np.float64, na_value=np.nan)
    for end in (scale.low, scale.high):
        rows = np.flatnonzero(~np.isnan(cells) & (cells != end))
        yield rows, np.full(len(rows), end)


def others(features: pd.DataFrame, choice: Choice) -> Iterator[tuple[NDArray[np.intp], object]]:
    """Records (r,) with another value of the column: those that have a value, and not this one."""
    cells = features[choice.name]
    present, asked = cells.notna().to_numpy(), np.zeros(len(cells), dtype=int)
    for value in choice.values[: MOST_VALUES + 1]:
        rows = np.flatnonzero(present & np.array([cell != value for cell in cells], dtype=bool) & (asked < MOST_VALUES))
        asked[rows] += 1
        yield rows, value


def moved(features: pd.DataFrame, rows: NDArray[np.intp], scale: Scale, numbers: Floats) -> pd.DataFrame:
    """These records with other numbers in one column."""
    frame = features.iloc[rows]
    return frame.assign(**{scale.name: as_cells(numbers, scale, frame[scale.name])})


def switched(features: pd.DataFrame, rows: NDArray[np.intp], choice: Choice, value: object) -> pd.DataFrame:
    """These records with another value in one column."""
    frame = features.iloc[rows]
    cells = np.full(len(rows), value, dtype=frame[choice.name].to_numpy().dtype)
    return frame.assign(**{choice.name: cells})
