"""Counterfactuals: records of another class near a given one, which services answer to those who ask what would change theirs."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray


@dataclass(frozen=True)
class Bounds:
    """Where a counterfactual may lie. `numbers`: the lowest and the highest value of each numeric column, both allowed; `levels`:
    the cells that each other column may have, None for a missing one."""

    numbers: Mapping[str, tuple[float, float]]
    levels: Mapping[str, tuple[object, ...]]


@dataclass(frozen=True, eq=False)
class Counterfactuals:
    """One answer a record. `records` (n rows, RangeIndex): the counterfactual, or the record itself where none was `found` (n,).
    `labels` (n,): the class of the record that was asked about, where the service says it beside; else -1."""

    records: pd.DataFrame
    found: NDArray[np.bool_]
    labels: NDArray[np.intp]


Explain = Callable[[pd.DataFrame, Sequence[Bounds]], Counterfactuals]
"""n records and the bounds of each -> the nearest record of another class within them. It costs one query a record."""


@dataclass(frozen=True, eq=False)
class Explained:
    """A target that also answers counterfactuals; `query` is what it is asked for its answers by."""

    query: Callable[[pd.DataFrame], NDArray[np.float64]]
    counterfactual: Explain

    def __call__(self, frame: pd.DataFrame) -> NDArray[np.float64]:
        return self.query(frame)

    @property
    def fresh(self) -> Any:
        return getattr(self.query, "fresh", self.query)
