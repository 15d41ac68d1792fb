"""Logistic regression of many halves at once, followed to the solution that scikit-learn's solver stops short of."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from auditor.learners.encode import Table
from auditor.shadows import design
from auditor.shadows.trainers import loop
from auditor.shadows.trainers.coordinates import Coordinates, width_of
from auditor.shadows.trainers.job import Job
from auditor.shadows.trainers.newton import Floats, Lane, Problem
from auditor.shadows.trainers.stored import log_odds

LANES = 8
"""Shadows fitted side by side. Each keeps its place among them whoever else is asked for, so that it never differs by a bit."""
WIDEST = 1_200
"""Coefficients of one model, all classes together, beyond which its curvature costs more than it saves."""
LARGEST_MATRIX = 200_000_000  # bytes
LEAST_SWEEPS, LOOSEST = 100, 1e-3
"""A target that was told to stop earlier than these is not at its solution, and is imitated by the same early stop."""
TOLERANCE, POOL_TOLERANCE = 1e-6, 1e-2
SWEEPS = 200
ENOUGH, ENOUGH_A_COLUMN = 2_000, 40
"""Records, and records for each column, that tell well enough where halves start."""


def takes(job: Job, table: Table) -> bool:
    """Is the solution what a plain fit of these shadows aims at, and is the pool of a size that this is good for?"""
    if job.learner.name != "logistic-regression":
        return False
    stops_early = float(str(job.learner.params["max_iter"])) < LEAST_SWEEPS or float(str(job.learner.params["tol"])) > LOOSEST
    return not stops_early and not is_wide(job, table) and 8 * width_of(table) * len(table) <= LARGEST_MATRIX


def is_wide(job: Job, table: Table) -> bool:
    return width_of(table) * (1 if job.classes == 2 else job.classes) > WIDEST


def train(job: Job, table: Table) -> NDArray[np.float32]:
    """(len(indices), n, classes) log-odds, as those of the plain loop were it to converge; to 1e-6 in every coefficient."""
    batch = _Batch.of(job, table)
    results = np.empty((len(job.indices), len(table), job.classes), dtype=np.float32)
    left: list[int] = []
    for first in sorted({index // LANES * LANES for index in job.indices}):
        for index, fitted in batch.group([i for i in job.indices if i // LANES * LANES == first]):
            position = job.indices.index(index)
            job.checkpoint((position + 1) / len(job.indices))
            if fitted is None:
                left.append(index)
            else:
                results[position] = fitted
    if left:  # a half without one of the classes, or without a finite solution
        for index, plain in zip(left, loop.train(job.of(left), table), strict=True):
            results[job.indices.index(index)] = plain
    return results


@dataclass(frozen=True, eq=False)
class _Batch:
    """A pool as a problem, and the fit of all its records: where every half starts, and how its loss is curved."""

    job: Job
    coordinates: Coordinates
    problem: Problem
    start: Floats
    fitted: Floats
    curvature: Floats

    @classmethod
    def of(cls, job: Job, table: Table) -> "_Batch":
        coordinates = Coordinates.of(table)
        classes = np.array([1]) if job.classes == 2 else np.arange(job.classes)
        truth = (job.pool.labels[:, None] == classes).astype(np.float64)
        params = job.learner.params
        problem = Problem(coordinates.matrix, truth, 1.0 / float(str(params["C"])), bool(params["fit_intercept"]))
        start = _pooled(problem)
        fitted = problem.probabilities(start)[:, 0]
        everybody = np.arange(len(table))
        return cls(job, coordinates, problem, start, fitted, problem.curvature(everybody, np.ones(len(table)), fitted))

    def group(self, indices: Sequence[int]) -> list[tuple[int, NDArray[np.float32] | None]]:
        """Log-odds (n, classes) of shadows that share their lanes, in this order; None where the plain loop has to do it."""
        halves = dict(zip(indices, design.halves(self.job.pool, indices, self.job.seed), strict=True))
        fits = {index: half for index, half in halves.items() if self._has_all_classes(half)}
        weights = np.zeros((len(self.problem.matrix), LANES))
        for index, half in fits.items():
            weights[:, index % LANES] = half * self._class_weights(half)
        bends = self._bends(fits, weights)
        lanes = {i % LANES: self._lane(half, bends[i]) for i, half in fits.items()}
        answers = solve(self.problem, lanes, weights)
        return [(index, self._log_odds(answers.get(index % LANES))) for index in indices]

    def _has_all_classes(self, half: NDArray[np.bool_]) -> bool:
        return len(np.unique(self.job.pool.labels[half])) == self.job.classes

    def _class_weights(self, half: NDArray[np.bool_]) -> Floats:
        """(n,) what scikit-learn calls balanced: every class of the half weighs the same."""
        labels = self.job.pool.labels
        if self.job.learner.params["class_weight"] is None:
            return np.ones(len(labels))
        counts = np.bincount(labels[half], minlength=self.job.classes)
        return np.asarray((half.sum() / (self.job.classes * counts))[labels])

    def _lane(self, half: NDArray[np.bool_], curvature: Floats) -> Lane:
        return Lane(self.problem, self.coordinates.map_of(np.flatnonzero(half)), self.start, curvature)

    def _bends(self, fits: dict[int, NDArray[np.bool_]], weights: Floats) -> dict[int, Floats]:
        """The curvature of each half where it starts; an odd half's is what the even one leaves of the whole, unless classes are
        weighed."""
        if self.job.learner.params["class_weight"] is not None:
            return {index: _curvature(self.problem, weights[:, index % LANES], self.fitted) for index in fits}
        even = {i - i % 2: (half if i % 2 == 0 else ~half).astype(np.float64) for i, half in fits.items()}
        found = {index: _curvature(self.problem, half, self.fitted) for index, half in even.items()}
        return {i: found[i] if i % 2 == 0 else self.curvature - found[i - 1] for i in fits}

    def _log_odds(self, answers: Floats | None) -> NDArray[np.float32] | None:
        if answers is None:
            return None
        return log_odds(np.hstack([1.0 - answers, answers]) if self.problem.outputs == 1 else answers)


def _pooled(problem: Problem) -> Floats:
    """(p, c) coefficients of the matrix that fit the pool, each record at half its weight, about: a part of it, then all."""
    n, p = problem.matrix.shape
    start = np.zeros((p, problem.outputs))
    for step in dict.fromkeys((max(1, n // max(ENOUGH, ENOUGH_A_COLUMN * p)), 1)):
        rows = np.arange(0, n, step)
        part = Problem(problem.matrix[rows], problem.truth[rows], problem.penalty, problem.intercept) if step > 1 else problem
        weights = np.full(len(rows), 0.5 * n / len(rows))
        lane = Lane(part, np.eye(p), start, part.curvature(np.arange(len(rows)), weights, part.probabilities(start)[:, 0]))
        solve(part, {0: lane}, weights[:, None], POOL_TOLERANCE)
        start = lane.coefficients
    return start


def _curvature(problem: Problem, weights: Floats, fitted: Floats) -> Floats:
    rows = np.flatnonzero(weights)
    return problem.curvature(rows, weights[rows], fitted[rows])


def solve(problem: Problem, lanes: dict[int, Lane], weights: Floats, tolerance: float = TOLERANCE) -> dict[int, Floats]:
    """What each lane's solution answers, (n, c), by its place; a lane that finds no solution is left out. `weights` (n, places)."""
    n, p = problem.matrix.shape
    places = weights.shape[1]
    for _ in range(SWEEPS):
        moving = {place: lane for place, lane in lanes.items() if not lane.is_done}
        if not moving:
            break
        coefficients = np.zeros((p, places, problem.outputs))
        for place, lane in moving.items():
            coefficients[:, place] = lane.coefficients
        fitted = problem.probabilities(coefficients.reshape(p, -1))
        off = fitted - problem.truth[:, None]
        off *= weights[:, :, None]
        slopes = (problem.matrix.T @ off.reshape(n, -1)).reshape(p, places, problem.outputs)
        for place, lane in moving.items():
            lane.move(slopes[:, place], partial(_curvature, problem, weights[:, place], fitted[:, place]), tolerance)
    done = {place: lane for place, lane in lanes.items() if lane.is_done}
    coefficients = np.zeros((p, places, problem.outputs))
    for place, lane in done.items():
        coefficients[:, place] = lane.coefficients
    answers = problem.probabilities(coefficients.reshape(p, -1))
    return {place: answers[:, place] for place in done}
