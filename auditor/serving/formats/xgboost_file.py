"""XGBoost models as JSON or UBJ (save_model). The trees are checked in their JSON form before a record walks them."""

import itertools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import xgboost
from numpy.typing import NDArray

from auditor.domain.parameters import Count, Layer, Layers, ModelParameters, Trees
from auditor.serving.answered import Answered, of_scores
from auditor.serving.cells import Cells
from auditor.serving.encoding import matrix_of
from auditor.serving.refused import Refused
from auditor.serving.trees import check, starts_of

DAMAGED = "the file is not a whole XGBoost model; save it again with model.save_model('model.json')"
BINARY = "binary:logistic"
OUTPUTS = {BINARY: "sigmoid", "multi:softprob": "softmax", "multi:softmax": "softmax"}


@dataclass(frozen=True, eq=False)
class XGBoostModel:
    booster: xgboost.Booster
    objective: str
    names: tuple[str, ...]
    types: tuple[str, ...]
    categories: Mapping[str, tuple[str, ...]]
    found: ModelParameters | None

    def answer(self, cells: Cells) -> Answered:
        matrix = matrix_of(cells, self.names, self.booster.num_features(), self.categories)
        data = xgboost.DMatrix(
            matrix,
            feature_names=list(self.names) or None,
            feature_types=list(self.types) or None,
            enable_categorical=True,
            nthread=1,
        )
        return of_scores(self.booster.predict(data, iteration_range=self._rounds()), binary=self.objective == BINARY)

    def parameters(self) -> ModelParameters | None:
        return self.found

    def _rounds(self) -> tuple[int, int]:
        """With early stopping XGBoost's own classes predict with the best rounds only."""
        best = self.booster.attributes().get("best_iteration")
        return (0, int(best) + 1) if best is not None and best.isdigit() else (0, 0)


def load(data: bytes) -> XGBoostModel:
    if data[:2] in (
        b'{"',
        b"{ ",
        b"{\n",
    ):  # text is checked before XGBoost reads it; the binary form it has to turn into text first
        _read(_parsed(data))
    try:
        booster = xgboost.Booster({"nthread": 1})
        booster.load_model(bytearray(data))
        text = bytes(booster.save_raw("json"))
    except (xgboost.core.XGBoostError, ValueError):
        raise Refused(DAMAGED) from None
    document = _parsed(text)
    learner = document["learner"]
    found = _read(document)
    names = tuple(map(str, learner.get("feature_names") or ()))
    types = tuple(map(str, learner.get("feature_types") or ()))
    return XGBoostModel(booster, str(learner["objective"]["name"]), names, types, _categories(learner, names, types), found)


def _parsed(text: bytes) -> dict[str, Any]:
    try:
        document = json.loads(text)
        return document if isinstance(document["learner"], dict) else {}
    except (ValueError, TypeError, KeyError, RecursionError):
        raise Refused(DAMAGED) from None


def _read(document: dict[str, Any]) -> ModelParameters | None:
    """The neutral form, checked; raises Refused."""
    try:
        learner = document["learner"]
        booster, features = learner["gradient_booster"], int(learner["learner_model_param"]["num_feature"])
        names = tuple(map(str, learner.get("feature_names") or ()))
        if booster["name"] == "gblinear":
            return _linear(booster["model"], learner, features)
        dart = booster["name"] == "dart"
        model = booster["gbtree"]["model"] if dart else booster["model"]
        trees = check(_trees(model, names), features)
        return None if dart else trees
    except (KeyError, TypeError, ValueError, IndexError, OverflowError, AttributeError):
        raise Refused(DAMAGED) from None


def _linear(model: dict[str, Any], learner: dict[str, Any], features: int) -> Layers:
    """`weights` is (features + 1, outputs), the bias last; the base score is added outside."""
    flat = np.array(model["weights"], dtype=np.float64).reshape(features + 1, -1)
    if not np.isfinite(flat).all():
        raise Refused("a weight of the model is not finite; the file is damaged or crafted")
    output = OUTPUTS.get(str(learner["objective"]["name"]), "identity")
    return Layers((Layer(flat[:-1].T, flat[-1]),), "identity", output)


def _trees(model: dict[str, Any], names: tuple[str, ...]) -> Trees:
    each = [_tree(tree) for tree in model["trees"]]
    starts = starts_of([len(tree["feature"]) for tree in each])
    joined = {key: np.concatenate([tree[key] for tree in each]) for key in each[0]} if each else {}
    if not each:
        raise Refused("the model has no trees; train it before saving")
    inner = joined["feature"] >= 0
    offset = np.repeat(starts[:-1], np.diff(starts))
    left, right = (np.where(inner, joined[side] + offset, -1) for side in ("left", "right"))
    return Trees(
        starts,
        joined["feature"],
        joined["threshold"],
        left,
        right,
        joined["missing_left"],
        joined["categorical"],
        joined["value"],
        joined["count"],
        np.array(model["tree_info"], dtype=np.int64),
        Count.HESSIANS,
        features=names,
    )


def _tree(tree: dict[str, Any]) -> dict[str, NDArray[Any]]:
    left, right = (np.array(tree[side], dtype=np.int64) for side in ("left_children", "right_children"))
    leaf, n = left == -1, len(left)
    conditions = np.array(tree["split_conditions"], dtype=np.float64)
    kinds = np.array(tree.get("split_type") or np.zeros(n), dtype=np.int64)
    wide = int(tree["tree_param"]["size_leaf_vector"]) > 1
    found = {
        "feature": np.where(leaf, -1, np.array(tree["split_indices"], dtype=np.int64)),
        "threshold": np.where(leaf | (kinds == 1), np.nan, conditions),
        "left": left,
        "right": right,
        "missing_left": np.array(tree["default_left"], dtype=np.int64) != 0,
        "categorical": (kinds == 1) & ~leaf,
        "value": np.where(leaf, np.nan_to_num(conditions) if wide else conditions, np.nan)[:, None],
        "count": np.array(tree["sum_hessian"], dtype=np.float64),
    }
    if not n or any(len(column) != n for column in found.values()) or ((right == -1) != leaf).any():
        raise Refused("the columns of a tree do not fit together; the file is damaged or crafted")
    if (found["feature"][~leaf] < 0).any():
        raise Refused("a split uses a feature below 0; the file is damaged or crafted")
    return found


def _categories(learner: dict[str, Any], names: tuple[str, ...], types: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """The texts behind the codes of categorical features, which XGBoost 3.1 and later writes as the bytes of all texts in a row."""
    encoded = learner["gradient_booster"].get("model", {}).get("cats", {}).get("enc", [])
    found: dict[str, tuple[str, ...]] = {}
    for name, kind, one in zip(names, types, encoded, strict=False):
        offsets, values = one.get("offsets", []), one.get("values", [])
        if kind == "c" and len(offsets) > 1:
            raw = bytes(values)
            found[name] = tuple(raw[a:b].decode("utf-8", "replace") for a, b in itertools.pairwise(offsets))
    return found
