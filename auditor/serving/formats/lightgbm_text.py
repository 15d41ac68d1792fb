"""LightGBM models as text (save_model): the trees are checked before LightGBM, whose reader trusts its input, sees them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import lightgbm
import numpy as np
from numpy.typing import NDArray

from auditor.domain.parameters import Count, Trees
from auditor.serving.answered import Answered, of_scores
from auditor.serving.cells import TEXT, Cells
from auditor.serving.encoding import matrix_of
from auditor.serving.refused import Refused
from auditor.serving.trees import check, starts_of

DAMAGED = "the file is not a whole LightGBM model; save it again with booster.save_model('model.txt')"
CATEGORICAL, MISSING_LEFT = 1, 2
MOST_CLASSES = 10_000


@dataclass(frozen=True, eq=False)
class LightGBMModel:
    booster: lightgbm.Booster
    objective: str
    trees: Trees
    categories: tuple[tuple[str, ...], ...]

    def answer(self, cells: Cells) -> Answered:
        matrix = matrix_of(cells, self.trees.features, len(self.trees.features), self._categories(cells))
        scores = np.asarray(self.booster.predict(matrix, num_threads=1))
        return of_scores(scores, binary=self.objective in ("binary", "cross_entropy"))

    def parameters(self) -> Trees:
        return self.trees

    def _categories(self, cells: Cells) -> dict[str, tuple[str, ...]]:
        """The file lists categories of a frame's category columns in the order of the columns, without their names."""
        text = [name for name in self.trees.features if name in cells.names and cells.kind(name) == TEXT]
        return dict(zip(text, self.categories, strict=True)) if len(text) == len(self.categories) else {}


def load(data: bytes) -> LightGBMModel:
    try:
        text = data.decode("utf-8")
        head, *blocks = text.split("\nTree=")
        fields = _fields(head)
        names = tuple(fields["feature_names"].split())
        wide = int(fields["num_tree_per_iteration"])
        trees = _trees(blocks, names, wide)
        found = _categories(text)
    except (ValueError, KeyError, IndexError, OverflowError, TypeError):
        raise Refused(DAMAGED) from None
    booster = lightgbm.Booster(model_str=text)
    return LightGBMModel(booster, fields.get("objective", "").split(" ")[0], trees, found)


def _fields(block: str) -> dict[str, str]:
    return dict(line.split("=", 1) for line in block.splitlines() if "=" in line)


def _trees(blocks: list[str], names: tuple[str, ...], wide: int) -> Trees:
    if not blocks or not 1 <= wide <= MOST_CLASSES:
        raise Refused(DAMAGED)
    each = [_tree(_fields(block.split("\nend of trees")[0])) for block in blocks]
    starts = starts_of([len(tree["feature"]) for tree in each])
    joined: dict[str, Any] = {key: np.concatenate([tree[key] for tree in each]) for key in each[0]}
    inner, offset = joined["feature"] >= 0, np.repeat(starts[:-1], np.diff(starts))
    joined |= {side: np.where(inner, joined[side] + offset, -1) for side in ("left", "right")}
    output_of = np.arange(len(each), dtype=np.int64) % wide
    trees = Trees(starts=starts, **joined, output_of=output_of, counted=Count.RECORDS, closed=True, features=names)
    return check(trees, len(names))


def _tree(fields: Mapping[str, str]) -> dict[str, NDArray[Any]]:
    """Splits first and leaves after them; in the file a child below 0 is leaf ~child."""
    leaves = int(fields["num_leaves"])
    splits = leaves - 1
    if fields.get("is_linear", "0") != "0":
        raise Refused("the trees have linear models in their leaves, which are not supported here; train with linear_tree=false")
    decision = _numbers(fields, "decision_type", splits, np.int64)
    categorical = (decision & CATEGORICAL) > 0
    if categorical.any():
        _check_sets(fields, _numbers(fields, "threshold", splits, np.float64)[categorical])
    value = _numbers(fields, "leaf_value", leaves, np.float64)
    no = np.zeros(leaves, dtype=bool)
    return {
        "feature": np.concatenate([_numbers(fields, "split_feature", splits, np.int64), np.full(leaves, -1)]),
        "threshold": np.concatenate(
            [np.where(categorical, np.nan, _numbers(fields, "threshold", splits, np.float64)), np.full(leaves, np.nan)]
        ),
        "left": _children(fields, "left_child", splits, leaves),
        "right": _children(fields, "right_child", splits, leaves),
        "missing_left": np.concatenate([(decision & MISSING_LEFT) > 0, no]),
        "categorical": np.concatenate([categorical, no]),
        "value": np.concatenate([np.full(splits, np.nan), value])[:, None],
        "count": np.concatenate([_counts(fields, "internal_count", splits), _counts(fields, "leaf_count", leaves)]),
    }


def _numbers(fields: Mapping[str, str], name: str, n: int, kind: type[Any]) -> NDArray[Any]:
    found = np.array(fields.get(name, "").split(), dtype=np.float64).astype(kind) if n else np.zeros(0, kind)
    if len(found) != n:
        raise Refused(f"a tree has {len(found)} numbers as {name} where {n} belong; the file is damaged or crafted")
    return found


def _counts(fields: Mapping[str, str], name: str, n: int) -> NDArray[np.float64]:
    return _numbers(fields, name, n, np.float64) if fields.get(name, "").strip() else np.full(n, np.nan)


def _children(fields: Mapping[str, str], name: str, splits: int, leaves: int) -> NDArray[np.int64]:
    raw = _numbers(fields, name, splits, np.int64)
    if ((raw >= splits) | (raw < -leaves)).any():
        raise Refused("a split leads to a node outside its tree; the file is damaged or crafted")
    return np.concatenate([np.where(raw < 0, splits + ~raw, raw), np.full(leaves, -1)])


def _check_sets(fields: Mapping[str, str], chosen: NDArray[np.float64]) -> None:
    """A categorical split's threshold is the position of a set of categories, kept as words of 32 bits."""
    bounds = np.array(fields["cat_boundaries"].split(), dtype=np.int64)
    words = len(fields["cat_threshold"].split())
    rising = len(bounds) > 1 and bounds[0] == 0 and (np.diff(bounds) >= 0).all() and bounds[-1] == words
    if not rising or (chosen < 0).any() or (chosen >= len(bounds) - 1).any() or int(fields["num_cat"]) != len(bounds) - 1:
        raise Refused("a categorical split names a set of categories that is not in the file; it is damaged or crafted")


def _categories(text: str) -> tuple[tuple[str, ...], ...]:
    line = text.rpartition("\npandas_categorical:")[2].splitlines()
    found = json.loads(line[0]) if line and "\npandas_categorical:" in text else None
    return tuple(tuple(map(str, one)) for one in found or ())
