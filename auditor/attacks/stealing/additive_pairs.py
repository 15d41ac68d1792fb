"""Sums of functions of two columns each, such as boosted trees of depth two: exact from lines and from second differences."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from auditor.attacks.stealing.additive_lines import Cells, cells_of
from auditor.attacks.stealing.ensemble_link import Link
from auditor.attacks.stealing.leaf_answers import Answers
from auditor.attacks.stealing.leaf_axes import Points
from auditor.attacks.stealing.repeats import wire_error

Floats = NDArray[np.float64]
BLOCKS = 3
PAIRS = 8
FLOAT32 = 6e-8
MORE_PER_VALUE = 4


def third_difference(points: Points, answers: Answers, link: Link, rng: np.random.Generator) -> float:
    """The largest mixed difference, over three blocks of columns, between PAIRS pairs of the points: 0 for every sum of functions
    of two columns each, since each of them misses a block. In units of what the digits of the answers explain."""
    x, y = points[:PAIRS], points[PAIRS : 2 * PAIRS]
    block = rng.permuted(np.tile(np.arange(x.shape[1]) % BLOCKS, (len(x), 1)), axis=1)
    corners = [answers.vectors_of(np.where((corner >> block) & 1 == 1, y, x)) for corner in range(2**BLOCKS)]
    total = sum((-1) ** corner.bit_count() * link.scores(vectors) for corner, vectors in enumerate(corners))
    error = sum(errors(vectors, answers, link) for vectors in corners)
    return float((np.abs(total) / np.reshape(error, (-1, 1))).max())


def errors(vectors: Floats, answers: Answers, link: Link) -> Floats:
    """(n,) how far a score may be off, as 32 bits or the decimals of the wire tell the answers (n, C)."""
    error = max(FLOAT32, wire_error(answers.context.profile))
    known = np.nan_to_num(vectors)
    if not link.is_logistic:
        return np.full(len(known), 2 * error * max(1.0, float(np.abs(known).max())))
    return np.asarray(2 * error / np.clip(known, max(error, 1e-9), None).min(axis=1))


Unit = tuple[int, int]
"""Two cells of a column: the neighbours that a threshold parts, both ends of some in a row, or the base's cell and another."""


@dataclass(frozen=True)
class Atom:
    """What two columns add together where each is beyond its unit."""

    first: int
    second: int
    units: tuple[Unit, Unit]


@dataclass(frozen=True, eq=False)
class PairCopy:
    """`base` (K,) is the score of the record whose cells are `origin` (d,); every column adds `alone[j]` (cells, K), and every atom
    its `worth` (A, K)."""

    cells: tuple[Cells, ...]
    origin: NDArray[np.intp]
    link: Link
    base: Floats
    alone: tuple[Floats, ...]
    atoms: tuple[Atom, ...]
    worth: Floats

    @property
    def words(self) -> str:
        return (
            f"The target is a sum of functions of two columns each, like boosted trees of depth 2: {self.thresholds} thresholds and"
            f" {len(self.atoms)} pairs of them that act together were found, and its"
        )

    @property
    def thresholds(self) -> int:
        return sum(max(0, cells.ordered - 1) for cells in self.cells)

    def places(self, points: Points) -> NDArray[np.intp]:
        """(n, d) cells."""
        return np.column_stack([cells.of(points[:, j]) for j, cells in enumerate(self.cells)])

    def scores(self, points: Points) -> Floats:
        """(n, K)"""
        places = self.places(points)
        alone = sum(part[places[:, j]] for j, part in enumerate(self.alone))
        return np.asarray(self.base + alone + self.beyond(places) @ self.worth)

    def beyond(self, places: NDArray[np.intp]) -> Floats:
        """(n, A) -1, 0 or 1: on which side of both units of every atom, counted from the origin."""
        sides = [self._side(a.first, a.units[0], places) * self._side(a.second, a.units[1], places) for a in self.atoms]
        return np.column_stack(sides) if sides else np.zeros((len(places), 0))

    def _side(self, j: int, unit: Unit, places: NDArray[np.intp]) -> Floats:
        low, high = unit
        ordered, own = self.cells[j].ordered, int(self.origin[j])
        if low >= ordered or high >= ordered or own >= ordered:
            return np.asarray(places[:, j] == high, dtype=np.float64)
        row = places[:, j] < ordered
        return np.where(row, (places[:, j] >= high).astype(np.float64) - float(own >= high), 0.0)


def measured_pairs(base: Points, answers: Answers, link: Link) -> PairCopy:
    """Every threshold, every column alone, and every pair that acts together, from the base record (d,). Raises Spent."""
    cells = cells_of(base, answers)
    origin = np.array([c.of(base[j : j + 1])[0] for j, c in enumerate(cells)])
    score = link.scores(answers.vectors_of(base[None, :]))[0]
    alone = tuple(_column(base, j, c, answers, link) - score for j, c in enumerate(cells))
    atoms, worth = _Grid(base, cells, origin, answers, link).atoms()
    return PairCopy(cells, origin, link, score, alone, atoms, worth)


def _column(base: Points, j: int, cells: Cells, answers: Answers, link: Link) -> Floats:
    points = np.repeat(base[None, :], len(cells), axis=0)
    points[:, j] = [cells.position(c) for c in range(len(cells))]
    return link.scores(answers.vectors_of(points))


@dataclass(frozen=True, eq=False)
class _Grid:
    """Second differences f(a, b) - f(a', b) - f(a, b') + f(a', b') over pairs of columns, all else as in the base record. One that
    is 0 over both ends of two rows holds no two thresholds that act together, but by chance; another is halved until it is one of
    each."""

    base: Points
    cells: tuple[Cells, ...]
    origin: NDArray[np.intp]
    answers: Answers
    link: Link

    def atoms(self) -> tuple[tuple[Atom, ...], Floats]:
        waiting = list(self._first())
        found: list[Atom] = []
        worth: list[Floats] = []
        while waiting:
            differences, acts = self._differences(waiting)
            acting = [(atom, d) for atom, d, is_acting in zip(waiting, differences, acts, strict=True) if is_acting]
            waiting = []
            for atom, difference in acting:
                halves = list(self._halves(atom))
                if len(halves) > 1:
                    waiting.extend(halves)
                else:
                    found.append(atom)
                    worth.append(difference)
        return tuple(found), np.array(worth) if worth else np.zeros((0, len(self._score())))

    def _score(self) -> Floats:
        return np.asarray(self.link.scores(self.answers.vectors_of(self.base[None, :]))[0])

    def _first(self) -> Iterator[Atom]:
        units = [self._units(j) for j in range(len(self.cells))]
        for j in range(len(units)):
            for k in range(j):
                yield from (Atom(k, j, (u, v)) for u in units[k] for v in units[j])

    def _units(self, j: int) -> list[Unit]:
        own, ordered, count = int(self.origin[j]), self.cells[j].ordered, len(self.cells[j])
        if own >= ordered:
            return [(own, c) for c in range(count) if c != own]
        row = [(0, own), (own, ordered - 1)]
        return [unit for unit in row if unit[0] < unit[1]] + [(own, c) for c in range(ordered, count)]

    def _halves(self, atom: Atom) -> Iterator[Atom]:
        parts = [self._split(j, unit) for j, unit in zip((atom.first, atom.second), atom.units, strict=True)]
        return (replace(atom, units=(u, v)) for u in parts[0] for v in parts[1])

    def _split(self, j: int, unit: Unit) -> list[Unit]:
        low, high = unit
        if high >= self.cells[j].ordered or low >= self.cells[j].ordered or high - low == 1:
            return [unit]
        middle = (low + high) // 2
        return [(low, middle), (middle, high)]

    def _differences(self, atoms: Sequence[Atom]) -> tuple[Floats, NDArray[np.bool_]]:
        """(n, K), and which of them are more than what the answers may be off by."""
        corners = [np.array([self._corner(atom, a, b) for atom in atoms]) for a in (0, 1) for b in (0, 1)]
        told = np.split(self.answers.vectors_of(np.concatenate(corners)), 4)
        low, across, along, high = (self.link.scores(vectors) for vectors in told)
        error = np.sum([errors(vectors, self.answers, self.link) for vectors in told], axis=0)
        total = low - across - along + high
        return total, np.asarray((np.abs(total) > error[:, None]).any(axis=1))

    def _corner(self, atom: Atom, a: int, b: int) -> Points:
        point = self.base.copy()
        point[atom.first] = self.cells[atom.first].position(atom.units[0][a])
        point[atom.second] = self.cells[atom.second].position(atom.units[1][b])
        return point


def refined_pairs(copy: PairCopy, answers: Answers, natural: pd.DataFrame, begun: int) -> PairCopy:
    """The same with values by least squares over all that was asked and natural records from `begun` on, up to MORE_PER_VALUE for
    each, each weighted by the digits that its answer tells."""
    sizes = [len(part) for part in copy.alone]
    room = min(MORE_PER_VALUE * (sum(sizes) + len(copy.atoms)), answers.limit - len(answers), len(natural) - begun)
    if room > 0:
        answers.of_records(natural.iloc[begun : begun + room])
    points = np.array(answers.points)
    vectors = answers.vectors_of(points)
    places = copy.places(points)
    weight = 1.0 / errors(vectors, answers, copy.link)[:, None]
    weight = weight / weight.max()
    design = np.column_stack([*(np.eye(size)[places[:, j]] for j, size in enumerate(sizes)), copy.beyond(places)])
    residual = copy.link.scores(vectors) - copy.scores(points)
    change = np.linalg.lstsq(weight * design, weight * residual, rcond=1e-9)[0]
    *parts, atoms = np.split(change, np.cumsum(sizes))
    alone = tuple(old + more for old, more in zip(copy.alone, parts, strict=True))
    return replace(copy, alone=alone, worth=copy.worth + atoms)
