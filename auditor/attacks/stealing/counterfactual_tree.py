"""The tree reconstruction attack: boxes are cut where counterfactuals are found, until a service finds none in any box."""

import heapq
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from auditor.attacks.stealing.counterfactual_asking import UNKNOWN, Asking, Labels, Pair, Replies
from auditor.attacks.stealing.counterfactual_boxes import Cut, Room, cut
from auditor.attacks.stealing.leaf_axes import Points
from auditor.attacks.stealing.leaf_boxes import Box

FEWEST_IN_FLIGHT, IN_FLIGHT = 4, 64
"""Boxes that are asked about together: the most urgent quarter of those that wait, but as many as connections and not too many."""
NEVER = 2**62
Rows = NDArray[np.intp]


@dataclass(eq=False)
class Node:
    """A box, and the auxiliary records that lie in it.

    `point` (d,): one in it that was seen, of class `label` as far as that is known; `guess`: that, or the class of a point near it.
    Closed: it holds no counterfactual. `at`: how many queries had been spent when it was cut or closed.
    """

    box: Box
    rows: Rows
    point: Points | None = None
    label: int = UNKNOWN
    guess: int = UNKNOWN
    is_closed: bool = False
    at: int = NEVER
    cut: Cut | None = None
    sides: "tuple[Node, Node] | None" = None
    before: int = UNKNOWN

    def guess_at(self, spent: int) -> int:
        """What was guessed of it before it was closed, if it was not yet."""
        return self.before if self.is_closed and self.at > spent else self.guess

    def close(self, label: int, spent: int) -> None:
        self.before, self.label, self.guess = self.guess, label, label
        self.is_closed, self.at = True, spent


Urgency = Callable[[Room, Node], tuple[float, float]]
FIRST: dict[str, Urgency] = {
    "natural": lambda room, node: (-float(len(node.rows)), -room.share(node.box)),
    "volume": lambda room, node: (-room.share(node.box), -float(len(node.rows))),
}
"""Which box is asked about first: that with most auxiliary records, so that few queries go where people are; or the largest."""


@dataclass(eq=False)
class Growth:
    """One attack: `natural` (n, d) are the auxiliary records. After `run`, `open` boxes are those for which no query was left."""

    asking: Asking
    natural: Points
    first: str
    root: Node = field(init=False)
    closed: int = 0
    _waiting: list[tuple[tuple[float, float], int, Node]] = field(default_factory=list)
    _order: Iterator[int] = field(default_factory=itertools.count)

    def __post_init__(self) -> None:
        box = self.asking.room.box
        self.root = Node(box, np.flatnonzero(box.holds(self.natural, self.asking.room.axes)))
        self._wait(self.root)

    @property
    def open(self) -> list[Node]:
        return [node for _, _, node in self._waiting]

    def step(self) -> bool:
        """Asks about the most urgent boxes together; False where no box waits, or none can be paid for."""
        waiting = len(self._waiting)
        count = min(max(FEWEST_IN_FLIGHT, waiting // 4), IN_FLIGHT, waiting, self.asking.left // 2)
        if count < 1:
            return False
        nodes = [heapq.heappop(self._waiting)[2] for _ in range(count)]
        points = np.array([self._asked(node) for node in nodes])
        replies = self.asking.replies(points, [node.box for node in nodes])
        labels = self._labels(nodes, points, replies)
        for i, node in enumerate(nodes):
            if replies.found[i]:
                self._cut(node, Pair(points[i], replies.answered[i], int(labels[i])))
            else:
                node.close(int(labels[i]), self.asking.spent)
                self.closed += 1
        return True

    def _asked(self, node: Node) -> Points:
        """(d,) the point that a box is asked about: one whose class may be known already, else that of its auxiliary records which
        shares most cells with its middle, else its middle."""
        if node.point is not None:
            return node.point
        middle, own = self.asking.room.middle(node.box), self.natural[node.rows]
        return own[(own != middle).sum(axis=1).argmin()] if len(own) else middle

    def _labels(self, nodes: list[Node], points: Points, replies: Replies) -> Labels:
        """(n,) classes of the points; what neither the service nor an earlier answer tells is asked."""
        labels = np.where(replies.labels == UNKNOWN, [node.label for node in nodes], replies.labels)
        unknown = np.flatnonzero(labels == UNKNOWN)
        labels[unknown] = self.asking.labels(points[unknown])
        return labels

    def _cut(self, node: Node, pair: Pair) -> None:
        """One plane for each axis along which the two differ. Beyond the first, the piece that is cut off holds neither of them."""
        self.asking.pairs.append(pair)
        label, other, spent = pair.label, self.asking.other(pair.label), self.asking.spent
        beyond = label if other == UNKNOWN else other
        for count, axis in enumerate(np.flatnonzero(pair.asked != pair.answered)):
            halves = cut(self.asking.room, node.box, int(axis), pair.asked, pair.answered)
            inside = halves.cut.is_first(self.natural[node.rows]) == halves.is_asked_first
            near, far = Node(halves.asked, node.rows[inside], guess=label), Node(halves.answered, node.rows[~inside], guess=beyond)
            if not count:
                near.point, near.label = pair.asked, label
            node.cut, node.at, node.sides = halves.cut, spent, (near, far) if halves.is_asked_first else (far, near)
            self._wait(near)
            node = far
        node.point, node.label = pair.answered, other
        self._wait(node)

    def _wait(self, node: Node) -> None:
        urgency = FIRST[self.first](self.asking.room, node)
        heapq.heappush(self._waiting, (urgency, next(self._order), node))


def reached(root: Node, points: Points, spent: int = NEVER) -> tuple[list[Node], NDArray[np.intp]]:
    """The boxes that hold the points (n, d), as they were after `spent` queries, and which of them holds each (n,)."""
    nodes: list[Node] = []
    places = np.zeros(len(points), dtype=np.intp)
    stack = [(root, np.arange(len(points)))]
    while stack:
        node, rows = stack.pop()
        if not len(rows):
            continue
        if node.cut is None or node.sides is None or node.at > spent:
            places[rows] = len(nodes)
            nodes.append(node)
            continue
        is_first = node.cut.is_first(points[rows])
        stack += [(node.sides[0], rows[is_first]), (node.sides[1], rows[~is_first])]
    return nodes, places
