"""Linear classifiers from their labels: every record on a boundary between two classes is one homogeneous linear equation."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import qr
from scipy.special import log_softmax, softmax

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]
RIDGE, MOST_STEPS = 1e-6, 300
NARROWEST = 1e-12


@dataclass(frozen=True, eq=False)
class Boundary:
    """Records between two classes: `middle` (m, unknowns), the `width` (m,) of the part of the segment it was not told in, and the
    two classes."""

    middle: Floats
    width: Floats
    label: Ints
    other: Ints

    def equations(self, classes: int) -> Floats:
        """(m, unknowns * (classes - 1)): (w_label - w_other) . z = 0 in the differences from the first class, one row a record."""
        pair = np.eye(classes)[self.label] - np.eye(classes)[self.other]
        return np.asarray(np.einsum("mu,mc->muc", self.middle, pair[:, 1:]).reshape(len(self.middle), -1))


@dataclass(frozen=True, eq=False)
class Solution:
    """`weights` (unknowns, classes) up to one positive factor and a shift common to all classes; `loose`: how many further
    directions the equations leave to what the labels tell."""

    weights: Floats
    loose: int


def best_conditioned(equations: Floats) -> NDArray[np.intp]:
    """The order in which equations add most to those before them (QR with column pivoting)."""
    return np.asarray(qr(equations.T, mode="r", pivoting=True)[1])


def solved(boundary: Boundary, matrix: Floats, labels: Ints, classes: int) -> Solution:
    """The equations leave one direction open where there are enough of them, several where some unknown is met at no boundary or
    only coarsely; the labels (n,) of the records `matrix` (n, unknowns) decide between those, and the sign."""
    weighted = boundary.equations(classes) / np.maximum(boundary.width, NARROWEST)[:, None]
    _, size, rows = np.linalg.svd(weighted, full_matrices=True)
    size = np.concatenate([size, np.zeros(len(rows) - len(size))])
    # A unit vector of weights misses an equation by at most half its width, which is 1/2 after weighting.
    is_open = size <= max(float(np.sqrt(len(weighted))), float(size[-1]))
    spaces = [rows[-1:].T, rows[is_open].T]
    found = [_within(space, matrix, labels, classes) for space in spaces]
    best = max(found, key=lambda weights: agreement(weights, matrix, labels))
    return Solution(best, int(is_open.sum()) - 1)


def agreement(weights: Floats, matrix: Floats, labels: Ints) -> float:
    """The share of records whose highest score is that of their label."""
    return float(((matrix @ weights).argmax(axis=1) == labels).mean())


def fitted(matrix: Floats, labels: Ints, classes: int) -> Floats:
    """(unknowns, classes) a multinomial logistic regression on labels, hardly penalised: what is left where no system is exact."""
    return _within(np.eye(matrix.shape[1] * (classes - 1)), matrix, labels, classes)


def _within(space: Floats, matrix: Floats, labels: Ints, classes: int) -> Floats:
    """The most likely weights in the span of the columns of `space` (unknowns * (classes - 1), k)."""
    from scipy.optimize import minimize

    if space.shape[1] == 1:
        both = [_unflattened(sign * space[:, 0], classes) for sign in (1.0, -1.0)]
        return max(both, key=lambda weights: agreement(weights, matrix, labels))
    truth = np.eye(classes)[labels]

    def loss(place: Floats) -> tuple[float, Floats]:
        scores = matrix @ _unflattened(space @ place, classes)
        missed = -float((log_softmax(scores, axis=1) * truth).sum()) / len(labels)
        slope = matrix.T @ (softmax(scores, axis=1) - truth)[:, 1:] / len(labels)
        return missed + RIDGE * float(place @ place), space.T @ slope.ravel() + 2 * RIDGE * place

    best = minimize(loss, np.zeros(space.shape[1]), jac=True, method="L-BFGS-B", options={"maxiter": MOST_STEPS})
    return _unflattened(space @ best.x, classes)


def _unflattened(flat: Floats, classes: int) -> Floats:
    weights = flat.reshape(-1, classes - 1)
    return np.hstack([np.zeros((len(weights), 1)), weights])
