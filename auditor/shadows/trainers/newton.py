"""L2-penalised logistic regression of many halves of one pool at once.

Minimises, for lane k, sum_i m_ki loss(y_i, z_i T_k theta_k) + penalty/2 |theta_k without intercepts|^2: the objective of
scikit-learn with C = 1/penalty, binary (one coefficient vector) or multinomial (one a class). Gradients of all lanes are two
matrix products. Each lane has a curvature of its own, taken where the whole pool is fitted best: near enough to its own that steps
shrink the error several times each, whatever is rare in its half. Steps learn from those before them; a lane whose error does not
shrink fast enough gets its exact curvature (Newton), and steps are shortened where they overshoot. The problem is convex and
followed to `tolerance`, so where a lane started cannot be told from its solution.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve
from scipy.special import expit

Floats = NDArray[np.float64]
FAST = 0.6
"""A step must shrink the error at least to this share, or the lane's curvature is taken anew."""
MEMORY = 5
"""Steps that the next one learns from (Anderson acceleration)."""
SMALLEST_SHARE = 1e-6
FREE = 1e-10
"""Intercepts are not penalised; with several classes their sum is free, and kept where it is."""


@dataclass(frozen=True, eq=False)
class Problem:
    """`matrix` (n, p), last column ones; `truth` (n, c) one-hot, or (n, 1) where binary; `penalty` is 1/C."""

    matrix: Floats
    truth: Floats
    penalty: float
    intercept: bool = True

    @property
    def outputs(self) -> int:
        return int(self.truth.shape[1])

    def probabilities(self, coefficients: Floats) -> Floats:
        """(p, lanes * c) coefficients of the matrix -> (n, lanes, c)."""
        scores = (self.matrix @ coefficients).reshape(len(self.matrix), -1, self.outputs)
        if self.outputs == 1:
            return np.asarray(expit(scores, out=scores))
        scores -= scores.max(axis=2, keepdims=True)
        np.exp(scores, out=scores)
        scores /= scores.sum(axis=2, keepdims=True)
        return scores

    def curvature(self, rows: NDArray[np.intp], weights: Floats, fitted: Floats) -> Floats:
        """(c p, c p) of the loss over `rows` (r,) with weights (r,) where the model answers `fitted` (r, c)."""
        here, p, c = self.matrix[rows], self.matrix.shape[1], self.outputs
        result = np.empty((c, p, c, p))
        for a in range(c):
            for b in range(a, c):
                spread = fitted[:, a] * (1.0 - fitted[:, a]) if a == b else fitted[:, a] * fitted[:, b]
                block = _gram(here, weights * spread)
                result[a, :, b] = result[b, :, a] = block if a == b else -block
        return result.reshape(c * p, c * p)

    def penalties(self) -> Floats:
        """(c p,) on each coefficient; without an intercept its column is pinned to 0."""
        one = np.full(self.matrix.shape[1], self.penalty)
        one[-1] = FREE if self.intercept else 1e12
        return np.tile(one, self.outputs)


def _gram(matrix: Floats, weights: Floats) -> Floats:
    scaled = matrix * np.sqrt(weights)[:, None]
    return np.asarray(scaled.T @ scaled)


class Lane:
    """One half on its way to its solution. `theta` (c p,): the coefficients, in the half's own coordinates, to be tried next."""

    def __init__(self, problem: Problem, transform: Floats, start: Floats, curvature: Floats) -> None:
        self._problem = problem
        self._transform = transform
        self._penalties = problem.penalties()
        self.theta = self._best = self._own(start)
        self._step, self._share, self._error = np.zeros_like(self.theta), 1.0, np.inf
        self._memory: list[tuple[Floats, Floats]] = []
        self.is_done = False
        self._bend(curvature)

    @property
    def coefficients(self) -> Floats:
        """(p, c) of the matrix."""
        return np.asarray(self._transform @ self.theta.reshape(self._problem.outputs, -1).T)

    def move(self, slope: Floats, curvature: Callable[[], Floats], tolerance: float) -> None:
        """Look at the gradient of the loss at `theta`, `slope` (p, c) in coefficients of the matrix, and choose the next `theta`;
        `curvature` gives that of the loss at `theta`, at a price."""
        gradient = (self._transform.T @ slope).T.ravel() + self._penalties * self.theta
        step, error = self._newton(gradient)
        if not error <= self._error and self._share > SMALLEST_SHARE:
            self._step_back()
            return
        if error > FAST * self._error:
            self._bend(curvature())
            self._memory.clear()
            step, error = self._newton(gradient)
        self._memory = [*self._memory, (self.theta, step)][-MEMORY:]
        self._best, self._step, self._share, self._error = self.theta, step, 1.0, error
        self.theta = self._accelerated()
        self.is_done = bool(np.abs(step).max() <= tolerance)

    def _accelerated(self) -> Floats:
        """The point from which the step would be shortest if steps changed along the path as they did so far."""
        theta, step = self._memory[-1]
        if len(self._memory) == 1:
            return theta - step
        thetas, steps = (np.diff(np.array(part), axis=0) for part in zip(*self._memory, strict=True))
        mix = np.linalg.lstsq(steps.T, step, rcond=1e-8)[0]
        return np.asarray(theta - step - mix @ (thetas - steps))

    def _step_back(self) -> None:
        """First to the plain step, then to shorter ones."""
        self._share = self._share if len(self._memory) > 1 else self._share / 2.0
        self._memory = self._memory[-1:]
        self.theta = self._best - self._share * self._step

    def _newton(self, gradient: Floats) -> tuple[Floats, float]:
        """The step, and the length of the gradient in the metric of the curvature."""
        step = np.asarray(cho_solve(self._factor, gradient, check_finite=False))
        return step, float(np.sqrt(max(0.0, gradient @ step)))

    def _own(self, start: Floats) -> Floats:
        """(p, c) coefficients of the matrix as this half's own; those of columns that it does not have are 0."""
        absent = ~self._transform.any(axis=0)
        own = np.linalg.solve(self._transform + np.diag(absent.astype(float)), start)
        own[absent] = 0.0
        return np.asarray(own.T.ravel())

    def _bend(self, curvature: Floats) -> None:
        c, p = self._problem.outputs, len(self._transform)
        turned = np.tensordot(self._transform, curvature.reshape(c, p, c, p) @ self._transform, axes=(0, 1))
        own = turned.transpose(1, 0, 2, 3).reshape(c * p, c * p)
        self._factor = cho_factor(own + np.diag(self._penalties), lower=True, check_finite=False)
