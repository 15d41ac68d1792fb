"""Many bisections in lockstep: each round is one frame, and a threshold that one search finds is not searched for again."""

from bisect import bisect_left, insort
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from auditor.attacks.stealing.leaf_answers import Answers
from auditor.attacks.stealing.leaf_axes import Points


@dataclass(eq=False)
class Search:
    """Along one axis from `origin`: the answer is `identity` at the position `inside` and another at `outside`."""

    origin: Points
    axis: int
    identity: int
    inside: int
    outside: int

    @property
    def is_done(self) -> bool:
        return abs(self.outside - self.inside) == 1

    @property
    def cut(self) -> int:
        """The last position before the threshold, seen from below."""
        return min(self.inside, self.outside)

    def at(self, position: int) -> Points:
        point = self.origin.copy()
        point[self.axis] = position
        return point

    def told(self, position: int, identity: int) -> None:
        if identity == self.identity:
            self.inside = position
        else:
            self.outside = position


class Cuts:
    """The thresholds found so far, sorted, one list an axis: `c` lies between the positions c and c + 1."""

    def __init__(self, axes: int) -> None:
        self.of_axis: list[list[int]] = [[] for _ in range(axes)]

    def add(self, axis: int, cut: int) -> None:
        cuts = self.of_axis[axis]
        place = bisect_left(cuts, cut)
        if place == len(cuts) or cuts[place] != cut:
            insort(cuts, cut)

    def between(self, axis: int, low: int, high: int) -> int | None:
        """The middle one of the known positions beside thresholds that lie strictly between `low` and `high`."""
        cuts = self.of_axis[axis]
        first, last = bisect_left(cuts, low), bisect_left(cuts, high)
        if first == last:
            return None
        cut = cuts[(first + last) // 2]
        return cut if cut > low else cut + 1


def isolate(searches: Sequence[Search], answers: Answers, cuts: Cuts) -> None:
    """Every search to the end: `inside` and `outside` are neighbours. At most 32 questions for a threshold that is new, and the
    logarithm of the number of known ones for each that is not."""
    active = [search for search in searches if not _finished(search, cuts)]
    while active:
        moving = _leaders(active, cuts)
        points = np.array([search.at(position) for search, position in moving])
        for (search, position), identity in zip(moving, answers.of(points), strict=True):
            search.told(position, int(identity))
        active = [search for search in active if not _finished(search, cuts)]


def _finished(search: Search, cuts: Cuts) -> bool:
    if search.is_done:
        cuts.add(search.axis, search.cut)
    return search.is_done


def _leaders(active: Sequence[Search], cuts: Cuts) -> list[tuple[Search, int]]:
    """Searches with the position that each asks next. Between two known thresholds one search leads and the others wait: they are
    likely to look for the same one."""
    led: set[tuple[int, int]] = set()
    moving = []
    for search in active:
        low, high = sorted((search.inside, search.outside))
        known = cuts.between(search.axis, low, high)
        if known is not None:
            moving.append((search, known))
            continue
        cell = (search.axis, bisect_left(cuts.of_axis[search.axis], low))
        if cell not in led:
            led.add(cell)
            moving.append((search, (low + high) // 2))
    return moving
