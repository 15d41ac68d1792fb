"""Mixed columns as the terms of a linear model, and records that differ from a typical one in one term each."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.linalg import qr

from auditor.domain.data import Column, ColumnType

Floats = NDArray[np.float64]
RANK_TOLERANCE = 1e-10


@dataclass(frozen=True, eq=False)
class Term:
    """One unknown: the slope of a number, or what a level (a category, a missing cell) adds beside the typical record's level.

    `other` is a cell that differs from the typical one in this term alone."""

    column: str
    level: object
    is_slope: bool
    other: object


@dataclass(frozen=True, eq=False)
class LinearDesign:
    """The terms of a linear model over `columns`: an intercept, then `terms`. Numbers are counted from `centre` in units of
    `scale`, levels against that of the `typical` record: models that encode a category in full or less one are the same."""

    columns: tuple[Column, ...]
    typical: dict[str, object]
    centre: dict[str, float]
    scale: dict[str, float]
    terms: tuple[Term, ...]

    @property
    def unknowns(self) -> int:
        """How many independent answers an exact solution takes."""
        return 1 + len(self.terms)

    @staticmethod
    def of(features: pd.DataFrame, columns: Sequence[Column]) -> "LinearDesign":
        """From records of the population, whose values are the only ones that are ever asked."""
        typical, centre, scale = {}, {}, {}
        for column in columns:
            cells = features[column.name]
            typical[column.name] = _typical(cells, column)
            if column.type.is_numeric:
                known = cells.dropna().to_numpy(dtype=np.float64)
                centre[column.name] = 0.0 if _is_missing(typical[column.name]) else float(typical[column.name])  # type: ignore[arg-type]
                scale[column.name] = float(known.std()) or 1.0 if len(known) else 1.0
        terms = tuple(term for column in columns for term in _terms(features[column.name], column, typical[column.name]))
        return LinearDesign(tuple(columns), typical, centre, scale, terms)

    def matrix(self, frame: pd.DataFrame) -> Floats:
        """(n, unknowns): 1, then each term's value for each record. A category never seen counts as the typical one."""
        cells = {column.name: self._cells(frame[column.name], column) for column in self.columns}
        filled = np.ones((len(frame), self.unknowns))
        for place, term in enumerate(self.terms, start=1):
            filled[:, place] = self._value(cells[term.column], term)
        return filled

    def _cells(self, cells: pd.Series, column: Column) -> NDArray[np.generic]:
        if column.type.is_numeric:
            return cells.to_numpy(dtype=np.float64, na_value=np.nan)
        known = cells.to_numpy(dtype=object, copy=True)
        known[cells.isna().to_numpy()] = None
        return known

    def _value(self, cells: NDArray[np.generic], term: Term) -> Floats:
        if term.is_slope:
            away = (cells.astype(np.float64) - self.centre[term.column]) / self.scale[term.column]
            return np.asarray(np.where(np.isnan(away), 0.0, away))
        if cells.dtype.kind == "f":
            return np.asarray(np.isnan(cells), dtype=np.float64)  # a number's only level is the missing cell
        return np.asarray(cells == term.level, dtype=np.float64)

    def one_change_each(self) -> pd.DataFrame:
        """(unknowns rows) the typical record, and for each term the record that differs from it in that term: independent."""
        rows = [dict(self.typical)] + [self.typical | {term.column: term.other} for term in self.terms]
        return self.frame(rows)

    def frame(self, rows: Sequence[dict[str, object]]) -> pd.DataFrame:
        return pd.DataFrame({c.name: _series([row[c.name] for row in rows], c) for c in self.columns})

    def independent(self, features: pd.DataFrame) -> NDArray[np.intp]:
        """Which of these records to ask when no made-up one is let in: as many as are independent, best-conditioned first."""
        _, triangle, order = qr(self.matrix(features).T, mode="economic", pivoting=True)
        size = np.abs(np.diag(triangle))
        return np.asarray(order[: int((size > RANK_TOLERANCE * size[0]).sum())])


def _terms(cells: pd.Series, column: Column, typical: object) -> Iterator[Term]:
    known = cells.dropna()
    if column.type.is_numeric:
        other = _other_number(known.to_numpy(dtype=np.float64), column, typical)
        if other is not None:
            yield Term(column.name, None, True, other)
        if cells.isna().any() and len(known):
            yield Term(column.name, None, False, np.nan)
        return
    for level in sorted(known.unique(), key=repr):
        if level != typical:
            yield Term(column.name, level, False, level)
    if cells.isna().any() and typical is not None:
        yield Term(column.name, None, False, None)


def _other_number(known: Floats, column: Column, typical: object) -> float | None:
    """A value about one standard deviation away; of integers one that was seen. Where all are the same, one more; None where there
    is none."""
    if not len(known):
        return None
    start = float(typical)  # type: ignore[arg-type]
    if known.min() == known.max():
        return start + 1.0
    wanted = start + float(known.std()) * (1 if known.max() - start >= start - known.min() else -1)
    if column.type is not ColumnType.INTEGER:
        return float(np.clip(wanted, known.min(), known.max()))
    seen = np.unique(known[known != start])
    return float(seen[np.abs(seen - wanted).argmin()])


def _typical(cells: pd.Series, column: Column) -> object:
    known = cells.dropna()
    if not len(known):
        return np.nan if column.type.is_numeric else None
    if column.type.is_numeric:
        numbers = np.sort(known.to_numpy(dtype=np.float64))
        return float(numbers[len(numbers) // 2])
    counts = known.value_counts()
    return min(counts[counts == counts.max()].index, key=repr)


def _series(cells: list[object], column: Column) -> pd.Series:
    if not column.type.is_numeric:
        return pd.Series(cells, dtype=object)
    numbers = pd.Series(cells, dtype=np.float64)
    is_whole = column.type is ColumnType.INTEGER and not numbers.isna().any()
    return numbers.astype(np.int64) if is_whole else numbers


def _is_missing(cell: object) -> bool:
    return cell is None or (isinstance(cell, float) and np.isnan(cell))
