"""The margin of each class and its slope, from layers in the neutral form."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logsumexp, softmax

from auditor.attacks.inversion.feature_space import FeatureSpace
from auditor.domain.parameters import Layer, Layers
from auditor.errors import AttackFailed

Floats = NDArray[np.float64]
ACTIVATIONS = ("identity", "relu", "tanh", "sigmoid")


@dataclass(frozen=True, eq=False)
class Margins:
    """`layers` read numbers in units of their bounds (C, q)."""

    layers: tuple[Layer, ...]
    activation: str
    classes: int

    def __call__(self, numbers: Floats) -> tuple[Floats, Floats]:
        """Row c is a point for class c: (C,) z_c - log sum exp of the other logits there, and its slope (C, q)."""
        inside = [numbers]
        for layer in self.layers[:-1]:
            inside.append(_activated(inside[-1] @ layer.weight.T + layer.bias, self.activation))
        logits = inside[-1] @ self.layers[-1].weight.T + self.layers[-1].bias
        own = np.eye(self.classes, dtype=bool)
        others = np.where(own, -np.inf, logits)
        slope = (own - softmax(others, axis=1)) @ self.layers[-1].weight
        for layer, output in zip(self.layers[-2::-1], inside[:0:-1], strict=True):
            slope = (slope * _slope(output, self.activation)) @ layer.weight
        return np.asarray(np.diagonal(logits) - logsumexp(others, axis=1)), np.asarray(slope)


def margins_of(parameters: Layers, space: FeatureSpace, classes: int) -> Margins:
    """Raises AttackFailed where the inputs are no numbers of records, or the outputs are not the classes."""
    names = [n.name for n in space.numbers]
    inputs = parameters.layers[0].weight.shape[1]
    features = list(parameters.features) or names
    if len(features) != inputs or not set(features) <= set(names):
        raise AttackFailed(
            f"The model reads {inputs} numbers that are not the columns of numbers of the records ({len(names)}); a file whose "
            "inputs are the columns themselves can be inverted."
        )
    if parameters.activation not in ACTIVATIONS:
        raise AttackFailed(f"The slope of the activation {parameters.activation!r} is not known here.")
    layers = _one_output_a_class(_first_scaled(parameters, features, space), classes)
    return Margins(layers, parameters.activation, classes)


def _first_scaled(parameters: Layers, features: list[str], space: FeatureSpace) -> tuple[Layer, ...]:
    """The first layer reads points in place of values."""
    low, width = np.array([n.low for n in space.numbers]), np.array([n.width for n in space.numbers])
    place = {n.name: i for i, n in enumerate(space.numbers)}
    given = parameters.layers[0]
    weight = np.zeros((len(given.weight), len(space.numbers)))
    weight[:, [place[name] for name in features]] = given.weight
    scaled = Layer(weight * width, given.bias + weight @ low)
    return (scaled, *parameters.layers[1:])


def _one_output_a_class(layers: tuple[Layer, ...], classes: int) -> tuple[Layer, ...]:
    """A single output is the log-odds of the second of two classes; the first one's logit is then 0."""
    *inner, last = layers
    if classes == 2 and len(last.bias) == 1:
        last = Layer(np.vstack([np.zeros_like(last.weight), last.weight]), np.concatenate([[0.0], last.bias]))
    if len(last.bias) != classes:
        raise AttackFailed(f"The model has {len(last.bias)} outputs and the target {classes} classes; name them in target.classes.")
    return (*inner, last)


def _activated(values: Floats, activation: str) -> Floats:
    match activation:
        case "relu":
            return np.maximum(values, 0.0)
        case "tanh":
            return np.asarray(np.tanh(values))
        case "sigmoid":
            return np.asarray(expit(values))
    return values


def _slope(output: Floats, activation: str) -> Floats:
    """Of the activation, from what it gave."""
    match activation:
        case "relu":
            return np.asarray((output > 0).astype(np.float64))
        case "tanh":
            return np.asarray(1.0 - output**2)
        case "sigmoid":
            return np.asarray(output * (1.0 - output))
    return np.ones_like(output)
