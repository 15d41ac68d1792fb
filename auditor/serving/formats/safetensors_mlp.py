"""A multi-layer perceptron as safetensors: `layers.0.weight` (outputs, inputs), `layers.0.bias`, `layers.1.weight`, ...

The metadata says `activation` (relu, tanh, sigmoid or identity, between layers), `output` (softmax, sigmoid or identity) and, as
JSON lists, `classes` and `features`.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import safetensors
import safetensors.numpy
from numpy.typing import NDArray

from auditor.domain.parameters import Layer, Layers
from auditor.serving.answered import Answered
from auditor.serving.cells import Cells
from auditor.serving.encoding import matrix_of
from auditor.serving.refused import Refused

Matrix = NDArray[np.float64]
NAMING = "name the tensors layers.0.weight (outputs, inputs), layers.0.bias, layers.1.weight and so on"
MOST_LAYERS = 1000


def _sigmoid(z: Matrix) -> Matrix:
    small = np.exp(-np.abs(z))
    return np.where(z >= 0, 1 / (1 + small), small / (1 + small))


def _softmax(z: Matrix) -> Matrix:
    powers = np.exp(z - z.max(axis=1, keepdims=True))
    result: Matrix = powers / powers.sum(axis=1, keepdims=True)
    return result


def _same(z: Matrix) -> Matrix:
    return z


ACTIVATIONS: Mapping[str, Callable[[Matrix], Matrix]] = {
    "relu": lambda z: np.maximum(z, 0.0),
    "tanh": np.tanh,
    "sigmoid": _sigmoid,
    "identity": _same,
}
OUTPUTS: Mapping[str, Callable[[Matrix], Matrix]] = {"softmax": _softmax, "sigmoid": _sigmoid, "identity": _same}


@dataclass(frozen=True, eq=False)
class Perceptron:
    found: Layers

    def answer(self, cells: Cells) -> Answered:
        layers = self.found.layers
        hidden = matrix_of(cells, self.found.features, layers[0].weight.shape[1])
        for position, layer in enumerate(layers):
            hidden = hidden @ layer.weight.T + layer.bias
            if position < len(layers) - 1:
                hidden = ACTIVATIONS[self.found.activation](hidden)
        scores = OUTPUTS[self.found.output](hidden)
        if self.found.output == "sigmoid" and scores.shape[1] == 1:
            scores = np.hstack([1 - scores, scores])
        return Answered(scores, names=self.found.classes or None)

    def parameters(self) -> Layers:
        return self.found


def load(data: bytes) -> Perceptron:
    try:
        tensors = safetensors.numpy.load(data)
        metadata = _metadata(data)
    except (safetensors.SafetensorError, ValueError, KeyError, TypeError):
        raise Refused("the file is not whole safetensors with tensors of numbers; save it again") from None
    return Perceptron(_checked(_layers(tensors), metadata))


def _metadata(data: bytes) -> dict[str, str]:
    header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    found = header.get("__metadata__", {})
    return {str(key): str(value) for key, value in found.items()}


def _layers(tensors: Mapping[str, NDArray[np.generic]]) -> tuple[Layer, ...]:
    count = len(tensors) // 2
    wanted = [f"layers.{i}.{part}" for i in range(min(count, MOST_LAYERS)) for part in ("weight", "bias")]
    if not count or sorted(wanted) != sorted(tensors):
        raise Refused(f"the tensors of the file are not those of a perceptron; {NAMING}")
    layers = tuple(
        Layer(tensors[f"layers.{i}.weight"].astype(np.float64), tensors[f"layers.{i}.bias"].astype(np.float64))
        for i in range(count)
    )
    inputs = None
    for layer in layers:
        if layer.weight.ndim != 2 or 0 in layer.weight.shape or layer.bias.shape != layer.weight.shape[:1]:
            raise Refused(f"the shapes of the layers do not fit together; {NAMING}")
        if inputs is not None and layer.weight.shape[1] != inputs:
            raise Refused(f"the shapes of the layers do not fit together; {NAMING}")
        if not (np.isfinite(layer.weight).all() and np.isfinite(layer.bias).all()):
            raise Refused("a weight of the model is not finite; the file is damaged or crafted")
        inputs = layer.weight.shape[0]
    return layers


def _checked(layers: tuple[Layer, ...], metadata: Mapping[str, str]) -> Layers:
    activation, output = metadata.get("activation", "relu"), metadata.get("output", "softmax")
    for name, known, given in (("activation", ACTIVATIONS, activation), ("output", OUTPUTS, output)):
        if given not in known:
            raise Refused(f"the metadata says {name} {given[:40]!r}; choose {' or '.join(known)}")
    classes, features = _listed(metadata, "classes"), _listed(metadata, "features")
    width = layers[-1].weight.shape[0]
    if classes and len(classes) != (2 if output == "sigmoid" and width == 1 else width):
        raise Refused(f"the metadata names {len(classes)} classes and the last layer has {width} outputs; make them agree")
    if features and len(features) != layers[0].weight.shape[1]:
        raise Refused(f"the metadata names {len(features)} features and the first layer takes {layers[0].weight.shape[1]}")
    return Layers(layers, activation, output, features, classes)


def _listed(metadata: Mapping[str, str], name: str) -> tuple[str, ...]:
    try:
        found = json.loads(metadata.get(name, "[]"))
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, list) or not all(isinstance(one, str | int) for one in found):
        raise Refused(f'the metadata\'s {name} is no JSON list of names, such as ["no", "yes"]')
    return tuple(map(str, found))
