"""A network of one hidden ReLU layer, one unit after the other: wherever the copy so far stops being exact, a unit starts."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Scores(Protocol):
    """(n, columns) points of the box [-1, 1]^columns -> (n, K) scores: log-odds against one class, or the number answered."""

    @property
    def columns(self) -> int: ...

    def __call__(self, points: Floats) -> Floats: ...


MOST_UNITS = 96  # a unit of the network may be told twice, when two start close to each other
HALVINGS = 30
EXTRA = 4  # records beyond the unknowns of an affine fit, which tell whether the region is affine at all
REACHES = (0.3, 0.1, 0.03, 0.01, 0.003, 0.001)
NARROW = (0.4, 0.1, 0.03)
ANCHORS, BLENDED, AROUND = 4, 30, (0.1, 0.03, 0.01, 0.001)
AFFINE = 10.0  # a region is as affine as the noise allows up to this many times the noise
MARGIN = 30.0  # in units of the error that the copy may have where it is right
NO_KINK = 1e-9
TRIALS = 12  # starts that lead to no unit, one after the other, before the search gives up


@dataclass(frozen=True, eq=False)
class Units:
    """scores(x) = x . slope + level + sum_j out_j relu(x . weights_j + bias_j): `slope` (d, K), `level` (K,), `weights` (h, d),
    `bias` (h,), `out` (h, K). Each unit is turned so that it is silent at the anchor; relu(z) - relu(-z) = z, so what a turned unit
    lacks is in `slope` and `level`, and the function is the same."""

    slope: Floats
    level: Floats
    weights: Floats
    bias: Floats
    out: Floats

    def __len__(self) -> int:
        return len(self.bias)

    def scores(self, points: Floats) -> Floats:
        return points @ self.slope + self.level + np.maximum(points @ self.weights.T + self.bias, 0.0) @ self.out

    def with_unit(self, unit: "Unit") -> "Units":
        weights, out = np.vstack([self.weights, unit.weights]), np.vstack([self.out, unit.out])
        return Units(self.slope, self.level, weights, np.append(self.bias, unit.bias), out)

    @staticmethod
    def affine(slope: Floats, level: Floats) -> "Units":
        return Units(slope, level, np.zeros((0, len(slope))), np.zeros(0), np.zeros((0, len(level))))


@dataclass(frozen=True, eq=False)
class Found:
    """What is known so far. `noise`: how far the target's scores are from an affine function where they should be one. `error`: how
    far the copy may be off elsewhere in the box for that reason, to first order."""

    units: Units
    anchor: Floats
    noise: float
    error: float

    def also(self, unit: "Unit") -> "Found":
        units = self.units.with_unit(unit)
        return Found(units, self.anchor, self.noise, float(np.hypot(self.error, self.noise / unit.reach)))


@dataclass(frozen=True, eq=False)
class Unit:
    """`reach`: how far around a point it was told from; the closer, the less exact far away."""

    weights: Floats
    bias: float
    out: Floats
    reach: float


def middles(columns: int, rng: np.random.Generator) -> Floats:
    """(ANCHORS, columns) points near the middle of the box."""
    return 0.1 * rng.standard_normal((ANCHORS, columns))


def blends(points: Floats, rng: np.random.Generator) -> Floats:
    """(ANCHORS, columns) points among `points` (n, columns): each near the mean of BLENDED of them."""
    drawn = np.array([points[rng.integers(len(points), size=BLENDED)].mean(axis=0) for _ in range(ANCHORS)])
    return drawn + 0.02 * rng.standard_normal(drawn.shape)


def anchored(scores: Scores, floor: float, anchors: Floats, rng: np.random.Generator) -> Found:
    """The affine function that the scores are around a point: of `anchors` (m, d) and several distances the farthest that is as
    affine as any. `floor`: what doubles lose, which is the least noise."""
    tried = []
    for anchor in np.clip(anchors, -0.9, 0.9):
        for reach in AROUND:
            points = _around(anchor, reach, rng)
            slope, level, off = _affine(points, scores(points), anchor)
            tried.append((off, reach, Units.affine(slope, level), anchor))
    noise = max(min(off for off, *_ in tried), floor)
    _, reach, units, anchor = max((each for each in tried if each[0] <= AFFINE * noise), key=lambda each: each[1])
    return Found(units, anchor, noise, noise / reach)


def search(scores: Scores, found: Found, targets: tuple[Floats, Floats], rng: np.random.Generator) -> Found:
    """Units are added until the copy is exact at all `targets` (points (n, d), scores (n, K)), there are MOST_UNITS, or TRIALS
    searches in a row find none."""
    failed = 0
    points, true = targets
    while len(found.units) < MOST_UNITS and failed < TRIALS:
        off = np.abs(found.units.scores(points) - true).max(axis=1)
        wrong = np.flatnonzero(off > MARGIN * found.error)
        if not len(wrong):
            break
        unit = _Way(scores, found, *_way(found.anchor, points, wrong, failed, rng), rng).unit()
        failed = failed + 1 if unit is None else 0
        found = found if unit is None else found.also(unit)
    return found


def _way(anchor: Floats, points: Floats, wrong: NDArray[np.intp], failed: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """From where the copy is exact to where it is not: first from the anchor to the nearest such point, afterwards anywhere."""
    right = np.setdiff1d(np.arange(len(points)), wrong)
    if not failed:
        return anchor, points[wrong[np.abs(points[wrong] - anchor).max(axis=1).argmin()]]
    start = points[rng.choice(right)] if len(right) and failed % 2 else anchor
    return start, points[rng.choice(wrong)]


@dataclass(frozen=True, eq=False)
class _Way:
    """From `start`, where the copy is exact, to `goal`, where it is not."""

    scores: Scores
    found: Found
    start: Floats
    goal: Floats
    rng: np.random.Generator

    def unit(self) -> Unit | None:
        """The unit that starts first on the way: beyond its critical point what the copy lacks is affine, and that affine function
        is the unit. None where it is not affine there."""
        critical, left = self._critical()
        for reach in REACHES:
            ahead = (self.goal - self.start) * min(reach / float(np.abs(self.goal - self.start).max()), left)
            if not self._is_affine(critical, ahead):
                continue
            for narrow in NARROW:
                unit = self._unit_at(critical + ahead, narrow * reach)
                if unit is not None and self._starts_at(unit, critical):
                    return unit
        return None

    def _critical(self) -> tuple[Floats, float]:
        """The point on the way where the copy stops being exact, and the share of the way that is left."""
        low, high = 0.0, 1.0
        way = self.goal - self.start
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            is_exact = np.abs(self._lacking((self.start + middle * way)[None, :])).max() <= MARGIN * self.found.error
            low, high = (middle, high) if is_exact else (low, middle)
        return self.start + high * way, 1.0 - high

    def _is_affine(self, critical: Floats, ahead: Floats) -> bool:
        allowed = MARGIN * self.found.error
        at, first, second = self._lacking(critical + np.array([[0.0], [0.5], [1.0]]) * ahead)
        return bool(np.abs(second - 2 * first + at).max() <= 4 * allowed and np.abs(second).max() > 4 * allowed)

    def _starts_at(self, unit: Unit, critical: Floats) -> bool:
        """Is it silent at the critical point? The sum of two units that start close to each other is not."""
        steepest = float(np.abs(unit.out).max())
        halved = 2.0**-HALVINGS * float(np.linalg.norm(self.goal - self.start))
        return steepest * abs(float(critical @ unit.weights + unit.bias)) <= 4 * (MARGIN * self.found.error + steepest * halved)

    def _unit_at(self, middle: Floats, reach: float) -> Unit | None:
        points = _around(middle, reach, self.rng)
        slope, level, off = _affine(points, self._lacking(points), middle)
        if off > AFFINE * self.found.noise:
            return None
        left, size, right = np.linalg.svd(np.vstack([slope, level]), full_matrices=False)
        if len(size) > 1 and size[1] > MARGIN * (self.found.error + self.found.noise / reach):
            return None  # two units at once
        row, norm = left[:, 0], float(np.linalg.norm(left[:-1, 0]))
        if norm < NO_KINK:
            return None
        sign = float(np.sign(middle @ row[:-1] + row[-1]))
        return Unit(sign * row[:-1] / norm, float(sign * row[-1] / norm), sign * norm * size[0] * right[0], reach)

    def _lacking(self, points: Floats) -> Floats:
        return self.scores(points) - self.found.units.scores(points)


def _around(middle: Floats, reach: float, rng: np.random.Generator) -> Floats:
    """(d + 1 + EXTRA, d) `middle`, one step along each column towards the inside of the box, and mixtures of such steps."""
    step = np.where(middle > 0, -reach, reach)
    mixed = rng.random((EXTRA, len(middle))) * (rng.random((EXTRA, len(middle))) < 0.5)
    return np.asarray(middle + np.vstack([np.zeros(len(middle)), np.eye(len(middle)), mixed]) * step)


def _affine(points: Floats, told: Floats, middle: Floats) -> tuple[Floats, Floats, float]:
    """`slope` (d, K), `level` (K,) and the largest residual of the affine function through `told`, by least squares."""
    scale = float(np.abs(points - middle).max())
    matrix = np.column_stack([(points - middle) / scale, np.ones(len(points))])
    solution: Floats = np.asarray(np.linalg.lstsq(matrix, told, rcond=None)[0], dtype=np.float64)
    off = float(np.abs(matrix @ solution - told).max())
    slope = solution[:-1] / scale
    return slope, solution[-1] - middle @ slope, off
