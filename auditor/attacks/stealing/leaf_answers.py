"""Asking for points: nothing twice, never more than allowed, and which answers are the same leaf's."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from auditor.attacks.stealing.leaf_axes import MISSING, Axes, Points
from auditor.domain.attack import Context

Identities = NDArray[np.intp]


class Spent(Exception):
    """The queries are used up, or there is no sense in more of them: what was answered until now is all there is."""


@dataclass(eq=False)
class Answers:
    """What the target answered: an identity is the full answer vector, numbered as it is first seen. A record of the wire's whole
    answer is as much as tells leaves apart: Tramèr et al. 2016, section 4.2."""

    context: Context
    axes: Axes
    limit: int
    points: list[Points] = field(default_factory=list)
    identities: list[int] = field(default_factory=list)
    vectors: list[NDArray[np.float64]] = field(default_factory=list)
    known: dict[bytes, int] = field(default_factory=dict)
    numbers: dict[bytes, int] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.points)

    @property
    def distinct(self) -> int:
        return len(self.vectors)

    def of(self, points: Points) -> Identities:
        """(n,) identities of the points (n, d), those not asked before in one frame. Raises Spent where the limit does not
        allow all of them, after asking as many as it does."""
        return self._identified(points, None)

    def vectors_of(self, points: Points) -> NDArray[np.float64]:
        """(n, C) the answers themselves."""
        identities = self.of(points)
        return np.array(self.vectors)[identities]

    def asked_along(self, base: Points, axis: int) -> Points:
        """Ascending positions of all asked points that differ from `base` at most along this axis, missing cells left out."""
        points = np.array(self.points)
        others = np.arange(points.shape[1]) != axis
        positions = points[(points[:, others] == base[others]).all(axis=1), axis]
        return np.unique(positions[positions != MISSING])

    def asked(self) -> tuple[pd.DataFrame, NDArray[np.float64]]:
        """Every record that was asked, and its answer."""
        return self.axes.frame(np.array(self.points)), np.array(self.vectors)[self.identities]

    def of_records(self, features: pd.DataFrame) -> tuple[Points, Identities]:
        """Points of these records and their identities; they are asked as they are, not as 32 bits hold them."""
        points = self.axes.points(features)
        return points, self._identified(points, features)

    def _identified(self, points: Points, features: pd.DataFrame | None) -> Identities:
        keys = [point.tobytes() for point in points]
        fresh = [i for i in dict.fromkeys(_firsts(keys)) if keys[i] not in self.known]
        room = self.limit - len(self)
        self._ask(points[fresh[:room]], None if features is None else features.iloc[fresh[:room]])
        if len(fresh) > room:
            raise Spent
        return np.array([self.known[key] for key in keys], dtype=np.intp)

    def _ask(self, points: Points, features: pd.DataFrame | None = None) -> None:
        if not len(points):
            return
        self.context.checkpoint(min(0.85, 0.05 + 0.8 * len(self) / self.limit))
        for point, vector in zip(points, self._answered(points, features), strict=True):
            identity = self.numbers.setdefault(vector.tobytes(), len(self.vectors))
            if identity == len(self.vectors):
                self.vectors.append(vector)
            self.known[point.tobytes()] = identity
            self.points.append(point)
            self.identities.append(identity)

    def _answered(self, points: Points, features: pd.DataFrame | None) -> NDArray[np.float64]:
        return self.context.query(self.axes.frame(points) if features is None else features.reset_index(drop=True))


def _firsts(keys: list[bytes]) -> list[int]:
    """For each key the place where it first stands."""
    first: dict[bytes, int] = {}
    return [first.setdefault(key, i) for i, key in enumerate(keys)]
