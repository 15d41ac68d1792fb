"""A kernel machine from its decision values: they are a sum of kernels, which ridge regression with the same kernel finds again."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve

from auditor.domain.seeds import generator

Floats = NDArray[np.float64]
WIDTHS = (0.2, 1.0, 3.0)
"""Of the Gaussian kernel exp(-width |x - y|^2 / (d * variance)); 1 is scikit-learn's `gamma="scale"`."""
RIDGES = (1e-8, 1e-3)
HELD_OUT, TRIED, MOST = 10, 1_000, 3_000
"""The cost grows with the cube of the records: TRIED of them choose width and ridge, and at most MOST of them are fitted."""


def fit_kernel(matrix: Floats, scores: Floats, seed: int) -> Callable[[Floats], Floats]:
    """Gaussian kernel ridge regression on `matrix` (n, d) and `scores` (n, K); width and ridge by every tenth record."""
    rows = generator(seed, "kernel").permutation(len(matrix))[:MOST]
    matrix, scores = matrix[rows], scores[rows]
    width, ridge = _chosen(matrix[:TRIED], scores[:TRIED])
    dual, level = _dual(np.exp(-width * _squared(matrix, matrix)), scores, ridge), scores.mean(axis=0)
    return lambda asked: np.exp(-width * _squared(asked, matrix)) @ dual + level


def _chosen(matrix: Floats, scores: Floats) -> tuple[float, float]:
    """Width and ridge that tell every tenth record best."""
    unit = 1.0 / max(matrix.shape[1] * float(matrix.var()), np.finfo(float).tiny)
    held = np.arange(len(matrix)) % HELD_OUT == 0
    tried = []
    for width in WIDTHS:
        kernel = np.exp(-width * unit * _squared(matrix, matrix[~held]))
        for ridge in RIDGES:
            told = kernel[held] @ _dual(kernel[~held], scores[~held], ridge) + scores[~held].mean(axis=0)
            tried.append((float(((told - scores[held]) ** 2).sum()), width * unit, ridge))
    return min(tried)[1:]


def _dual(kernel: Floats, scores: Floats, ridge: float) -> Floats:
    damped = kernel + ridge * np.eye(len(kernel))
    return np.asarray(cho_solve(cho_factor(damped, lower=True), scores - scores.mean(axis=0)))


def _squared(first: Floats, second: Floats) -> Floats:
    """(n, m) squared distances."""
    lengths = (first**2).sum(axis=1)[:, None] + (second**2).sum(axis=1)
    return np.asarray(np.maximum(lengths - 2 * first @ second.T, 0.0))
