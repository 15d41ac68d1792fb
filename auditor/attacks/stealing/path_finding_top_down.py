"""From the root of an unknown tree down, where inner nodes answer for missing cells (Tramèr et al. 2016, section 4.2)."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np

from auditor.attacks.stealing.leaf_answers import Answers
from auditor.attacks.stealing.leaf_axes import Axes, Axis, Points
from auditor.attacks.stealing.leaf_boxes import Box, Boxes
from auditor.attacks.stealing.line_search import Cuts, Search, isolate
from auditor.errors import TargetRefused

WIDTH = 64
INNER = 8
NOWHERE_SPLIT = -1


@dataclass(frozen=True, eq=False)
class Node:
    """What is reached by `point`, whose cells are missing but on `fixed` axes, those that the way down has split along; it answers
    `identity`. `box`: where on these axes the way down is the same. `settled`: axes along which all of the box has this answer."""

    point: Points
    identity: int
    box: Box
    fixed: frozenset[int] = frozenset()
    settled: frozenset[int] = frozenset()


@dataclass(frozen=True, eq=False)
class Line:
    """Of a node the positions (p,) along an axis that are asked, and what is answered there."""

    node: Node
    axis: int
    positions: Points
    identities: list[int] = field(default_factory=list)

    @property
    def varies(self) -> bool:
        return any(identity != self.node.identity for identity in self.identities)

    def points(self) -> Points:
        points = np.repeat(self.node.point[None, :], len(self.positions), axis=0)
        points[:, self.axis] = self.positions
        return points


def inner_nodes_answer(answers: Answers) -> bool | None:
    """Is a record whose cells are all missing answered by the root itself? Then one axis alone changes the answer, and every cell
    of it does. A default direction, or a value that is filled in, leads on to a leaf: cells on its way keep the answer. None where
    such records are refused, or all answers are one."""
    try:
        root = _root(answers, int(answers.of(answers.axes.blank[None, :])[0]))
        changed = [line for line in _asked(answers, [Line(root, *probe) for probe in _probes(answers.axes)]) if line.varies]
        if len(changed) == 1:
            [ladder] = _asked(answers, [Line(root, changed[0].axis, _ladder(answers.axes.axes[changed[0].axis]))])
            return root.identity not in ladder.identities
    except TargetRefused:
        return None
    return False if answers.distinct > 1 else None


def _probes(axes: Axes) -> Iterator[tuple[int, Points]]:
    """One cell along every axis."""
    return ((j, np.array([axis.low if axis.is_ordered else 0])) for j, axis in enumerate(axes.axes))


@dataclass(eq=False)
class TopDown:
    """Leaves and inner nodes go to `boxes`: a leaf holds records whatever their cells off its path are, an inner node those whose
    cell is missing where it splits. `leaves` counts the former."""

    answers: Answers
    boxes: Boxes
    cuts: Cuts
    leaves: int = 0

    def run(self) -> None:
        """Raises Spent."""
        blank = self.answers.axes.blank
        waiting = [_root(self.answers, int(self.answers.of(blank[None, :])[0]))]
        while waiting:
            batch, waiting = waiting[-WIDTH:], waiting[:-WIDTH]
            waiting.extend(self._explored(batch))

    def _explored(self, nodes: Sequence[Node]) -> Iterator[Node]:
        """The nodes below these: first where a cell that is known on the way down decides again, then where a missing one would."""
        again = self._along(nodes, [sorted(node.fixed - node.settled) for node in nodes])
        yield from self._parts(again)
        whole = [node for node in nodes if all(line.node is not node for line in again)]
        split = self._along(
            whole, [[j for j in range(len(self.answers.axes)) if j not in node.fixed] for node in whole], probes=True
        )
        for node in whole:
            axis = next((line.axis for line in split if line.node is node), NOWHERE_SPLIT)
            self.leaves += axis == NOWHERE_SPLIT
            self.boxes.add(node.box if axis == NOWHERE_SPLIT else _stopping(node.box, axis), node.identity)
        yield from self._parts(split)

    def _along(self, nodes: Sequence[Node], axes: Sequence[Sequence[int]], probes: bool = False) -> list[Line]:
        """Of each node the first of these axes along which the answer varies; a single cell tells for an axis that is missing."""
        lines = [Line(node, j, self._places(node, j, probes)) for node, own in zip(nodes, axes, strict=True) for j in own]
        first: dict[int, Line] = {}
        for line in _asked(self.answers, lines):
            if line.varies:
                first.setdefault(id(line.node), line)
        found = list(first.values())
        if not probes:
            return found
        return _asked(self.answers, [Line(line.node, line.axis, _ladder(self.answers.axes.axes[line.axis])) for line in found])

    def _places(self, node: Node, j: int, probes: bool) -> Points:
        axis = self.answers.axes.axes[j]
        if probes:
            return np.array([axis.low if axis.is_ordered else 0])
        if axis.is_ordered:
            return np.unique([node.box.low[j], node.box.high[j], node.point[j]])
        return np.flatnonzero(node.box.levels[j])

    def _parts(self, lines: Sequence[Line]) -> Iterator[Node]:
        ordered = [line for line in lines if self.answers.axes.axes[line.axis].is_ordered]
        intervals = self._intervals(ordered)
        for line in lines:
            if line in ordered:
                yield from (_interval(line, part) for part in intervals[id(line)])
            else:
                yield from _level_sets(line)

    def _intervals(self, lines: Sequence[Line]) -> dict[int, list[tuple[int, int, int]]]:
        """Of each line (first position, last position, identity) of every interval, all thresholds of one round in one request."""
        gaps = {id(line): _gaps(line) for line in lines}
        while moving := [gap for own in gaps.values() for gap in own if gap.is_open]:
            searches = [Search(gap.line.node.point, gap.line.axis, gap.left, gap.low, gap.high) for gap in moving]
            isolate(searches, self.answers, self.cuts)
            beyond = self.answers.of(np.array([search.at(search.outside) for search in searches]))
            for gap, search, identity in zip(moving, searches, beyond, strict=True):
                gap.cut(search.inside, search.outside, int(identity))
        return {id(line): _merged(line, gaps[id(line)]) for line in lines}


@dataclass(eq=False)
class Gap:
    """Between two asked positions of a line, the `left` and the `right` answer; `ends` are thresholds found from the left on."""

    line: Line
    low: int
    high: int
    left: int
    right: int
    ends: list[tuple[int, int, int]] = field(default_factory=list)

    @property
    def is_open(self) -> bool:
        return self.left != self.right

    def cut(self, inside: int, outside: int, identity: int) -> None:
        self.ends.append((inside, outside, identity))
        self.low, self.left = outside, identity


def _gaps(line: Line) -> list[Gap]:
    told = list(zip(line.positions.tolist(), line.identities, strict=True))
    return [Gap(line, low, high, left, right) for (low, left), (high, right) in pairwise(told)]


def _merged(line: Line, gaps: Iterable[Gap]) -> list[tuple[int, int, int]]:
    first, identity = int(line.positions[0]), line.identities[0]
    parts = []
    for inside, outside, following in (end for gap in gaps for end in gap.ends):
        parts.append((first, inside, identity))
        first, identity = outside, following
    return [*parts, (first, int(line.positions[-1]), identity)]


def _root(answers: Answers, identity: int) -> Node:
    """Everything belongs to it, missing cells too."""
    axes = answers.axes
    low, high = np.array([axis.low for axis in axes.axes]), np.array([axis.high for axis in axes.axes])
    levels = np.zeros((len(axes), max(1, axes.widest)), dtype=bool)
    for j, axis in enumerate(axes.axes):
        levels[j, : max(1, len(axis.levels))] = True
    return Node(axes.blank, identity, Box(axes.blank, low, high, levels))


def _ladder(axis: Axis) -> Points:
    """Both ends of a number and some between; all levels of a category but the missing one."""
    if not axis.is_ordered:
        return np.arange(len(axis.levels) - 1)
    return np.unique(np.concatenate([[axis.low, axis.high], axis.inner(INNER)])).astype(np.int64)


def _asked(answers: Answers, lines: Sequence[Line]) -> list[Line]:
    """The lines with what is answered along them, in one request."""
    if not lines:
        return []
    found = answers.of(np.concatenate([line.points() for line in lines]))
    parts = np.split(found, np.cumsum([len(line.positions) for line in lines])[:-1])
    return [replace(line, identities=part.tolist()) for line, part in zip(lines, parts, strict=True)]


def _stopping(box: Box, axis: int) -> Box:
    """What an inner node keeps: records whose cell is missing along its axis."""
    low, high, levels = box.low.copy(), box.high.copy(), box.levels.copy()
    blank = levels[axis].nonzero()[0].max()
    low[axis], high[axis], levels[axis] = 1, 0, False
    levels[axis, blank] = True
    return replace(box, low=low, high=high, levels=levels)


def _interval(line: Line, part: tuple[int, int, int]) -> Node:
    first, last, identity = part
    low, high, levels = line.node.box.low.copy(), line.node.box.high.copy(), line.node.box.levels.copy()
    low[line.axis], high[line.axis], levels[line.axis] = first, last, False
    return _below(line, first, identity, Box(line.node.point, low, high, levels))


def _level_sets(line: Line) -> Iterator[Node]:
    """Levels with the same answer go the same way."""
    identities = np.array(line.identities)
    for identity in dict.fromkeys(line.identities):
        own = line.positions[identities == identity]
        levels = line.node.box.levels.copy()
        levels[line.axis] = False
        levels[line.axis, own] = True
        yield _below(line, int(own[0]), identity, replace(line.node.box, levels=levels))


def _below(line: Line, position: int, identity: int, box: Box) -> Node:
    point = line.node.point.copy()
    point[line.axis] = position
    fixed = line.node.fixed | {line.axis}
    return Node(point, identity, replace(box, seed=point), fixed, frozenset({line.axis}))
