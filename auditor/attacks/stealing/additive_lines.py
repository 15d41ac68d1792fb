"""Every threshold of every column of a sum of functions of two columns each: searched for from few, opposed records."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from auditor.attacks.stealing.leaf_answers import Answers, Spent
from auditor.attacks.stealing.leaf_axes import MISSING, Axes, Axis, Points
from auditor.attacks.stealing.line_search import Cuts

INNER = 16
AGAIN = 0.5


@dataclass(frozen=True, eq=False)
class Cells:
    """What of a column is one to the target: of a number the intervals that begin at `starts` (s,) and, where there is one, the
    missing cell after them; of a category sets of levels, `group` (levels,) telling which."""

    axis: Axis
    starts: Points
    group: NDArray[np.intp]

    def __len__(self) -> int:
        return len(self.starts) + self.axis.missing if self.axis.is_ordered else _count(self.group)

    @property
    def ordered(self) -> int:
        """How many of them lie in a row."""
        return len(self.starts) if self.axis.is_ordered else 0

    def of(self, positions: Points) -> NDArray[np.intp]:
        """(n,) the cell of each position."""
        if not self.axis.is_ordered:
            return self.group[positions]
        place = np.clip(np.searchsorted(self.starts, positions, side="right") - 1, 0, None)
        return np.where(positions == MISSING, len(self) - 1, place)

    def position(self, cell: int) -> int:
        """One position of the cell."""
        if not self.axis.is_ordered:
            return int(np.flatnonzero(self.group == cell)[0])
        return int(self.starts[cell]) if cell < len(self.starts) else MISSING


def cells_of(base: Points, answers: Answers) -> tuple[Cells, ...]:
    """The cells of all columns, seen from the base record (d,) and from opposed ones. Where columns act in pairs, a threshold of
    one shows on the right side of every threshold of its partner: with all numbers at their low ends or all at their high ends, and
    with each set of levels once; again where that tells more levels apart and takes a small part of what is left. Raises Spent, and
    that before the greater part is spent where the limit would end the search."""
    axes = answers.axes
    cuts = Cuts(len(axes))
    groups = [_told_apart([base], j, axis, answers, cuts) for j, axis in enumerate(axes.axes)]
    sets = -1
    while sum(map(_count, groups)) > sets:
        seen = [base, *_opposed(base, axes, groups)]
        room, cost = answers.limit - len(answers), _cost(len(seen), cuts, answers)
        if sets < 0 and cost > room:
            raise Spent
        if sets >= 0 and cost > AGAIN * room:
            break
        sets = sum(map(_count, groups))
        groups = [_told_apart(seen, j, axis, answers, cuts) for j, axis in enumerate(axes.axes)]
    starts = [np.array([axis.low, *(c + 1 for c in cuts.of_axis[j])], dtype=np.int64) for j, axis in enumerate(axes.axes)]
    return tuple(Cells(axis, start, group) for axis, start, group in zip(axes.axes, starts, groups, strict=True))


def _opposed(base: Points, axes: Axes, groups: list[NDArray[np.intp]]) -> list[Points]:
    """Records that hold in turn the low ends of all numbers, their high ends and, where there are any, their missing cells, each
    with one set of levels after the other."""
    sets = max(1, *map(_count, groups))
    records = []
    phases = 3 if any(axis.is_ordered and axis.missing for axis in axes.axes) else 2
    for turn in range(phases * sets):
        record = base.copy()
        for j, axis in enumerate(axes.axes):
            if axis.is_ordered:
                record[j] = (axis.low, axis.high, MISSING if axis.missing else axis.low)[turn % phases]
            else:
                record[j] = np.flatnonzero(groups[j] == (turn // phases) % _count(groups[j]))[0]
        records.append(record)
    return records


def _count(group: NDArray[np.intp]) -> int:
    """How many sets of levels; a number has none."""
    return int(group.max(initial=-1)) + 1


def _cost(records: int, cuts: Cuts, answers: Answers) -> int:
    """What the lines of so many records cost, but for new thresholds."""
    row = sum(2 * len(cuts.of_axis[j]) + INNER if a.is_ordered else a.high for j, a in enumerate(answers.axes.axes))
    return records * row


def _told_apart(records: list[Points], j: int, axis: Axis, answers: Answers, cuts: Cuts) -> NDArray[np.intp]:
    """Thresholds of a number go to `cuts`; of a category (levels,) which levels no record tells apart."""
    if axis.is_ordered:
        for record in records:
            _search(record, j, axis, answers, cuts)
        return np.empty(0, dtype=np.intp)
    levels = np.arange(axis.high + 1)
    told = answers.of(np.concatenate([along(record, j, levels) for record in records])).reshape(len(records), -1)
    return np.asarray(np.unique(told, axis=1, return_inverse=True)[1].ravel())


def _search(record: Points, j: int, axis: Axis, answers: Answers, cuts: Cuts) -> None:
    """Between known thresholds only the ends are asked, and what lies between them where they differ."""
    known = np.array(cuts.of_axis[j], dtype=np.int64)
    ladder = np.unique(np.concatenate([[axis.low, axis.high], axis.inner(INNER), known, known + 1])).astype(np.int64)
    while True:
        identities = answers.of(along(record, j, ladder))
        differs = identities[1:] != identities[:-1]
        far = np.diff(ladder) > 1
        if not (differs & far).any():
            break
        ladder = np.union1d(ladder, (ladder[:-1][differs & far] + ladder[1:][differs & far]) // 2)
    for cut in ladder[:-1][differs]:
        cuts.add(j, int(cut))


def along(record: Points, axis: int, positions: Points) -> Points:
    points = np.repeat(record[None, :], len(positions), axis=0)
    points[:, axis] = positions
    return points
