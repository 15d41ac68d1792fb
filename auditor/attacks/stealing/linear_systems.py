"""Linear models from what they answered: a linear system where answers are exact, weighted least squares where they are rounded."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular
from scipy.special import expit, softmax

from auditor.errors import AttackFailed

Floats = NDArray[np.float64]
WORST_CONDITION = 1e8
ANSWERED_FROM = 1.5  # in units of the wire: a probability below this many half units is not told from zero
MOST_STEPS, SOLVED, SETTLED, TINY = 200, 1e-28, 1e-12, 1e-12
PATIENCE, WORTH_IT = 5, 0.99
"""So many steps that together leave more than this share of the loss lead nowhere; of the right model a few leave nothing."""


@dataclass(frozen=True, eq=False)
class LinearCopy:
    """`weights` (unknowns, C) over a design matrix: log-odds up to a shift common to all classes (softmax), log-odds of each class
    against the rest whose probabilities are then scaled to sum to 1 (one-vs-rest), or the number itself ("value", C = 1)."""

    weights: Floats
    form: str
    condition: float
    error_bound: float = 0.0

    def answers(self, matrix: Floats) -> Floats:
        """(n, C) probabilities, or (n, 1) numbers."""
        scores = matrix @ self.weights
        if self.form == "value":
            return scores
        if self.form == "softmax":
            return np.asarray(softmax(scores, axis=1))
        rest = expit(scores)
        return np.asarray(rest / np.maximum(rest.sum(axis=1, keepdims=True), np.finfo(float).tiny))


def solve_values(matrix: Floats, values: Floats, error: float) -> LinearCopy:
    """A linear regression: `values` (n,) = matrix @ weights. `error`: half a unit of the last decimal answered."""
    weights, condition, bound = _solved(matrix, values[:, None], np.full(len(values), error))
    return LinearCopy(weights, "value", condition, bound)


def solve_softmax(matrix: Floats, answers: Floats, error: float) -> LinearCopy:
    """Multinomial logistic regression from `answers` (n, C): log p_c - log p_0 is linear (Tramèr et al. 2016, section 4.1), so as
    many independent answers as unknowns suffice. Class 0 here is the one answered most. Where decimals are lost, an equation
    counts as much as its log ratio is sure; one whose probability is not told from zero is left out. Raises AttackFailed where
    too few equations are left, or where the system is close to singular."""
    reference = int(np.nanmean(answers, axis=0).argmax())
    weights = np.zeros((matrix.shape[1], answers.shape[1]))
    condition, bound = 1.0, 0.0
    for c in range(answers.shape[1]):
        if c == reference:
            continue
        pair = answers[:, [c, reference]]
        usable = (pair > max(ANSWERED_FROM * error, 0.0)).all(axis=1)
        pair = pair[usable]
        spread = error * (1 / pair).sum(axis=1) if error else np.zeros(len(pair))
        solution, own, off = _solved(matrix[usable], np.log(pair[:, :1]) - np.log(pair[:, 1:]), spread)
        weights[:, c], condition, bound = solution[:, 0], max(condition, own), max(bound, off)
    return LinearCopy(weights, "softmax", condition, bound)


def solve_one_vs_rest(matrix: Floats, answers: Floats, start: LinearCopy) -> LinearCopy:
    """p_c = s(z_c) / sum_k s(z_k) with s the logistic function: the sum is not known, so all classes are solved together, by
    damped Gauss-Newton on the answers (Tramèr et al. 2016, section 4.1.2). Takes at least unknowns * C / (C - 1) answers."""
    weights = start.weights - start.weights.mean(axis=1, keepdims=True)
    damping, loss = 1e-3, _loss(matrix, answers, weights)
    losses = [loss]
    for _ in range(MOST_STEPS):
        curvature, slope = _normal_equations(matrix, answers, weights)
        damped = curvature + damping * np.diag(np.diag(curvature) + TINY)
        step = np.linalg.solve(damped, slope.T.ravel()).reshape(slope.T.shape).T
        after = _loss(matrix, answers, weights - step)
        if after >= loss:
            damping *= 8
            if damping > WORST_CONDITION:
                break
            continue
        weights, loss, damping = weights - step, after, damping / 8
        losses.append(loss)
        stuck = len(losses) > PATIENCE and loss > WORTH_IT * losses[-1 - PATIENCE]
        if loss < SOLVED or np.abs(step).max() < SETTLED or stuck:
            break
    return LinearCopy(weights, "one-vs-rest", start.condition)


def _loss(matrix: Floats, answers: Floats, weights: Floats) -> float:
    return float(((LinearCopy(weights, "one-vs-rest", 1.0).answers(matrix) - answers) ** 2).mean())


def _normal_equations(matrix: Floats, answers: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """Curvature (C d, C d), class by class, and slope (d, C) of half the squared error."""
    rest = expit(matrix @ weights)
    share = rest / np.maximum(rest.sum(axis=1, keepdims=True), np.finfo(float).tiny)
    change = share * (1 - rest)
    moved = -share[:, :, None] * change[:, None, :]  # (n, answer, class whose score moves)
    every = np.arange(share.shape[1])
    moved[:, every, every] += change
    together = np.einsum("nck,ncl->nkl", moved, moved)
    blocks = [[(matrix * together[:, k, m, None]).T @ matrix for m in every] for k in every]
    return np.block(blocks), matrix.T @ np.einsum("nck,nc->nk", moved, share - answers)


def _solved(matrix: Floats, target: Floats, spread: Floats) -> tuple[Floats, float, float]:
    """Weights (unknowns, 1), the condition number of the system, and the largest error of a weight that answers off by at most
    `spread` can cause (first order: the worst case over signs)."""
    if len(matrix) < matrix.shape[1]:
        raise AttackFailed(
            f"Only {len(matrix)} answers can be used for {matrix.shape[1]} unknowns (others were rounded to zero);"
            " the parameters cannot be solved for."
        )
    weight = np.ones(len(matrix)) if not spread.any() else 1.0 / np.maximum(spread, 1e-300)
    weight = weight / weight.max()
    scaled = matrix * weight[:, None]
    rotation, triangle = np.linalg.qr(scaled)  # a tenth of what a singular value decomposition of all equations costs
    condition = float(np.linalg.cond(triangle))
    if not condition <= WORST_CONDITION:
        raise AttackFailed(
            f"The answered records do not determine the parameters (condition number {condition:.0e} above {WORST_CONDITION:.0e});"
            " give auxiliary records that vary more."
        )
    inverse = np.asarray(solve_triangular(triangle, rotation.T))
    solution = inverse @ (target * weight[:, None])
    for _ in range(2):  # the inverse loses digits that one correction brings back
        solution = solution + inverse @ ((target - matrix @ solution) * weight[:, None])
    return solution, condition, float((np.abs(inverse) @ (spread * weight)).max())
