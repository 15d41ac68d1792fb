"""ONNX models, on onnxruntime's CPU provider: standard operators only, everything in the one file, tree nodes checked first."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray

from auditor.domain.parameters import Count, Layer, Layers, ModelParameters, Trees
from auditor.serving.answered import Answered
from auditor.serving.cells import TEXT, Cells
from auditor.serving.encoding import matrix_of
from auditor.serving.refused import Refused
from auditor.serving.trees import check, starts_of

DAMAGED = "the file is not a whole ONNX model; export it again"
DOMAINS = ("", "ai.onnx", "ai.onnx.ml")
TREES = ("TreeEnsembleClassifier", "TreeEnsembleRegressor")
SPLITS = {b"BRANCH_LEQ": True, b"BRANCH_LT": False}
NUMPY = {"tensor(float)": np.float32, "tensor(double)": np.float64, "tensor(int64)": np.int64, "tensor(int32)": np.int32}
PROBABILITIES = ("proba", "probabilities", "output_probability", "scores")
QUIET = 4


@dataclass(frozen=True, eq=False)
class OnnxModel:
    session: Any
    found: ModelParameters | None
    names: tuple[str, ...] | None

    def answer(self, cells: Cells) -> Answered:
        inputs = self.session.get_inputs()
        fed = _matrix(inputs[0], cells) if len(inputs) == 1 and not _is_column(inputs[0], cells) else _columns(inputs, cells)
        outputs = dict(zip([o.name for o in self.session.get_outputs()], self.session.run(None, fed), strict=True))
        return _read(outputs, self.names)

    def parameters(self) -> ModelParameters | None:
        return self.found


def load(data: bytes) -> OnnxModel:
    try:
        model = onnx.load_model_from_string(data)
    except Exception:  # protobuf's own exception type depends on its back end
        raise Refused(DAMAGED) from None
    nodes = list(_nodes(model.graph))
    _refuse(model, nodes)
    attributes = [{a.name: onnx.helper.get_attribute_value(a) for a in node.attribute} for node in nodes]
    trees = [_trees(a) for node, a in zip(nodes, attributes, strict=True) if node.op_type in TREES]
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = QUIET
    session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    found = trees[0] if len(trees) == 1 else None if trees else _linear(nodes, attributes)
    return OnnxModel(session, found, next(filter(None, map(_classes, attributes)), None))


def _nodes(graph: Any) -> Iterator[Any]:
    """The nodes of a graph and of the graphs inside them."""
    for node in graph.node:
        yield node
        for attribute in node.attribute:
            for inner in (attribute.g, *attribute.graphs):
                yield from _nodes(inner)


def _refuse(model: Any, nodes: list[Any]) -> None:
    domains = {one.domain for one in model.opset_import} | {node.domain for node in nodes}
    strange = sorted(domains - set(DOMAINS))
    if strange or model.functions:
        what = f"of the domain {strange[0][:60]!r}" if strange else "of its own"
        raise Refused(f"the model uses operators {what}, which are code that is not in ONNX; export it with standard operators")
    if any(tensor.external_data or tensor.data_location == onnx.TensorProto.EXTERNAL for tensor in _tensors(model.graph, nodes)):
        raise Refused("the model keeps its weights in another file; save it with everything in one file")
    if any(node.op_type == "TreeEnsemble" for node in nodes):
        raise Refused("the model uses the operator TreeEnsemble, whose nodes are not checked here; export it for ai.onnx.ml 3")


def _tensors(graph: Any, nodes: list[Any]) -> Iterator[Any]:
    yield from graph.initializer
    for node in nodes:
        for attribute in node.attribute:
            yield from (attribute.t, *attribute.tensors)
            for inner in (attribute.g, *attribute.graphs):
                yield from inner.initializer


def _is_column(wanted: Any, cells: Cells) -> bool:
    return wanted.name in cells.names and not (isinstance(wanted.shape[-1], int) and wanted.shape[-1] > 1)


def _matrix(wanted: Any, cells: Cells) -> dict[str, NDArray[Any]]:
    """One tensor with all features in order; a tensor of strings takes every cell as text."""
    if wanted.type == "tensor(string)":
        return {wanted.name: np.column_stack([_texts(cells, name) for name in cells.names])}
    if wanted.type not in NUMPY:
        raise Refused(f"the model's input is {wanted.type[:40]}; export it with tensors of numbers or strings")
    width = wanted.shape[1] if len(wanted.shape) == 2 and isinstance(wanted.shape[1], int) else len(cells.names)
    return {wanted.name: matrix_of(cells, (), width).astype(NUMPY[wanted.type])}


def _columns(inputs: list[Any], cells: Cells) -> dict[str, NDArray[Any]]:
    """One tensor a column, matched by name."""
    fed: dict[str, NDArray[Any]] = {}
    for wanted in inputs:
        if wanted.name not in cells.names:
            raise Refused(f"the model wants the input {wanted.name[:60]!r}, which is no column of the records")
        if wanted.type == "tensor(string)":
            fed[wanted.name] = _texts(cells, wanted.name)[:, None]
        elif wanted.type == "tensor(bool)" or wanted.type in NUMPY:
            fed[wanted.name] = _numbers(cells, wanted)[:, None]
        else:
            raise Refused(f"the model's input {wanted.name[:60]!r} is {wanted.type[:40]}; export it as numbers or strings")
    return fed


def _numbers(cells: Cells, wanted: Any) -> NDArray[Any]:
    if cells.kind(wanted.name) == TEXT:
        raise Refused(f"the model's input {wanted.name[:60]!r} is a number and the column is text; set data.types to number")
    column = cells.column(wanted.name)
    kind: Any = np.bool_ if wanted.type == "tensor(bool)" else NUMPY[wanted.type]
    if kind not in (np.float32, np.float64) and np.isnan(column).any():
        raise Refused(f"the model's input {wanted.name[:60]!r} takes whole numbers and some records have none there")
    return column.astype(kind)


def _texts(cells: Cells, name: str) -> NDArray[np.object_]:
    """Missing is the empty text; whole numbers are written without a point."""
    if cells.kind(name) == TEXT:
        return np.array(["" if value is None else value for value in cells.text(name)], dtype=object)
    return np.array([f"{value:g}" if not np.isnan(value) else "" for value in cells.column(name)], dtype=object)


def _read(outputs: dict[str, Any], names: tuple[str, ...] | None) -> Answered:
    """Probabilities where there are any (a matrix, or a mapping a record), else labels, else the numbers."""
    for value in outputs.values():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            classes = list(value[0])
            return Answered(np.array([[row[c] for c in classes] for row in value], np.float64), names=tuple(map(str, classes)))
    arrays = {name: np.asarray(value) for name, value in outputs.items()}
    scores = {name: value for name, value in arrays.items() if value.dtype.kind == "f"}
    if scores:
        chosen = next(
            (v for n, v in scores.items() if any(word in n.lower() for word in PROBABILITIES)), next(iter(scores.values()))
        )
        numbers = chosen.reshape(len(chosen), -1).astype(np.float64)
        return Answered(numbers, names=names if names is not None and len(names) == numbers.shape[1] else None)
    first = next(iter(arrays.values()))
    return Answered(labels=tuple(str(v.decode() if isinstance(v, bytes) else v) for v in first.reshape(len(first), -1)[:, 0]))


def _classes(attributes: dict[str, Any]) -> tuple[str, ...] | None:
    for name in ("classlabels_strings", "classlabels_int64s", "classlabels_ints"):
        if attributes.get(name):
            return tuple(v.decode() if isinstance(v, bytes) else str(v) for v in attributes[name])
    return None


def _trees(given: dict[str, Any]) -> Trees:
    """A tree ensemble's nodes, renumbered; raises Refused where they do not form trees."""
    try:
        return _renumbered(given)
    except (KeyError, ValueError, IndexError, TypeError, OverflowError):
        raise Refused("the nodes of the tree ensemble do not fit together; the file is damaged or crafted") from None


def _renumbered(given: dict[str, Any]) -> Trees:
    trees, ids = (np.array(given[f"nodes_{name}"], dtype=np.int64) for name in ("treeids", "nodeids"))
    modes = [mode if isinstance(mode, bytes) else str(mode).encode() for mode in given["nodes_modes"]]
    leaf = np.array([mode == b"LEAF" for mode in modes])
    kinds = {mode for mode in modes if mode != b"LEAF"}
    if not kinds <= set(SPLITS) or len(kinds) > 1:
        raise Refused("the tree ensemble compares in a way that is not checked here; export it again with BRANCH_LEQ or BRANCH_LT")
    if (np.diff(trees) < 0).any() or len(ids) != len(leaf) or len(trees) != len(leaf):
        raise ValueError
    at = {pair: i for i, pair in enumerate(zip(trees.tolist(), ids.tolist(), strict=True))}
    if len(at) != len(ids):
        raise ValueError
    sides = []
    for name in ("true", "false"):
        to = given[f"nodes_{name}nodeids"]
        sides.append(np.array([-1 if leaf[i] else at[(int(trees[i]), int(to[i]))] for i in range(len(ids))], dtype=np.int64))
    feature = np.where(leaf, -1, np.array(given["nodes_featureids"], dtype=np.int64))
    if (feature[~leaf] < 0).any():
        raise ValueError
    _, sizes = np.unique(trees, return_counts=True)
    value = _values(given, at, len(ids))
    made = Trees(
        starts_of(sizes.tolist()),
        feature,
        np.where(leaf, np.nan, np.array(_float(given, "nodes_values"), dtype=np.float64)),
        sides[0],
        sides[1],
        np.array(given.get("nodes_missing_value_tracks_true") or np.zeros(len(ids)), dtype=bool),
        np.zeros(len(ids), dtype=bool),
        np.where(leaf[:, None], value, np.nan),
        np.full(len(ids), np.nan),
        np.full(len(sizes), -1, dtype=np.int64),
        Count.UNKNOWN,
        kinds == {b"BRANCH_LEQ"},
        classes=_classes(given) or (),
    )
    return check(made, max(1, int(feature.max()) + 1))


def _float(given: dict[str, Any], name: str) -> Any:
    tensor = given.get(f"{name}_as_tensor")
    return given[name] if tensor is None else onnx.numpy_helper.to_array(tensor)


def _values(given: dict[str, Any], at: dict[tuple[int, int], int], n: int) -> NDArray[np.float64]:
    prefix = "class" if "class_ids" in given else "target"
    outputs = np.array(given[f"{prefix}_ids"], dtype=np.int64)
    if len(outputs) and not 0 <= outputs.min() <= outputs.max() < 100_000:
        raise ValueError
    value = np.zeros((n, int(outputs.max(initial=0)) + 1))
    weights = _float(given, f"{prefix}_weights")
    for tree, node, output, weight in zip(given[f"{prefix}_treeids"], given[f"{prefix}_nodeids"], outputs, weights, strict=True):
        value[at[(int(tree), int(node))], output] += weight
    return value


def _linear(nodes: list[Any], attributes: list[dict[str, Any]]) -> Layers | None:
    found = [a for node, a in zip(nodes, attributes, strict=True) if node.op_type in ("LinearClassifier", "LinearRegressor")]
    if len(found) != 1:
        return None
    bias = np.atleast_1d(np.array(found[0].get("intercepts", [0.0]), dtype=np.float64))
    flat = np.array(found[0]["coefficients"], dtype=np.float64)
    if not len(bias) or len(flat) % len(bias):
        raise Refused("the weights of the linear model do not fit together; the file is damaged or crafted")
    classes = _classes(found[0]) or ()
    return Layers((Layer(flat.reshape(len(bias), -1), bias),), "identity", "softmax" if classes else "identity", (), classes)
