"""Training of a small neural network by Adam, step for step what scikit-learn's MLP does, in 32 bits and without copies.

All parameters lie in one vector, and so do their gradients and moments: a step is a handful of passes over memory that stays in
the cache. Random numbers are drawn as scikit-learn draws them, so with the same seed the path is the same up to rounding.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Floats32 = NDArray[np.float32]
BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-8
PATIENCE = 10
"""Epochs in a row whose loss may fail to fall by `tol` (scikit-learn's n_iter_no_change)."""
CLIP = float(np.finfo(np.float32).eps)


@dataclass(frozen=True)
class Plan:
    """What scikit-learn calls hidden_layer_sizes, activation, alpha, learning_rate_init, batch_size, max_iter and tol;
    `answers` is logistic (one class against another), softmax or identity (a number)."""

    hidden: tuple[int, ...]
    activation: str
    answers: str
    alpha: float
    rate: float
    batch: int
    epochs: int
    tolerance: float


def _rectified_slope(values: Floats32, errors: Floats32) -> None:
    errors *= values > 0


def _tanh_slope(values: Floats32, errors: Floats32) -> None:
    errors *= 1.0 - values * values


def _logistic_slope(values: Floats32, errors: Floats32) -> None:
    errors *= values * (1.0 - values)


def _identity_slope(values: Floats32, errors: Floats32) -> None:
    """A slope of one."""


def _logistic(values: Floats32) -> None:
    np.negative(values, out=values)
    np.exp(np.minimum(values, 80.0, out=values), out=values)
    values += 1.0
    np.reciprocal(values, out=values)


def _softmax(values: Floats32) -> None:
    values -= values.max(axis=1, keepdims=True)
    np.exp(values, out=values)
    values /= values.sum(axis=1, keepdims=True)


def _identity(values: Floats32) -> None:
    """Left as it is."""


def _rectified(values: Floats32) -> None:
    np.maximum(values, 0.0, out=values)


def _tanh(values: Floats32) -> None:
    np.tanh(values, out=values)


BEND: dict[str, Callable[[Floats32], None]] = {"relu": _rectified, "tanh": _tanh, "logistic": _logistic, "identity": _identity}
SLOPE: dict[str, Callable[[Floats32, Floats32], None]] = {
    "relu": _rectified_slope,
    "tanh": _tanh_slope,
    "logistic": _logistic_slope,
    "identity": _identity_slope,
}
ANSWER: dict[str, Callable[[Floats32], None]] = {"logistic": _logistic, "softmax": _softmax, "identity": _identity}


@dataclass(frozen=True, eq=False)
class Network:
    """Weights (fan in, fan out) and biases (fan out,) of each layer: views into `flat`."""

    flat: Floats32
    weights: tuple[Floats32, ...]
    biases: tuple[Floats32, ...]

    @classmethod
    def of(cls, widths: Sequence[int]) -> "Network":
        shapes = list(pairwise(widths))
        flat = np.zeros(sum((fan_in + 1) * fan_out for fan_in, fan_out in shapes), dtype=np.float32)
        weights, biases, at = [], [], 0
        for fan_in, fan_out in shapes:
            weights.append(flat[at : at + fan_in * fan_out].reshape(fan_in, fan_out))
            at += fan_in * fan_out
        for _, fan_out in shapes:
            biases.append(flat[at : at + fan_out])
            at += fan_out
        return cls(flat, tuple(weights), tuple(biases))

    def draw(self, random: np.random.RandomState, activation: str) -> None:
        """Glorot & Bengio's uniform start."""
        for weights, biases in zip(self.weights, self.biases, strict=True):
            bound = np.sqrt((2.0 if activation == "logistic" else 6.0) / sum(weights.shape))
            weights[:] = random.uniform(-bound, bound, weights.shape)
            biases[:] = random.uniform(-bound, bound, biases.shape)

    def layers(self, rows: Floats32, plan: Plan) -> list[Floats32]:
        """What each layer answers for `rows` (n, fan in), the rows themselves first."""
        values = [rows]
        last = len(self.weights) - 1
        for i, (weights, biases) in enumerate(zip(self.weights, self.biases, strict=True)):
            value = values[-1] @ weights
            value += biases
            (ANSWER[plan.answers] if i == last else BEND[plan.activation])(value)
            values.append(value)
        return values


@dataclass(eq=False)
class _Adam:
    """Kingma & Ba 2015, on one vector."""

    parameters: Floats32
    rate: float
    steps: int = 0
    first: Floats32 = field(init=False)
    second: Floats32 = field(init=False)
    scratch: Floats32 = field(init=False)

    def __post_init__(self) -> None:
        self.first, self.second, self.scratch = (np.zeros_like(self.parameters) for _ in range(3))

    def step(self, gradient: Floats32) -> None:
        self.steps += 1
        rate = self.rate * np.sqrt(1 - BETA_2**self.steps) / (1 - BETA_1**self.steps)
        first, second, scratch = self.first, self.second, self.scratch
        np.multiply(gradient, 1 - BETA_1, out=scratch)
        first *= BETA_1
        first += scratch
        np.multiply(gradient, gradient, out=scratch)
        scratch *= 1 - BETA_2
        second *= BETA_2
        second += scratch
        np.sqrt(second, out=scratch)
        scratch += EPSILON
        np.divide(first, scratch, out=scratch)
        scratch *= rate
        self.parameters -= scratch


def fit(rows: Floats32, truth: Floats32, plan: Plan, seed: int) -> Network:
    """A network trained on `rows` (n, d) and `truth` (n, c): one-hot, 0/1 in one column, or numbers."""
    random = np.random.RandomState(seed)
    network = Network.of((rows.shape[1], *plan.hidden, truth.shape[1]))
    network.draw(random, plan.activation)
    gradient, optimiser = Network.of((rows.shape[1], *plan.hidden, truth.shape[1])), _Adam(network.flat, plan.rate)
    order, best, stale = np.arange(len(rows)), np.inf, 0
    for _ in range(plan.epochs):
        shuffled = np.arange(len(rows))
        random.shuffle(shuffled)
        order = order[shuffled]
        loss = 0.0
        for first in range(0, len(rows), plan.batch):
            chosen = order[first : first + plan.batch]
            loss += len(chosen) * _slope(network, rows.take(chosen, axis=0), truth.take(chosen, axis=0), plan, gradient)
            optimiser.step(gradient.flat)
        loss /= len(rows)
        stale = stale + 1 if loss > best - plan.tolerance else 0
        best = min(best, loss)
        if stale > PATIENCE:
            break
    return network


def _slope(network: Network, rows: Floats32, truth: Floats32, plan: Plan, gradient: Network) -> float:
    """The mean loss of these rows with its penalty; its gradient is written into `gradient`."""
    values, n = network.layers(rows, plan), len(rows)
    squares = sum(float(weights.ravel() @ weights.ravel()) for weights in network.weights)
    loss = _loss(values[-1], truth, plan.answers) + 0.5 * plan.alpha * squares / n
    errors = values[-1]
    errors -= truth
    errors *= 1.0 / n
    for i in reversed(range(len(network.weights))):
        np.matmul(values[i].T, errors, out=gradient.weights[i])
        gradient.weights[i][:] += (plan.alpha / n) * network.weights[i]
        np.sum(errors, axis=0, out=gradient.biases[i])
        if i:
            errors = errors @ network.weights[i].T
            SLOPE[plan.activation](values[i], errors)
    return loss


def _loss(answers: Floats32, truth: Floats32, kind: str) -> float:
    if kind == "identity":
        return 0.5 * float(np.mean((answers - truth) ** 2))
    clipped = np.clip(answers, CLIP, 1 - CLIP)
    total = float(np.sum(np.log(clipped) * truth))
    if kind == "logistic":
        total += float(np.sum(np.log(1 - clipped) * (1 - truth)))
    return -total / len(answers)
