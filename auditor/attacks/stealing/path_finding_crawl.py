"""From leaf to leaf of an unknown tree: what bounds one leaf leads to the next (Tramèr et al. 2016, Algorithm 1)."""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from auditor.attacks.stealing.leaf_answers import Answers, Identities, Spent
from auditor.attacks.stealing.leaf_axes import MISSING, Axis, Points
from auditor.attacks.stealing.leaf_boxes import Box, Boxes, whole
from auditor.attacks.stealing.line_search import Cuts, Search, isolate
from auditor.attacks.stealing.path_finding_top_down import TopDown, inner_nodes_answer

INNER = 8
WIDEST = 64
DRAWN = 200
QUIET = 3
PER_LEAF = 30
HOPELESS = 5
PROBED = 0.1

NO_NUMBER = (1, 0)  # the interval of a leaf that only missing cells reach

Seed = tuple[Points, int]


@dataclass(eq=False)
class Crawl:
    """`boxes` as far as measured; `is_shared`: several leaves give the same answer, so that a box may hold more
    than one; `is_complete`: nothing that was found is left to look into; `is_tree`: answers repeat as those of a
    tree do, one that this limit can find a part of; `expected`: how many leaves at least, judged by that. `is_partial`: may
    records with missing cells be asked for inner nodes? `has_inner`: do inner nodes answer (None: not known)?

    Where every leaf has its own answer, a ray from a point leaves its leaf once, and the boxes that are met across all sides of all
    boxes are all leaves: each node's two sides meet along its threshold. Where answers are shared, a leaf may hide between two of
    the same answer, so INNER points of every ray are asked as well, and a point belongs to a leaf only if its box holds it."""

    answers: Answers
    is_shared: bool = False
    is_complete: bool = False
    is_tree: bool = True
    expected: float = 1.0
    is_partial: bool = True
    has_inner: bool | None = None

    def __post_init__(self) -> None:
        self.cuts = Cuts(len(self.answers.axes))
        self.boxes = Boxes(self.answers.axes)
        self.top_down = TopDown(self.answers, self.boxes, self.cuts)
        self.seeds: deque[Seed] = deque()
        self.width = 1

    @property
    def leaves(self) -> int:
        """How many boxes are leaves."""
        return self.top_down.leaves if self.has_inner else len(self.boxes)

    def run(self, natural: pd.DataFrame, rng: np.random.Generator) -> None:
        """From natural records until every box is known, or nothing more may be asked. Where leaves share answers, more records are
        drawn to find hidden ones: natural, then uniform, until QUIET draws in a row meet nothing new."""
        try:
            self.answers.of_records(natural.iloc[:DRAWN])
            self._check_size()
            if self._is_read_from_root():
                return
            self._look(natural.iloc[:DRAWN])
            for first in range(DRAWN, len(natural), DRAWN):
                if not self.is_shared:
                    break
                self._look(natural.iloc[first : first + DRAWN])
            quiet = 0
            while self.is_shared and quiet < QUIET:
                before = len(self.boxes)
                self._look(self.answers.axes.frame(self.answers.axes.drawn(DRAWN, rng)))
                quiet = 0 if len(self.boxes) > before else quiet + 1
            self.is_complete = True
        except Spent:
            if not self.is_tree:
                self.answers.of_records(natural.iloc[: self.answers.limit])

    def _is_read_from_root(self) -> bool:
        """Where inner nodes answer, no leaf needs to be searched for. Finding that out may cost PROBED of the limit."""
        axes = self.answers.axes
        if self.is_partial and PROBED * self.answers.limit >= len(axes) + axes.widest:
            self.has_inner = inner_nodes_answer(self.answers)
        if not self.has_inner:
            return False
        self.top_down.run()
        self.is_complete = True
        return True

    def _look(self, features: pd.DataFrame) -> None:
        """Measures the boxes of these records, and of all leaves met on the way."""
        self._plant(*self.answers.of_records(features))
        while chosen := self._next(self.width):
            self._explore(self._grounded(chosen))
            self.width = min(WIDEST, 2 * self.width)

    def _plant(self, points: Points, identities: Identities) -> None:
        self.seeds.extend((point, int(identity)) for point, identity in zip(points, identities, strict=True))

    def _check_size(self) -> None:
        """How many pairs of the first records share an answer: of m equally large leaves one in m, of unequal ones more."""
        counts = np.bincount(self.answers.identities)
        pairs, same = counts.sum() * (counts.sum() - 1), (counts * (counts - 1)).sum()
        self.expected = float(pairs / max(2, same))
        if self.expected * PER_LEAF > HOPELESS * self.answers.limit:
            self.is_tree = False
            raise Spent

    def _next(self, width: int) -> list[Seed]:
        """Seeds that lie in no known box; of each answer one, since its box may hold the others."""
        chosen: dict[int, Seed] = {}
        passed = []
        while self.seeds and len(chosen) < width:
            seed = self.seeds.popleft()
            if self._is_known(seed):
                continue
            if seed[1] in chosen:
                passed.append(seed)
            else:
                chosen[seed[1]] = seed
        self.seeds.extendleft(reversed(passed))
        return list(chosen.values())

    def _is_known(self, seed: Seed) -> bool:
        point, identity = seed
        known = self.boxes.of_identity(identity)
        if len(known) and self.boxes.holds(known, point):
            return True
        self.is_shared |= len(known) > 0 and self.boxes.have_numbers(known)
        return False

    def _grounded(self, seeds: list[Seed]) -> list[Seed]:
        """Seeds with a missing number moved to a number of the same leaf, if one is found: its interval is measured from there."""
        for j, axis in enumerate(self.answers.axes.axes):
            absent = [i for i, (point, _) in enumerate(seeds) if axis.is_ordered and point[j] == MISSING]
            rays = [Ray(seeds[i], j, axis, _probed(axis, MISSING, True)) for i in absent]
            for i, ray in zip(absent, rays, strict=True):
                same = self.answers.of(ray.points()) == ray.seed[1]
                if same.any():
                    seeds[i] = (ray.points()[same.argmax()], ray.seed[1])
        return seeds

    def _explore(self, seeds: Sequence[Seed]) -> None:
        rays = [ray for seed in seeds for ray in self._rays(seed)]
        points = np.concatenate([ray.points() for ray in rays]) if rays else np.empty((0, len(self.answers.axes)), np.int64)
        found = self.answers.of(points)
        parts = np.split(found, np.cumsum([len(ray.positions) for ray in rays])[:-1]) if rays else []
        for ray, identities in zip(rays, parts, strict=True):
            ray.told(identities)
        isolate([search for ray in rays for search in ray.searches()], self.answers, self.cuts)
        for seed in seeds:
            self._keep(seed, [ray for ray in rays if ray.seed is seed])
        self._plant(points, found)
        crossings = [search.at(search.outside) for ray in rays for search in ray.searches()]
        if crossings:
            crossed = np.array(crossings)
            self._plant(crossed, self.answers.of(crossed))

    def _rays(self, seed: Seed) -> Iterator["Ray"]:
        for j, axis in enumerate(self.answers.axes.axes):
            positions = _probed(axis, int(seed[0][j]), self.is_shared)
            if positions:
                yield Ray(seed, j, axis, positions)

    def _keep(self, seed: Seed, rays: Sequence["Ray"]) -> None:
        box = whole(self.answers.axes, seed[0])
        for ray in rays:
            ray.bound(box)
        self.boxes.add(box, seed[1])


@dataclass(eq=False)
class Ray:
    """The points that differ from a seed along one axis: `positions` are asked first, `same` says which have the seed's answer."""

    seed: Seed
    index: int
    axis: Axis
    positions: list[int]
    same: list[bool] = field(default_factory=list)
    found: list[Search] = field(default_factory=list)

    def points(self) -> Points:
        points = np.repeat(self.seed[0][None, :], len(self.positions), axis=0)
        points[:, self.index] = self.positions
        return points

    def told(self, identities: Identities) -> None:
        self.same = [int(identity) == self.seed[1] for identity in identities]
        if self.axis.is_ordered and self.seed[0][self.index] != MISSING:
            self.found = [search for side in (-1, 1) if (search := self._search(side)) is not None]

    def searches(self) -> list[Search]:
        return self.found

    def _search(self, side: int) -> Search | None:
        """From the seed to the nearest position on this side (-1 below, 1 above) that has another answer."""
        point, identity = self.seed
        inside = int(point[self.index])
        for position, same in sorted(zip(self.positions, self.same, strict=True), key=lambda told: side * told[0]):
            if position == MISSING or side * (position - int(point[self.index])) <= 0:
                continue
            if not same:
                return Search(point, self.index, identity, inside, position)
            inside = position
        return None

    def bound(self, box: Box) -> None:
        """Cuts the box to where the answer is the seed's."""
        if not self.axis.is_ordered:
            for position, same in zip(self.positions, self.same, strict=True):
                box.levels[self.index, position] = same
            return
        for position, same in zip(self.positions, self.same, strict=True):
            if position == MISSING:
                box.levels[self.index, 0] = same
        if self.seed[0][self.index] == MISSING:
            box.low[self.index], box.high[self.index] = NO_NUMBER
        for search in self.found:
            if search.outside < search.inside:
                box.low[self.index] = search.inside
            else:
                box.high[self.index] = search.inside


def _probed(axis: Axis, own: int, is_shared: bool) -> list[int]:
    """What is asked along an axis before any bisection: all other levels; or both ends, the missing cell, and inner points."""
    if not axis.is_ordered:
        return [level for level in range(axis.high + 1) if level != own]
    inner = [int(position) for position in axis.inner(INNER)] if is_shared else []
    return sorted({axis.low, axis.high, *inner, *([MISSING] if axis.missing else [])} - {own})
