"""Neutral parameters as a message and back. What comes back is checked again: the process that sent it held a stranger's file."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from auditor.domain.parameters import Count, Layer, Layers, ModelParameters, Trees
from auditor.serving.frames import Broken, Message
from auditor.serving.refused import Refused
from auditor.serving.trees import check

ARRAYS = tuple(f.name for f in fields(Trees) if f.name not in ("counted", "closed", "features", "classes"))
INTEGERS = ("starts", "feature", "left", "right", "output_of", "draw_seeds")
MOST_FEATURES = 1_000_000


def to_arrays(found: ModelParameters | None) -> Message:
    if found is None:
        return Message({"kind": None})
    names = {"features": list(found.features), "classes": list(found.classes)}
    if isinstance(found, Trees):
        head = {"kind": "trees", "counted": str(found.counted), "closed": found.closed}
        return Message(head | names, {name: np.asarray(getattr(found, name)) for name in ARRAYS})
    head = {"kind": "layers", "activation": found.activation, "output": found.output, "penalty": found.penalty}
    arrays = {f"{part}{i}": getattr(layer, part) for i, layer in enumerate(found.layers) for part in ("weight", "bias")}
    if found.centre is not None and found.spread is not None:
        arrays |= {"centre": found.centre, "spread": found.spread}
    return Message(head | names, arrays)


def from_arrays(message: Message) -> ModelParameters | None:
    """Raises Broken."""
    head, arrays = message.head, message.arrays
    try:
        names = tuple(map(str, head.get("features", ()))), tuple(map(str, head.get("classes", ())))
        if head["kind"] == "trees":
            return _trees(head, arrays, names)
        return _layers(head, arrays, names) if head["kind"] == "layers" else None
    except (KeyError, ValueError, TypeError, IndexError, Refused):
        raise Broken from None


def _trees(head: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]], names: tuple[tuple[str, ...], tuple[str, ...]]) -> Trees:
    given: dict[str, Any] = {name: arrays[name].astype(np.int64) if name in INTEGERS else arrays[name] for name in ARRAYS}
    nodes = len(given["feature"])
    alike = ("threshold", "left", "right", "missing_left", "categorical", "value", "count")
    if any(len(given[name]) != nodes for name in alike) or len(given["output_of"]) != len(given["starts"]) - 1:
        raise Broken
    if len(given["draw_seeds"]) not in (0, len(given["output_of"])) or (given["draw_seeds"] < 0).any():
        raise Broken
    trees = Trees(**given, counted=Count(head["counted"]), closed=bool(head["closed"]), features=names[0], classes=names[1])
    return check(trees, len(names[0]) or MOST_FEATURES)


def _layers(head: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]], names: tuple[tuple[str, ...], tuple[str, ...]]) -> Layers:
    count = sum(name.startswith("weight") for name in arrays)
    layers = tuple(Layer(arrays[f"weight{i}"], arrays[f"bias{i}"]) for i in range(count))
    if not layers or any(one.weight.ndim != 2 or one.bias.shape != one.weight.shape[:1] for one in layers):
        raise Broken
    penalty, inputs = head.get("penalty"), layers[0].weight.shape[1]
    if "centre" in arrays and any(arrays[part].shape != (inputs,) for part in ("centre", "spread")):
        raise Broken
    words = str(head["activation"]), str(head["output"])
    fitted = None if penalty is None else float(penalty)
    return Layers(layers, *words, *names, fitted, arrays.get("centre"), arrays.get("spread"))
