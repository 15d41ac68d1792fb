"""Records and their columns. Pure values: reading files is `intake`, joining them is `workflow.prepare`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
import pandas as pd
from numpy.typing import NDArray


class ColumnType(StrEnum):
    STRING = "string"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    CATEGORY = "category"

    @property
    def is_numeric(self) -> bool:
        return self in (ColumnType.INTEGER, ColumnType.NUMBER)


@dataclass(frozen=True)
class Column:
    name: str
    type: ColumnType


@dataclass(frozen=True, eq=False)
class Records:
    """n records: `features` (n rows, RangeIndex, one typed column each) and `labels` (n,) as class indices, -1 where not known.

    Records of one household or user share a number in `units` (n,), where the audit knows of such.
    Where the target predicts a number, `values` (n,) holds the true one (None where it is not known) and every label is 0.

    integer and number columns are float64 or int64 (NaN where missing); string, category and boolean columns hold
    Python str / bool objects (dtype object) with None where missing.
    """

    features: pd.DataFrame
    labels: NDArray[np.intp]
    values: NDArray[np.float64] | None = None
    units: NDArray[np.intp] | None = None

    def __len__(self) -> int:
        return len(self.features)

    def take(self, rows: NDArray[np.intp] | NDArray[np.bool_]) -> "Records":
        """The chosen rows (indices or a mask), renumbered from 0."""
        chosen = np.flatnonzero(rows) if rows.dtype == bool else rows
        values = None if self.values is None else self.values[chosen]
        units = None if self.units is None else self.units[chosen]
        return Records(self.features.iloc[chosen].reset_index(drop=True), self.labels[chosen], values, units)


@dataclass(frozen=True)
class Sensitive:
    """A sensitive attribute: one or more columns, and the distinct values (a tuple of cells each) seen in the auxiliary records.
    `is_number`: one column of numbers, of which `values` is a grid of the quantiles; a record has the nearest of them."""

    name: str
    columns: tuple[str, ...]
    values: tuple[tuple[object, ...], ...]
    is_number: bool = False


@dataclass(frozen=True, eq=False)
class AuditData:
    """Everything an audit knows. `candidates` are members and non-members in an order shuffled by the seed; `is_member` (n,)
    is the truth, which no attack ever sees. Rows are distinct, and none stands on both sides. `classes` is empty where the target
    predicts a number."""

    columns: tuple[Column, ...]
    classes: tuple[str, ...]
    candidates: Records
    is_member: NDArray[np.bool_]
    auxiliary: Records
    sensitive: tuple[Sensitive, ...] = ()
    removed: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    digest: str = ""
    training: Records | None = None  # what the target was trained on beside the members, as far as it was given
    training_digest: str = ""
    bounds: Mapping[str, tuple[float, float]] = field(default_factory=dict)  # declared low and high ends of numbers
    groups: pd.DataFrame | None = None  # (n rows) the columns to be reported apart, whether the target is sent them or not
