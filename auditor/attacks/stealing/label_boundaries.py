"""Where a target's label changes: pairs of records with other labels that differ in numbers alone, halved until they touch."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from auditor.attacks.stealing.linear_design import LinearDesign
from auditor.attacks.stealing.spread_records import Surroundings
from auditor.domain.data import Column, ColumnType

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]
Label = Callable[[pd.DataFrame], Ints]
Mask = NDArray[np.bool_]
FINE, OFTEN, FINEST = 1_000, 0.7, 1e-9
TOGETHER = 3
"""Records with the same categories and other numbers that are asked together, in the hope that their labels differ."""


@dataclass(frozen=True, eq=False)
class Segments:
    """Pairs of records with the same categories: `inside` is labelled `label`, `outside` is labelled `other`."""

    inside: pd.DataFrame
    outside: pd.DataFrame
    label: Ints
    other: Ints

    def __len__(self) -> int:
        return len(self.label)

    def take(self, rows: NDArray[np.intp]) -> "Segments":
        inside, outside = (frame.iloc[rows].reset_index(drop=True) for frame in (self.inside, self.outside))
        return Segments(inside, outside, self.label[rows], self.other[rows])

    @staticmethod
    def none() -> "Segments":
        return Segments(pd.DataFrame(), pd.DataFrame(), np.zeros(0, np.intp), np.zeros(0, np.intp))

    @staticmethod
    def joined(parts: "Sequence[Segments]") -> "Segments":
        inside = pd.concat([part.inside for part in parts], ignore_index=True)
        outside = pd.concat([part.outside for part in parts], ignore_index=True)
        label, other = np.concatenate([part.label for part in parts]), np.concatenate([part.other for part in parts])
        return Segments(inside, outside, label, other)


def found(nearby: Surroundings, count: int, label: Label, rng: np.random.Generator) -> Segments:
    """At most one segment from each of `count` groups of TOGETHER records; of several the one whose labels are rarest."""
    drawn = nearby.draw(count, 1.0, rng)
    fine_only = _fine_only(nearby, drawn, rng)
    group = [_moved(nearby, drawn, fine_only, rng) for _ in range(TOGETHER)]
    labels = label(pd.concat(group, ignore_index=True)).reshape(TOGETHER, count)
    seen = np.bincount(labels.ravel())
    best = np.full(count, np.inf)
    ends = np.zeros((2, count), dtype=np.intp)
    for i in range(TOGETHER):
        for j in range(i):
            rarity = np.where(labels[i] != labels[j], seen[labels[i]] + seen[labels[j]], np.inf)
            ends[:, rarity < best] = [[i], [j]]
            best = np.minimum(best, rarity)
    rows = np.flatnonzero(np.isfinite(best))
    first, second = (_picked(group, ends[side, rows], rows) for side in range(2))
    here, there = (labels[ends[side, rows], rows] for side in range(2))
    return Segments(first, second, here, there)


def _picked(group: Sequence[pd.DataFrame], which: Ints, rows: Ints) -> pd.DataFrame:
    count = len(group[0])
    return pd.concat(group, ignore_index=True).iloc[which * count + rows].reset_index(drop=True)


def _moved(nearby: Surroundings, drawn: pd.DataFrame, fine_only: Mask, rng: np.random.Generator) -> pd.DataFrame:
    """The same categories and missing cells; each number stays or is drawn anew between the extremes of the population."""
    columns = {}
    for column in nearby.design.columns:
        cells = drawn[column.name]
        if column.type.is_numeric:
            low, high = _range(nearby, column)
            anew = low + (high - low) * rng.random(len(cells))
            anew = np.rint(anew) if column.type is ColumnType.INTEGER else anew
            changes = (rng.random(len(cells)) < 0.5) & cells.notna().to_numpy(dtype=bool)
            changes &= ~fine_only | _is_fine(nearby, column)
            cells = _like(np.where(changes, anew, cells.to_numpy(dtype=np.float64, na_value=np.nan)), column)
        columns[column.name] = cells
    return pd.DataFrame(columns)


def _fine_only(nearby: Surroundings, drawn: pd.DataFrame, rng: np.random.Generator) -> Mask:
    """(n,) whether only numbers of fine steps move in a group: such a boundary is told more closely than one met half-way between
    two ages. Where there are none all numbers move, and now and then anyway."""
    has_fine = np.zeros(len(drawn), dtype=bool)
    for column in nearby.design.columns:
        if _is_fine(nearby, column):
            has_fine |= drawn[column.name].notna().to_numpy(dtype=bool)
    return has_fine & (rng.random(len(drawn)) < OFTEN)


def _is_fine(nearby: Surroundings, column: Column) -> bool:
    low, high = _range(nearby, column) if column.type.is_numeric else (0.0, 0.0)
    return high > low and (column.type is not ColumnType.INTEGER or high - low >= FINE)


def _range(nearby: Surroundings, column: Column) -> tuple[float, float]:
    seen = nearby.population[column.name]
    return float(seen.min()), float(seen.max())


def coarseness(segments: Segments, design: LinearDesign) -> Floats:
    """(n,) the width, in units of the design, below which halving cannot bring a segment: a step of its coarsest whole number."""
    width = np.full(len(segments), FINEST)
    for column in design.columns:
        if column.type is ColumnType.INTEGER:
            moves = (segments.inside[column.name] != segments.outside[column.name]).to_numpy(dtype=bool)
            known = segments.inside[column.name].notna().to_numpy(dtype=bool)
            width = np.where(moves & known, np.maximum(width, 1 / design.scale[column.name]), width)
    return width


def halved(segments: Segments, columns: Sequence[Column], steps: int, label: Label) -> Segments:
    """Each segment cut in half `steps` times, always keeping a part whose ends are labelled otherwise; one that neither doubles nor
    whole numbers can cut further is left. Asks at most `steps` records a segment, all segments of a step together."""
    numbers = [column for column in columns if column.type.is_numeric]
    names = [column.name for column in numbers]
    whole = np.array([column.type is ColumnType.INTEGER for column in numbers], dtype=bool)
    inside, outside = (_numbers(frame, names) for frame in (segments.inside, segments.outside))
    other = segments.other.copy()
    for _ in range(steps):
        middle = inside + (outside - inside) / 2
        middle = np.where(whole, np.floor(middle), middle)
        stuck = _same(middle, inside) | _same(middle, outside)
        rows = np.flatnonzero(~stuck)
        if not len(rows):
            break
        told = label(_with(segments.inside.iloc[rows], numbers, middle[rows]))
        stays = told == segments.label[rows]
        inside[rows[stays]] = middle[rows[stays]]
        outside[rows[~stays]] = middle[rows[~stays]]
        other[rows[~stays]] = told[~stays]
    first, second = (_with(segments.inside, numbers, cells) for cells in (inside, outside))
    return Segments(first, second, segments.label, other)


def _numbers(frame: pd.DataFrame, names: list[str]) -> Floats:
    return frame[names].to_numpy(dtype=np.float64, na_value=np.nan).copy()


def _same(first: Floats, second: Floats) -> NDArray[np.bool_]:
    return np.asarray(((first == second) | np.isnan(first)).all(axis=1))


def _with(frame: pd.DataFrame, numbers: Sequence[Column], cells: Floats) -> pd.DataFrame:
    return frame.reset_index(drop=True).assign(**{c.name: _like(cells[:, i], c) for i, c in enumerate(numbers)})


def _like(cells: Floats, column: Column) -> pd.Series:
    is_whole = column.type is ColumnType.INTEGER and not np.isnan(cells).any()
    return pd.Series(cells.astype(np.int64) if is_whole else cells)
