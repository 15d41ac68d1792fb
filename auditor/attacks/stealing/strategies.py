"""Which records to ask next: natural and made-up ones as they come, or those that the copy so far is least sure about."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from auditor.attacks.stealing.copying import Answered, Answering
from auditor.attacks.stealing.population import Pool
from auditor.domain.data import Column

Floats = NDArray[np.float64]
Rows = NDArray[np.intp]

RANDOM = 0.2
"""Share of a batch that is asked without regard to the copy: a copy that is sure of what it gets wrong would never learn of it."""


@dataclass(frozen=True, eq=False)
class Choice:
    """What there is to choose by: the pool, the rows of it asked so far with their answers, and the copy made of these."""

    pool: Pool
    asked: Rows
    material: Answered
    copy: Answering
    columns: tuple[Column, ...]
    rng: np.random.Generator

    def left(self, count: int) -> Rows:
        """Rows not asked yet: natural ones alone while there are twice as many as are wanted."""
        free = np.ones(len(self.pool), dtype=bool)
        free[self.asked] = False
        rows = np.flatnonzero(free)
        natural = rows[rows < self.pool.natural]
        return natural if len(natural) >= 2 * count else rows

    def frame(self, rows: Rows) -> pd.DataFrame:
        return self.pool.features.iloc[rows].reset_index(drop=True)


Choose = Callable[[Choice, int], Rows]
Grow = Callable[[Choice, int], pd.DataFrame]


@dataclass(frozen=True)
class Strategy:
    """`source`: what the pool holds (population.pool_of). `choose`: rows of the pool to ask next. `grow`: records to be made up
    from the answers so far, which are asked first. `hard`: only the label of an answer is used."""

    source: str = "natural"
    choose: Choose | None = None
    grow: Grow | None = None
    hard: bool = False

    @property
    def is_adaptive(self) -> bool:
        return self.choose is not None or self.grow is not None


def in_order(choice: Choice, count: int) -> Rows:
    free = np.ones(len(choice.pool), dtype=bool)
    free[choice.asked] = False
    return np.flatnonzero(free)[:count]


def margins(choice: Choice, rows: Rows) -> Floats:
    """(n,) difference of the copy's two highest probabilities: 0 where it is least sure."""
    answers = np.sort(choice.copy(choice.frame(rows)), axis=1)
    return np.asarray(answers[:, -1] - answers[:, -2])


def margin(choice: Choice, count: int) -> Rows:
    """The least sure, Tramèr et al. 2016 section 5 and ActiveThief's uncertainty, with a random share."""
    left = choice.left(count)
    ordered = left[np.argsort(margins(choice, left), kind="stable")]
    return with_random(choice, ordered, count)


def with_random(choice: Choice, ordered: Rows, count: int) -> Rows:
    """The first of `ordered`, and a RANDOM share of the rest of them; shuffled, so that any part of the batch is like the whole."""
    chosen = ordered[: count - round(RANDOM * count)]
    rest = ordered[len(chosen) :]
    more = choice.rng.choice(rest, min(len(rest), count - len(chosen)), replace=False)
    return np.asarray(choice.rng.permutation(np.concatenate([chosen, more])))
