"""Cells of records that the target answers alike: how few stand in a cell, and which answers rule a class out."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from auditor.domain.target import Output, Profile
from auditor.scoring.shares import percent

SMALLEST_CELL = 10  # records below which ACRO's default, which SACRO-ML's structural attack reads, asks for a look
SOURCE = "structural attack of SACRO-ML, threshold of ACRO (https://github.com/AI-SDC)"
OF_CLASSES = (Output.PROBABILITIES, Output.TOP_K, Output.LOGITS)
DUST = 12  # decimals that sums of trees keep in whatever order the trees were added
MOSTLY_ALONE = 0.9
NOT_SHOWN = -1.0

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Side:
    """Members, or non-members, of whom the target was asked. `cells`: distinct answers; `alone`: records whose answer no other
    member has; `small`: records in cells of fewer than k; `ruled_out_cells`, `ruled_out`: cells of at least k where a class has
    probability 0, and the records in them, None where answers hold no probabilities."""

    records: int
    cells: int
    alone: int
    small: int
    ruled_out_cells: int | None
    ruled_out: int | None


@dataclass(frozen=True)
class Structure:
    """Both sides in the same cells: as large as the members in them, and the record itself where it is none. `decimals`: what the
    answers keep, None if they are not rounded. It decides nothing."""

    members: Side
    non_members: Side
    k: int = SMALLEST_CELL
    decimals: int | None = None
    source: str = SOURCE

    @property
    def repeats(self) -> bool:
        """Do answers repeat, as those of trees, labels and rounded numbers do? Only then do cells mean anything."""
        return self.members.alone < MOSTLY_ALONE * self.members.records

    @property
    def sentences(self) -> tuple[str, ...]:
        """One of the sizes of cells, one of classes that answers rule out; none of what answers of this kind cannot show."""
        return tuple(filter(None, (_of_cells(self), _of_classes(self))))

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "repeats": self.repeats, "sentences": list(self.sentences)}


@dataclass(frozen=True, eq=False)
class _Cells:
    """Of each record: its `cell` (n,), the `size` of it (n,), and whether some class is `ruled_out` (n,), None without classes."""

    cell: NDArray[np.intp]
    size: NDArray[np.intp]
    ruled_out: Mask | None


def structure(answers: Floats, is_member: Mask, profile: Profile, k: int = SMALLEST_CELL) -> Structure | None:
    """Identical answers form cells, as leaves do in SACRO-ML's structural attack; leaves of the same answer are one cell here, so
    no more records stand in small cells than in small leaves, and a tree grown to pure leaves has no small cell.

    `answers` (n, C) as recorded, NaN where a class is not shown and for all of a record that was not asked; `is_member` (n,). A
    non-member stands in the cell of the members with its answer and counts itself, so both sides are measured alike whatever their
    numbers. None where no member or no non-member was asked.
    """
    asked = ~np.isnan(answers).all(axis=1)
    inside = is_member[asked]
    if not inside.any() or inside.all():
        return None
    cells = _cells(answers[asked], inside, profile)
    return Structure(_side(cells, inside, k), _side(cells, ~inside, k), k, profile.decimals)


def _cells(answers: Floats, inside: Mask, profile: Profile) -> _Cells:
    kept = answers if profile.decimals is None else np.round(answers, profile.decimals)
    cell = _alike(kept)
    size = np.bincount(cell[inside], minlength=int(cell.max()) + 1)[cell] + ~inside
    return _Cells(cell, size, (kept == 0).any(axis=1) if profile.output in OF_CLASSES else None)


def _alike(answers: Floats) -> NDArray[np.intp]:
    """(n,) the same number for the same answer. Rows are compared as bytes, far faster than number by number."""
    rows = np.ascontiguousarray(np.nan_to_num(np.round(answers, DUST), nan=NOT_SHOWN) + 0.0)  # minus zero is zero
    return np.unique(rows.view(np.dtype((np.void, rows.dtype.itemsize * rows.shape[1]))).ravel(), return_inverse=True)[1]


def _side(cells: _Cells, side: Mask, k: int) -> Side:
    size, cell = cells.size[side], cells.cell[side]
    ruled_out = None if cells.ruled_out is None else cells.ruled_out[side] & (size >= k)
    return Side(
        records=len(size),
        cells=len(np.unique(cell)),
        alone=int((size == 1).sum()),
        small=int((size < k).sum()),
        ruled_out_cells=None if ruled_out is None else len(np.unique(cell[ruled_out])),
        ruled_out=None if ruled_out is None else int(ruled_out.sum()),
    )


def _of_cells(found: Structure) -> str:
    members, others = found.members, found.non_members
    if not found.repeats:
        return (
            f"{members.alone:,} of {members.records:,} members have an answer that no other member has, as is usual for answers"
            " that are not coarse; cells of identical answers tell nothing of such a target."
        )
    different = "1 answer" if members.cells == 1 else f"{members.cells:,} different answers"
    return (
        f"{members.records:,} members have {different}. Cells of fewer than {found.k} members with the same answer hold"
        f" {members.small:,} of them ({percent(members.small / members.records)});"
        f" {percent(others.small / others.records)} of {others.records:,} non-members fall into such a cell."
        f"{'' if members.small else ' That does not make the target safe.'}"
    )


def _of_classes(found: Structure) -> str:
    members, others = found.members, found.non_members
    if members.ruled_out_cells is None or members.ruled_out is None or others.ruled_out is None:
        return ""
    if not members.ruled_out_cells:
        return f"No answer that {found.k} members or more have rules a class out." if found.repeats else ""
    kept = "" if found.decimals is None else f" (in answers of {found.decimals} decimal{'s' if found.decimals != 1 else ''})"
    return (
        f"Different answers that {found.k} members or more have and that give some class the probability 0{kept} number"
        f" {members.ruled_out_cells:,}. They rule a class out for {percent(members.ruled_out / members.records)} of members and for"
        f" {percent(others.ruled_out / others.records)} of non-members."
    )
