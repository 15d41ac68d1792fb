"""scikit-learn models as skops: only types on a list are built, and tree nodes are checked before they are walked."""

import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import skops.io

from auditor.domain.parameters import Count, Layer, Layers, ModelParameters, Trees
from auditor.serving.answered import Answered
from auditor.serving.cells import Cells, as_frame
from auditor.serving.refused import Refused
from auditor.serving.trees import check, starts_of

DAMAGED = "the file is not a whole skops model; save it again with skops.io.dump(model, file)"
TRUSTED = frozenset(
    {
        "sklearn.tree._tree.Tree",
        "sklearn.neural_network._stochastic_optimizers.AdamOptimizer",
        "sklearn.neural_network._stochastic_optimizers.SGDOptimizer",
    }
)
"""Beside what skops trusts by itself (estimators of scikit-learn, types of NumPy, SciPy and Python)."""
LARGEST_UNPACKED = 1_000_000_000
MOST_PARTS = 100_000
MOST_DEPTH = 20
ACTIVATIONS = {"relu": "relu", "tanh": "tanh", "logistic": "sigmoid", "identity": "identity"}


@dataclass(frozen=True, eq=False)
class Estimator:
    model: Any
    found: ModelParameters | None

    def answer(self, cells: Cells) -> Answered:
        wanted = getattr(self.model, "feature_names_in_", None)
        frame = as_frame(cells)
        if wanted is not None:
            absent = [name for name in map(str, wanted) if name not in cells.names]
            if absent:
                raise Refused(f"the model wants the column {absent[0][:60]!r}, which the records do not have")
            frame = frame[[str(name) for name in wanted]]
        features = frame if wanted is not None else frame.to_numpy()
        if hasattr(self.model, "predict_proba"):
            names = tuple(_text(value) for value in self.model.classes_)
            return Answered(np.asarray(self.model.predict_proba(features), np.float64), names=names)
        answers = np.asarray(self.model.predict(features))
        if hasattr(self.model, "classes_"):
            return Answered(labels=tuple(_text(value) for value in answers))
        return Answered(answers.astype(np.float64).reshape(len(answers), -1))

    def parameters(self) -> ModelParameters | None:
        return self.found


def load(data: bytes) -> Estimator:
    _refuse_bomb(data)
    try:
        unknown = skops.io.get_untrusted_types(data=data)
    except Exception:  # a crafted archive fails in any of many ways
        raise Refused(DAMAGED) from None
    strange = sorted(set(unknown) - TRUSTED)
    if strange:
        raise Refused(
            f"the file holds types that are not on the list of trusted ones: {', '.join(strange)[:250]}; save the model as ONNX"
        )
    try:
        model = skops.io.loads(data, trusted=sorted(set(unknown) & TRUSTED))
    except MemoryError:
        raise
    except Exception:
        raise Refused(DAMAGED) from None
    if not hasattr(model, "predict"):
        raise Refused("the file holds no model that predicts; save the fitted estimator or pipeline")
    return Estimator(model, _parameters(model))


def _refuse_bomb(data: bytes) -> None:
    try:
        parts = zipfile.ZipFile(io.BytesIO(data)).infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
        raise Refused(DAMAGED) from None
    size = sum(part.file_size for part in parts)
    if len(parts) > MOST_PARTS or size > LARGEST_UNPACKED:
        raise Refused(f"the archive unpacks to {size:,} bytes in {len(parts):,} parts, which is more than a model of this kind has")


def _text(value: object) -> str:
    return ("true" if value else "false") if isinstance(value, bool | np.bool_) else str(value)


def _parameters(model: Any) -> ModelParameters | None:
    """Of the last step of a pipeline, in the columns that reach it. Every tree anywhere in the model is checked."""
    from sklearn.tree._tree import Tree

    for tree in _within(model, Tree):
        check(_of_trees([tree], (), ()), int(tree.n_features))
    last = model.steps[-1][1] if hasattr(model, "steps") else model
    classes = tuple(map(_text, np.atleast_1d(getattr(last, "classes_", ()))))
    features = tuple(map(str, getattr(last, "feature_names_in_", ())))
    trees = [one.tree_ for one in np.ravel(getattr(last, "estimators_", [last])) if hasattr(one, "tree_")]
    if trees:
        return replace(_of_trees(trees, features, classes), draw_seeds=_draw_seeds(last))
    found = _layers(last, features, classes)
    return found if found is None else replace(found, penalty=_penalty(last), **_scaling(model))


def _penalty(last: Any) -> float | None:
    """In units of the sum of the losses; None for what minimises anything else (class weights, a penalised intercept, L1)."""
    from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge

    if not getattr(last, "fit_intercept", False) or getattr(last, "positive", False) or getattr(last, "class_weight", None):
        return None
    if isinstance(last, LogisticRegression) and hasattr(last, "C"):
        is_ridge = last.penalty in ("l2", "deprecated") and not last.l1_ratio and last.solver != "liblinear"
        return 1.0 / float(last.C) if is_ridge else 0.0 if last.penalty is None else None
    if isinstance(last, LinearRegression):
        return 0.0
    return float(last.alpha) if isinstance(last, Ridge) and np.ndim(last.alpha) == 0 else None


def _scaling(model: Any) -> dict[str, Any]:
    """Of the one scaler before the last step."""
    from sklearn.preprocessing import MinMaxScaler, StandardScaler

    before = model.steps[-2][1] if hasattr(model, "steps") and len(model.steps) == 2 else None
    if isinstance(before, MinMaxScaler):
        return {"centre": -before.min_ / before.scale_, "spread": 1.0 / before.scale_}
    if not isinstance(before, StandardScaler):
        return {}
    nothing = np.zeros(before.n_features_in_)
    centre = nothing if before.mean_ is None else np.asarray(before.mean_, dtype=np.float64)
    return {"centre": centre, "spread": nothing + 1.0 if before.scale_ is None else np.asarray(before.scale_, dtype=np.float64)}


def _draw_seeds(forest: Any) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """A forest keeps the seed of each tree, and with it what the tree drew; not so under `max_samples`, of how many."""
    from sklearn.ensemble._forest import BaseForest

    if not isinstance(forest, BaseForest) or getattr(forest, "bootstrap", None) is not True or forest.max_samples is not None:
        return np.empty(0, dtype=np.int64)
    seeds = [getattr(tree, "random_state", None) for tree in forest.estimators_]
    is_whole = all(isinstance(seed, int | np.integer) and 0 <= seed < 2**32 for seed in seeds)
    return np.array(seeds if is_whole else [], dtype=np.int64)


def _within(thing: Any, kind: type[Any], depth: int = 0) -> Iterator[Any]:
    """All objects of a kind inside an estimator."""
    if isinstance(thing, kind):
        yield thing
    elif depth < MOST_DEPTH:
        inner = thing.values() if isinstance(thing, dict) else vars(thing).values() if hasattr(thing, "__dict__") else ()
        if isinstance(thing, list | tuple) or (isinstance(thing, np.ndarray) and thing.dtype == object):
            inner = list(np.ravel(np.asarray(thing, dtype=object))) if isinstance(thing, np.ndarray) else thing
        for one in inner:
            yield from _within(one, kind, depth + 1)


def _of_trees(trees: list[Any], features: tuple[str, ...], classes: tuple[str, ...]) -> Trees:
    """scikit-learn compares x <= threshold in float32; `value` holds a class's share of the node's records."""
    starts = starts_of([tree.node_count for tree in trees])
    offset = np.repeat(starts[:-1], np.diff(starts))
    left, right, feature, threshold, count = (
        np.concatenate([getattr(tree, name) for tree in trees])
        for name in ("children_left", "children_right", "feature", "threshold", "weighted_n_node_samples")
    )
    leaf = left == -1
    if ((right == -1) != leaf).any() or (feature[~leaf] < 0).any():
        raise Refused("a split lacks a child or a feature; the file is damaged or crafted")
    value = np.concatenate([tree.value[:, 0, :] for tree in trees]).astype(np.float64)
    missing = [np.asarray(getattr(tree, "missing_go_to_left", np.zeros(tree.node_count)), dtype=bool) for tree in trees]
    return Trees(
        starts,
        np.where(leaf, -1, feature).astype(np.int64),
        np.where(leaf, np.nan, threshold),
        np.where(leaf, -1, left + offset),
        np.where(leaf, -1, right + offset),
        np.concatenate(missing),
        np.zeros(len(leaf), dtype=bool),
        value,
        count.astype(np.float64),
        np.full(len(trees), -1, dtype=np.int64),
        Count.WEIGHTS,
        True,
        features,
        classes,
    )


def _layers(last: Any, features: tuple[str, ...], classes: tuple[str, ...]) -> Layers | None:
    output = "sigmoid" if len(classes) == 2 else "softmax" if classes else "identity"
    if hasattr(last, "coef_") and hasattr(last, "intercept_"):
        weight = np.atleast_2d(np.asarray(last.coef_, dtype=np.float64))
        bias = np.broadcast_to(np.atleast_1d(np.asarray(last.intercept_, dtype=np.float64)), weight.shape[:1])
        return Layers((Layer(weight, bias.copy()),), "identity", output, features, classes)
    if hasattr(last, "coefs_") and hasattr(last, "intercepts_"):
        pairs = zip(last.coefs_, last.intercepts_, strict=True)
        layers = tuple(Layer(np.asarray(w, np.float64).T, np.asarray(b, np.float64)) for w, b in pairs)
        return Layers(layers, ACTIVATIONS.get(last.activation, "identity"), output, features, classes)
    return None
