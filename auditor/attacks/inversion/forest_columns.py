"""What the features of trees say of columns, and rows of a table out of the intervals that records lie in."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from auditor.attacks.inversion.tree_walk import INVENTED, matrix_of
from auditor.domain.data import Column, ColumnType
from auditor.domain.parameters import Trees

Floats = NDArray[np.float64]
Places = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Features:
    """The F features of trees. `column` (F,) names; `category` (F,): the value that a 1 stands for, None where the feature is the
    column itself. `known` (a, F): the auxiliary records as features. `edges`: F ascending arrays of thresholds."""

    column: tuple[str, ...]
    category: tuple[str | None, ...]
    known: Floats
    edges: tuple[Floats, ...]
    closed: bool

    @property
    def groups(self) -> list[list[int]]:
        """Features that exclude each other: categories of one column."""
        of: dict[str, list[int]] = {}
        for place, (column, category) in enumerate(zip(self.column, self.category, strict=True)):
            if category is not None and len(self.edges[place]):
                of.setdefault(column, []).append(place)
        return list(of.values())

    def cells(self, feature: int) -> Places:
        """(a,) how many thresholds of the feature lie below each auxiliary record."""
        side = "left" if self.closed else "right"
        return np.asarray(np.searchsorted(self.edges[feature], self.known[:, feature], side=side), dtype=np.int64)  # type: ignore[call-overload]


def features_of(trees: Trees, auxiliary: pd.DataFrame, columns: tuple[Column, ...]) -> Features | None:
    """None where the features of the trees are no columns of the table."""
    known = matrix_of(auxiliary, columns, trees)
    if known is None:
        return None
    given = not all(INVENTED.fullmatch(name) for name in trees.features)
    names = trees.features if given else tuple(c.name for c in columns)
    said = [_split(name, [c.name for c in columns]) for name in names]
    inner = ~trees.is_leaf
    edges = tuple(np.unique(trees.threshold[inner & (trees.feature == place)]) for place in range(len(names)))
    return Features(tuple(c for c, _ in said), tuple(v for _, v in said), known, edges, trees.closed)


def _split(name: str, columns: Sequence[str]) -> tuple[str, str | None]:
    """`job_clerk` or `job=clerk` is the value clerk of job."""
    if name in columns:
        return name, None
    column = next(c for c in sorted(columns, key=len, reverse=True) if name.startswith((f"{c}_", f"{c}=")))
    return column, name[len(column) + 1 :]


def table(features: Features, cells: Places, auxiliary: pd.DataFrame, columns: tuple[Column, ...]) -> pd.DataFrame:
    """The n records that lie in these cells (n, F), a row each: the usual auxiliary value of each cell."""
    return pd.DataFrame({c.name: _column(features, cells, auxiliary[c.name], c) for c in columns})


def _column(features: Features, cells: Places, seen: pd.Series, column: Column) -> pd.Series:
    own = [place for place, name in enumerate(features.column) if name == column.name]
    if own and features.category[own[0]] is None:
        return _plain([_value(features, own[0], cell, column) for cell in cells[:, own[0]]], column)
    counts = seen.dropna().value_counts()
    usual = sorted(counts.index, key=lambda value: (-int(counts[value]), repr(value)))
    texts = {str(value): value for value in usual}
    split = [place for place in own if len(features.edges[place])]
    named = {features.category[place] for place in split}
    rest = next((value for value in usual if str(value) not in named), usual[0] if usual else None)
    rows = [next((features.category[place] for place in split if row[place]), None) for row in cells]
    return pd.Series([rest if text is None else texts.get(text, text) for text in rows], dtype=object)


def _value(features: Features, feature: int, cell: int, column: Column) -> float:
    """The median of the auxiliary values in the cell, or the middle of it where none lies there."""
    known, edges = features.known[:, feature], features.edges[feature]
    inside = known[(features.cells(feature) == cell) & ~np.isnan(known)]
    if len(inside):
        return float(np.sort(inside)[len(inside) // 2])
    ends = np.concatenate([[np.nanmin(known, initial=np.inf)], edges, [np.nanmax(known, initial=-np.inf)]])
    low, high = min(ends[cell], ends[cell + 1]), max(ends[cell], ends[cell + 1])
    middle = (low + high) / 2 if np.isfinite(low + high) else float(edges[min(cell, len(edges) - 1)])
    return float(np.rint(middle)) if column.type is ColumnType.INTEGER else float(middle)


def _plain(values: list[float], column: Column) -> pd.Series:
    if column.type is ColumnType.INTEGER:
        return pd.Series(np.rint(values).astype(np.int64))
    if column.type.is_numeric:
        return pd.Series(values, dtype=np.float64)
    return pd.Series([bool(value > 0.5) for value in values], dtype=object)
