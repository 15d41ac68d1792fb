"""How likely records are at all: a Gaussian over the principal components of the population's numbers, shares of its categories."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from auditor.attacks.inversion.feature_space import FeatureSpace, Points

Floats = NDArray[np.float64]
MOST_COMPONENTS = 120
SMALLEST_SHARE = 1e-6
SMALLEST_SPREAD = 0.01


@dataclass(frozen=True, eq=False)
class Density:
    """`mean` (q,) and `axes` (r, q): numbers = mean + z axes with z (n, r) of unit variance. `shares`: log share of each value of
    each choice. Of a Gaussian, -log density is z z' / 2 and a constant; what the axes do not reach varies by `rest` a column."""

    mean: Floats
    axes: Floats
    shares: tuple[Floats, ...]
    rest: float

    @property
    def dimensions(self) -> int:
        return len(self.axes)

    def numbers(self, z: Floats) -> Floats:
        """(n, q) within the bounds."""
        return np.asarray(np.clip(self.mean + z @ self.axes, 0.0, 1.0))

    def coordinates(self, numbers: Floats) -> Floats:
        """(n, r) of the nearest points that the components reach."""
        squared = (self.axes**2).sum(axis=1)
        return np.asarray((numbers - self.mean) @ self.axes.T / squared)

    def penalty(self, points: Points) -> Floats:
        """(n,) -log density, up to a constant."""
        z = self.coordinates(points.numbers)
        beside = points.numbers - self.mean - z @ self.axes
        total = (z**2).sum(axis=1) / 2 + (beside**2).sum(axis=1) / (2 * self.rest**2)
        for place, share in enumerate(self.shares):
            total = total - share[points.codes[:, place]]
        return np.asarray(total)


def density_of(population: Points, space: FeatureSpace) -> Density:
    """From records of the population, whatever their class. Directions with next to no variance are left out."""
    centred = population.numbers - population.numbers.mean(axis=0)
    _, singular, directions = np.linalg.svd(centred, full_matrices=False)
    spread = singular / np.sqrt(max(1, len(centred) - 1))
    kept = np.flatnonzero(spread > 1e-3 * max(spread.max(initial=0.0), 1e-9))[:MOST_COMPONENTS]
    axes = spread[kept, None] * directions[kept] * np.sign(directions[kept].sum(axis=1, keepdims=True) + 1e-12)
    shares = tuple(_shares(population.codes[:, i], len(choice.values)) for i, choice in enumerate(space.choices))
    left = float((spread**2).sum() - (spread[kept] ** 2).sum()) / max(1, len(space.numbers) - len(kept))
    return Density(population.numbers.mean(axis=0), axes, shares, max(SMALLEST_SPREAD, float(np.sqrt(max(0.0, left)))))


def without_records(space: FeatureSpace) -> Density:
    """Nothing but the bounds: every number starts at its lower end and any direction is as likely as another."""
    q = len(space.numbers)
    flat = tuple(np.full(len(choice.values), -np.log(len(choice.values))) for choice in space.choices)
    return Density(np.zeros(q), np.eye(q) * 0.3, flat, SMALLEST_SPREAD)


def _shares(codes: NDArray[np.intp], values: int) -> Floats:
    counts = np.bincount(codes, minlength=values) + 0.5
    return np.asarray(np.log(np.maximum(counts / counts.sum(), SMALLEST_SHARE)))
