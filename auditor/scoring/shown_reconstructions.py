"""What stands in a report of reconstructions, so that people can judge them: aggregates beside each claim, and no single person."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from auditor.domain.data import Column, Records
from auditor.domain.evidence import Reconstructions
from auditor.scoring.grading import Originals, Truth
from auditor.scoring.groups import SHOWN_FROM
from auditor.scoring.intervals import Floats
from auditor.scoring.reconstruction import surest
from auditor.scoring.reconstruction_space import Space, space_of

MOST_CLASSES = 10
MOST_COLUMNS = 12
LARGEST_SIDE = 32
BRIGHTEST = 255


@dataclass(frozen=True)
class Shown:
    """How it is shown: the names of the classes, and the sides of an image where records are images (`[rows, columns(, 3)]`)."""

    classes: Sequence[str]
    image_shape: tuple[int, ...] | None = None


@dataclass(frozen=True, eq=False)
class _Class:
    """One class: its members, the claim and the guess as frames of one row (None: a guess from too few records to be shown)."""

    members: pd.DataFrame
    claim: pd.DataFrame
    guess: pd.DataFrame | None


def shown_reconstructions(evidence: Reconstructions, baseline: Reconstructions, truth: Truth, shown: Shown) -> dict[str, Any]:
    """The surest claim about each class beside the guess without the model and the mean of the members of the class.

    Classes of fewer than 10 members are left out: there even the claim may be the picture of a person. So is a guess that rests on
    1 to 9 auxiliary records, and a mean or most frequent category of fewer than 10 members. Distances are those of
    `mean_distance`, squared (Gower). Empty where nothing can be shown.
    """
    originals = truth.originals
    space = None if originals is None else space_of(originals.candidates.features, originals.columns, originals.bounds)
    if originals is None or space is None:
        return {}
    members = originals.candidates.take(truth.is_member)
    both = sorted(surest(evidence).keys() & surest(baseline).keys() & set(range(len(shown.classes))))
    large = [c for c in both if (members.labels == c).sum() >= SHOWN_FROM]
    if not both:
        return {}
    view = _view(originals, shown.image_shape)
    classes = [
        {"label": shown.classes[c], **_shown(_of_class(c, evidence, baseline, (members, originals.auxiliary)), space, view)}
        for c in large[:MOST_CLASSES]
    ]
    left_out = {"small": len(both) - len(large), "more": max(0, len(large) - MOST_CLASSES)}
    return {"image_shape": None if view.sides is None else list(view.sides), "classes": classes, "left_out": left_out}


def _of_class(label: int, evidence: Reconstructions, baseline: Reconstructions, sides: tuple[Records, Records | None]) -> _Class:
    members, auxiliary = sides
    of = 0 if auxiliary is None else int((auxiliary.labels == label).sum()) or len(auxiliary)  # none of the class: it is of all
    claim = evidence.records.iloc[[surest(evidence)[label]]]
    guess = baseline.records.iloc[[surest(baseline)[label]]]
    return _Class(members.features[members.labels == label], claim, guess if of >= SHOWN_FROM else None)


@dataclass(frozen=True, eq=False)
class _View:
    """`sides` of the images as they are shown, None for a table of columns; `range`: black and white."""

    columns: tuple[Column, ...]
    shape: tuple[int, ...] | None
    sides: tuple[int, ...] | None
    range: tuple[float, float] = (0.0, 1.0)


def _view(originals: Originals, shape: tuple[int, ...] | None) -> _View:
    if shape is None:
        return _View(originals.columns, None, None)
    cells = _cells(originals.candidates.features, originals.columns)
    ends = [originals.bounds.get(c.name, (np.nanmin(cells), np.nanmax(cells))) for c in originals.columns]
    low, high = min(e[0] for e in ends), max(e[1] for e in ends)
    sides = averaged(np.zeros(shape)).shape
    return _View(originals.columns, shape, sides, (float(low), float(max(high, low + 1e-12))))


def _shown(found: _Class, space: Space, view: _View) -> dict[str, Any]:
    mean = space.points(found.members).mean(axis=0)
    apart = [None if f is None else _apart(space.points(f)[0], mean) for f in (found.claim, found.guess)]
    listed = {"columns": _columns(found, space, view.columns)} if view.shape is None else {"image": _images(found, view)}
    return {"members": len(found.members), "distance": apart[0], "distance_guess": apart[1], **listed}


def _apart(point: Floats, mean: Floats) -> float:
    return round(float(((point - mean) ** 2).sum()), 9)


def _images(found: _Class, view: _View) -> dict[str, str | None]:
    """Each picture as two hexadecimal digits a cell, 00 black to ff white, row by row."""
    cells = _cells(found.members, view.columns)
    is_covered = (~np.isnan(cells)).sum(axis=0).min() >= SHOWN_FROM
    return {
        "reconstructed": _hex(_cells(found.claim, view.columns)[0], view),
        "guess": None if found.guess is None else _hex(_cells(found.guess, view.columns)[0], view),
        "members": _hex(np.nanmean(cells, axis=0), view) if is_covered else None,
    }


def _hex(pixels: Floats, view: _View) -> str:
    assert view.shape is not None  # noqa: S101 - the caller shows images
    low, high = view.range
    shares = (averaged(np.nan_to_num(pixels, nan=low).reshape(view.shape)) - low) / (high - low)
    levels: NDArray[np.uint8] = np.round(BRIGHTEST * np.clip(shares, 0, 1)).astype(np.uint8)
    return levels.tobytes().hex()


def averaged(image: Floats) -> Floats:
    """(rows, columns, ...) -> the same with at most 32 of each: means of square blocks, of what is left at the edges."""
    side = ceil(max(image.shape[:2]) / LARGEST_SIDE)
    for axis in (0, 1):
        starts = np.arange(0, image.shape[axis], side)
        sizes = np.diff(np.append(starts, image.shape[axis]))
        image = np.add.reduceat(image, starts, axis=axis) / sizes.reshape([-1 if a == axis else 1 for a in range(image.ndim)])
    return image


def _columns(found: _Class, space: Space, columns: Sequence[Column]) -> list[dict[str, Any]]:
    """Those in which members, claim and guess differ most, in units of their ranges; a category is the same or is not."""
    scales = dict(zip((c.name for c in space.columns), space.scale.tolist(), strict=True))
    rows = [_column(found, c) for c in columns if c.name in scales]
    rows.sort(key=lambda row: -_spread(row, scales[row["column"]]))  # stable: equals keep the order of the file
    return rows[:MOST_COLUMNS]


def _column(found: _Class, column: Column) -> dict[str, Any]:
    return {
        "column": column.name,
        "members": _typical(found.members[column.name], column),
        "reconstructed": _cell(found.claim[column.name].iloc[0], column),
        "guess": None if found.guess is None else _cell(found.guess[column.name].iloc[0], column),
    }


def _typical(cells: pd.Series, column: Column) -> float | str | None:
    """The mean, or the most frequent category; None where it would tell of fewer than 10 records."""
    present = cells.dropna()
    if column.type.is_numeric:
        return _cell(present.astype(np.float64).mean(), column) if len(present) >= SHOWN_FROM else None
    counts = present.map(str).value_counts()
    most = min(counts.index, key=lambda value: (-int(counts[value]), value)) if len(counts) else None
    return None if most is None or counts[most] < SHOWN_FROM else str(most)


def _cell(value: Any, column: Column) -> float | str | None:
    if pd.isna(value):
        return None
    return float(f"{float(value):.6g}") if column.type.is_numeric else str(value)


def _spread(row: dict[str, Any], scale: float) -> float:
    known = [row[key] for key in ("members", "reconstructed", "guess") if row[key] is not None]
    if any(isinstance(value, str) for value in known):
        return float(len(set(known)) > 1)
    return round((max(known) - min(known)) / scale, 9) if known else 0.0


def _cells(frame: pd.DataFrame, columns: Sequence[Column]) -> Floats:
    return frame[[c.name for c in columns]].to_numpy(dtype=np.float64, na_value=np.nan)
