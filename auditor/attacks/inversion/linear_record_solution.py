"""The one record that is missing from the sums which make a linear model's parameters stationary. Pure linear algebra."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, softmax

from auditor.domain.parameters import Layers
from auditor.errors import AttackFailed

Floats = NDArray[np.float64]
ROUNDING = 1e-10  # of a sum of losses' slopes, beside what the solver left
SMALLEST = 1e-6  # of an output: differences below are none
LEVELS = 8
FEWEST_STEPS, MOST_STEPS = 200, 20_000


@dataclass(frozen=True, eq=False)
class Fit:
    """`weight` (K, p) and `bias` (K,) of a model whose K outputs go through `output`. `penalty` as of `Layers`; None: not known.
    `left`: the most that the solver may have left of each slope of the summed losses, `rounding`: the least."""

    weight: Floats
    bias: Floats
    output: str
    penalty: float | None
    left: float
    rounding: float

    def residuals(self, inputs: Floats, labels: NDArray[np.intp], values: Floats | None) -> Floats:
        """(n, K) the slope of each record's loss in each output: answer minus truth."""
        outputs = inputs @ self.weight.T + self.bias
        if self.output == "identity":
            assert values is not None  # noqa: S101 - checked by the caller
            return np.asarray(outputs - values[:, None])
        if self.output == "sigmoid":
            return np.asarray(expit(outputs) - labels[:, None])
        return np.asarray(softmax(outputs, axis=1) - np.eye(len(self.bias))[labels])


@dataclass(frozen=True, eq=False)
class Sums:
    """Over all other records: `slopes` (K, p) of residual times input, `residuals` (K,). `usual` (p,): the usual record; `low`,
    `high`: between what a record can lie. `is_whole` (p,), `centre`, `spread` (p,): which inputs are whole numbers once they are
    not scaled any more."""

    slopes: Floats
    residuals: Floats
    usual: Floats
    low: Floats
    high: Floats
    is_whole: NDArray[np.bool_]
    centre: Floats
    spread: Floats


@dataclass(frozen=True, eq=False)
class Missing:
    """`point` (p,) in the model's units. How far off each value may be: `slack` (p,) if the solver left the least that explains the
    record, `worst` if the most that it may. `residual` (K,). `penalty`: the one it rests on."""

    point: Floats
    slack: Floats
    worst: Floats
    residual: Floats
    penalty: float


def fit_of(layers: Layers, tolerance: float, records: int, penalty: float | None) -> Fit:
    """Raises AttackFailed for anything but one layer with an intercept. A solver that stops at slopes of `tolerance` on average
    leaves that times the records in the sum; of squared errors the solution is computed, not searched for."""
    if len(layers.layers) != 1:
        raise AttackFailed("A missing record follows from the parameters of linear models alone; this file holds a network.")
    (layer,) = layers.layers
    if not layer.bias.any():
        raise AttackFailed(
            "The model was fitted without an intercept, whose equation tells how large the missing record's error is."
        )
    least = ROUNDING * records
    left = least if layers.output == "identity" else max(tolerance * records, least)
    return Fit(layer.weight, layer.bias, layers.output, layers.penalty if penalty is None else penalty, left, least)


def missing(fit: Fit, others: Sums) -> Missing | None:
    """The record that makes all sums zero: its residuals r are what the intercepts' sums lack, and r x = -slopes - penalty weight,
    so x = x0 + penalty d. A penalty that is not known follows from the answer that r implies, or else is the one at which x is most
    like a record. None where no possible record does: none is missing.

    A solver mostly leaves less than it may: what it left is taken to be the least with which a possible record follows."""
    most = np.log10(max(fit.left, fit.rounding))
    for left in np.logspace(np.log10(fit.rounding), most, LEVELS if fit.left > fit.rounding else 1):
        found = _at(fit, others, float(left))
        if found is not None:
            return found
    return None


def _at(fit: Fit, others: Sums, left: float) -> Missing | None:
    """Taking the solver to have left so much of each slope."""
    r = -others.residuals
    if np.abs(r).max() <= left or not _is_residual(r, fit.output, left):
        return None
    start, along = -(r @ others.slopes) / (r @ r), -(r @ fit.weight) / (r @ r)
    slack = np.abs(r).sum() * (1 + np.abs(start)) / (r @ r) * left
    span = (fit.penalty, fit.penalty) if fit.penalty is not None else _span(start, along, others, slack)
    if span is None:
        return None
    penalty, off = _penalty(fit, others, (start, along, slack, r), span)
    point, near = start + penalty * along, slack + off * np.abs(along)
    if (point < others.low - near).any() or (point > others.high + near).any():
        return None
    if fit.output != "identity" and not _answers(fit, point, r, near, left):
        return None
    width = others.high - others.low
    trust = 1 / (1 + (near / np.maximum(width / 2, 1e-9)) ** 2)  # a value that is hardly known is better guessed
    claimed = np.clip(others.usual + trust * (point - others.usual), others.low, others.high)
    return Missing(claimed, np.minimum(near, width), np.minimum(near * max(fit.left, left) / left, width), r, penalty)


def _answers(fit: Fit, point: Floats, r: Floats, slack: Floats, left: float) -> bool:
    """Does the model answer this point as its residual says?"""
    wanted, probability = _answered(r)
    apart = _centred(wanted - fit.bias - fit.weight @ point)
    noise = np.abs(fit.weight) @ slack + left / (probability * (1 - probability))
    return bool((np.abs(apart) <= noise.max() + SMALLEST).all())


def _answered(r: Floats) -> tuple[Floats, Floats]:
    """(K,) outputs and probabilities that the residuals of a class imply."""
    true = np.eye(len(r))[int(r.argmin())] if len(r) > 1 else (r < 0).astype(np.float64)
    probability = np.clip(r + true, 1e-12, 1 - 1e-12)
    return np.log(probability) if len(r) > 1 else np.log(probability / (1 - probability)), probability


def _is_residual(r: Floats, output: str, left: float) -> bool:
    """Of an answer: probability minus 0 or 1; of several classes one is below 0, the true one."""
    if output == "identity":
        return True
    if output == "sigmoid":
        return bool(np.abs(r).max() < 1.0)
    return bool((np.abs(r) < 1.0 + left).all() and np.abs(r.sum()) <= len(r) * left + SMALLEST)


def label_of(r: Floats, output: str) -> int:
    """-1 where the target answers a value."""
    if output == "identity":
        return -1
    return int(r[0] < 0) if output == "sigmoid" else int(r.argmin())


def _span(start: Floats, along: Floats, others: Sums, slack: Floats) -> tuple[float, float] | None:
    """The penalties from 0 on with which every value of the record is a possible one."""
    low, high = others.low - slack - start, others.high + slack - start
    with np.errstate(divide="ignore", invalid="ignore"):
        ends = np.sort(np.stack([low / along, high / along]), axis=0)
    flat = along == 0
    if (flat & ((low > 0) | (high < 0))).any():
        return None
    first, last = max(0.0, float(ends[0][~flat].max(initial=0.0))), float(ends[1][~flat].min(initial=np.inf))
    return (first, last) if first <= last and np.isfinite(last) else None


def _penalty(fit: Fit, others: Sums, line: tuple[Floats, Floats, Floats, Floats], span: tuple[float, float]) -> tuple[float, float]:
    """The penalty within its span, and how far off it may be."""
    start, along, slack, r = line
    if span[0] == span[1]:
        return span[0], 0.0
    half = (span[1] - span[0]) / 2
    if fit.output == "identity":
        return _most_whole(start, along, others, span), half
    answered, probability = _answered(r)
    wanted, moves = _centred(answered - fit.bias - fit.weight @ start), _centred(fit.weight @ along)
    noise = np.abs(fit.weight) @ slack + fit.rounding / (probability * (1 - probability))
    off = float(np.linalg.norm(noise) / max(float(np.linalg.norm(moves)), 1e-300))
    return float(np.clip(wanted @ moves / max(float(moves @ moves), 1e-300), *span)), min(off, half)


def _centred(outputs: Floats) -> Floats:
    """Probabilities of several classes tell outputs up to a constant."""
    return np.asarray(outputs - outputs.mean() if len(outputs) > 1 else outputs)


def _most_whole(start: Floats, along: Floats, others: Sums, span: tuple[float, float]) -> float:
    """The penalty at which the inputs that are whole numbers come nearest to being that; the middle of the span without any."""
    whole = others.is_whole & (along != 0)
    if not whole.any():
        return sum(span) / 2
    moves = np.abs(along * others.spread)[whole].max() * (span[1] - span[0])
    steps = np.linspace(*span, int(np.clip(50 * moves, FEWEST_STEPS, MOST_STEPS)))
    values = (start + steps[:, None] * along)[:, whole] * others.spread[whole] + others.centre[whole]
    return float(steps[(np.abs(values - np.rint(values)) ** 2).sum(axis=1).argmin()])
