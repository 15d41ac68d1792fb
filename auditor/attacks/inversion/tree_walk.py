"""Records down trees whose features are columns, by the names that model files give them."""

import re
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from auditor.domain.data import Column
from auditor.domain.parameters import Count, Trees

INVENTED = re.compile(r"(?:Column_|f|x)?\d+")
NOWHERE = -1


def matrix_of(features: pd.DataFrame, columns: tuple[Column, ...], trees: Trees) -> NDArray[np.float64] | None:
    """(n, F) what reaches the trees, or None where their features are no columns (an encoder stands before them, say).

    A named feature is a column of numbers or booleans, or `column_value` / `column=value` of another. Without names every column
    has to be a number and stands at its position.
    """
    plain = {c.name for c in columns if pd.api.types.is_numeric_dtype(features[c.name]) or _is_boolean(features[c.name])}
    names = trees.features if not all(INVENTED.fullmatch(name) for name in trees.features) else tuple(c.name for c in columns)
    wanted = int(trees.feature.max(initial=-1)) + 1
    found = [_feature(features, name, plain) for name in names]
    if any(column is None for column in found) or len(found) < wanted or not found:
        return None
    return np.column_stack([column for column in found if column is not None])


def _is_boolean(column: pd.Series) -> bool:
    return bool(column.dropna().map(lambda cell: isinstance(cell, bool)).all())


def _feature(features: pd.DataFrame, name: str, plain: set[str]) -> NDArray[np.float64] | None:
    if name in plain:
        return np.asarray(pd.to_numeric(features[name].astype(object).map(_number), errors="coerce"), dtype=np.float64)
    for column in sorted(set(map(str, features.columns)) - plain, key=len, reverse=True):
        rest = name.removeprefix(column)
        if rest != name and rest[:1] in ("_", "=") and len(rest) > 1:
            return np.asarray(features[column].astype(object).map(str) == rest[1:], dtype=np.float64)
    return None


def _number(cell: object) -> object:
    return float(cell) if isinstance(cell, bool) else cell


def leaves_of(trees: Trees, matrix: NDArray[np.float64], tree: int) -> NDArray[np.int64]:
    """(n,) the leaf of each record in one tree, NOWHERE behind a split on categories, whose sets are not known here."""
    cells = matrix if trees.counted is Count.RECORDS else matrix.astype(np.float32)  # LightGBM alone compares in double precision
    node = np.full(len(matrix), trees.starts[tree], dtype=np.int64)
    walking = np.flatnonzero(~trees.is_leaf[node])
    while len(walking):
        at = node[walking]
        left = _goes_left(trees, at, cells[walking, trees.feature[at]])
        node[walking] = np.where(trees.categorical[at], NOWHERE, np.where(left, trees.left[at], trees.right[at]))
        walking = walking[(node[walking] >= 0)]
        walking = walking[~trees.is_leaf[node[walking]]]
    return node


def _goes_left(trees: Trees, nodes: NDArray[np.int64], value: NDArray[np.floating[Any]]) -> NDArray[np.bool_]:
    threshold = trees.threshold[nodes]
    return np.where(np.isnan(value), trees.missing_left[nodes], value <= threshold if trees.closed else value < threshold)


def reached(trees: Trees, cells: NDArray[np.float64], known: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """(N,) the nodes that a record can come to of which the `known` (F,) features alone are as in `cells` (F,); a split on any
    other, or on categories, is open on both sides."""
    found = np.zeros(len(trees.feature), dtype=bool)
    value = cells if trees.counted is Count.RECORDS else cells.astype(np.float32)
    node = trees.starts[:-1].astype(np.int64)
    while len(node):
        found[node] = True
        node = node[~trees.is_leaf[node]]
        left = _goes_left(trees, node, value[trees.feature[node]])
        free = ~known[trees.feature[node]] | trees.categorical[node]
        node = np.concatenate([trees.left[node[left | free]], trees.right[node[~left | free]]])
    return found
