"""Parameters of models whose inside is known, for attacks that look inside: one that leaks and one that cannot, by attack."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from auditor.attacks.inversion import class_inversion_known, linear_record_known
from auditor.attacks.inversion.completion import completions, value_indices
from auditor.domain.data import AuditData, Records
from auditor.domain.parameters import Count, Layer, Layers, ModelParameters, Trees

WHOLE = ("age", "owner", "job_clerk", "job_farmer")  # features of columns without missing cells
Make = Callable[[AuditData], ModelParameters]


@dataclass(frozen=True)
class Insides:
    """What the leaky target and the null target of a world were fitted to."""

    leaky: Make
    null: Make


def inside_of(name: str, data: AuditData, is_leaky: bool) -> ModelParameters | None:
    """The parameters that an attack of this name is tried on; None for one that nobody made any for."""
    known = INSIDES.get(name)
    if known is None:
        return None
    return known.leaky(data) if is_leaky else known.null(data)


def full_tree(data: AuditData) -> Trees:
    """A tree that splits the members until every leaf is alone."""
    return trees_of(_numbers(data), min_samples_leaf=1)


def stump(data: AuditData) -> Trees:
    """One split, and hundreds of members on either side of it."""
    return trees_of(_numbers(data), max_depth=1, min_samples_leaf=50)


def looked_up(data: AuditData) -> Trees:
    """A tree that gives a member's label for its own value of the sensitive attribute, and another label for every other."""
    members = data.candidates.take(data.is_member)
    sensitive = data.sensitive[0]
    own = value_indices(members.features, sensitive)
    frames, labels = [], []
    for v, frame in enumerate(completions(members.features, sensitive, data.auxiliary.features)):
        frames.append(_coded(frame, data))
        labels.append(np.where(own == v, members.labels, (members.labels + 1) % len(data.classes)))
    return trees_of(Records(pd.concat(frames, ignore_index=True), np.concatenate(labels)))


def _coded(features: pd.DataFrame, data: AuditData) -> pd.DataFrame:
    """Columns of numbers, missing cells far below, and a column for each value of the sensitive attribute."""
    numbers = features[[c.name for c in data.columns if c.type.is_numeric]].fillna(-1.0)
    name = data.sensitive[0].columns[0]
    codes = {f"{name}_{value}": (features[name] == value).astype(float) for (value,) in data.sensitive[0].values}
    return numbers.assign(**codes)


def _numbers(data: AuditData) -> Records:
    """The members with their columns of numbers, missing cells as the middle of the rest."""
    members = data.candidates.take(data.is_member)
    names = [c.name for c in data.columns if c.type.is_numeric]
    features = members.features[names]
    return Records(features.fillna(features.median()), members.labels)


def trees_of(records: Records, **settings: Any) -> Trees:
    """A decision tree on columns of numbers, as a file of scikit-learn tells of it but with numbers of records."""
    from sklearn.tree import DecisionTreeClassifier

    fitted = DecisionTreeClassifier(random_state=0, **settings).fit(records.features.to_numpy(), records.labels)
    return from_fitted([fitted.tree_], tuple(map(str, records.features.columns)))


def from_fitted(fitted: list[Any], features: tuple[str, ...], counted: Count = Count.RECORDS) -> Trees:
    """Fitted trees of scikit-learn one after the other, in the neutral form."""
    starts = np.concatenate([[0], np.cumsum([tree.node_count for tree in fitted])]).astype(np.int64)
    offset = np.repeat(starts[:-1], np.diff(starts))
    names = ("children_left", "children_right", "feature", "threshold", "weighted_n_node_samples")
    left, right, feature, threshold, count = (np.concatenate([getattr(tree, name) for tree in fitted]) for name in names)
    leaf = left == -1
    return Trees(
        starts,
        np.where(leaf, -1, feature).astype(np.int64),
        np.where(leaf, np.nan, threshold),
        np.where(leaf, -1, left + offset),
        np.where(leaf, -1, right + offset),
        np.zeros(len(leaf), dtype=bool),
        np.zeros(len(leaf), dtype=bool),
        np.concatenate([tree.value[:, 0, :] for tree in fitted]),
        count.astype(np.float64),
        np.full(len(fitted), -1, dtype=np.int64),
        counted,
        True,
        features,
    )


def towards_prototypes(data: AuditData) -> Layers:
    """A network of columns of numbers whose logit of a class falls with the distance d (L1) from the class's prototype: steeply up
    to half of the way to another one, hardly from there on, so that the margin is largest at the prototype."""
    wanted = class_inversion_known.prototypes(data.auxiliary, data.columns, len(data.classes), 0).records
    names = [c.name for c in data.columns if c.type.is_numeric]
    spread = data.auxiliary.features[names].std().to_numpy(dtype=np.float64)
    goals = wanted[names].to_numpy(dtype=np.float64) / spread
    apart = np.abs(goals[:, None] - goals).sum(axis=2)
    half = float(apart[apart > 0].min()) / 2
    sides = [sign * np.diag(1.0 / spread) for _ in goals for sign in (1.0, -1.0)]
    ends = [-sign * goal for goal in goals for sign in (1.0, -1.0)]
    distances = np.asarray(np.kron(np.eye(len(goals)), np.ones((2, 2 * len(names)))), dtype=np.float64)
    layers = (
        Layer(np.concatenate(sides), np.concatenate(ends)),
        Layer(distances, np.tile([0.0, -half], len(goals))),
        Layer(np.asarray(np.kron(np.eye(len(goals)), [[-10.0, 9.0]]), dtype=np.float64), np.zeros(len(goals))),
    )
    return Layers(layers, "relu", "softmax", tuple(names))


def indifferent(data: AuditData) -> Layers:
    """A linear model that answers the same whatever it is asked."""
    names = tuple(c.name for c in data.columns if c.type.is_numeric)
    return Layers((Layer(np.zeros((len(data.classes), len(names))), np.zeros(len(data.classes))),), "identity", "softmax", names)


def fitted_to_members(data: AuditData) -> Layers:
    """Logistic regression on columns without missing cells."""
    return linear_record_known.fitted(data.candidates.take(data.is_member), data.columns, WHOLE, 1.0)


def fitted_to_others(data: AuditData) -> Layers:
    return linear_record_known.fitted(data.auxiliary, data.columns, WHOLE, 1.0)


INSIDES: Mapping[str, Insides] = {
    "tree-counts": Insides(full_tree, stump),
    "fredrikson-counts": Insides(looked_up, stump),
    "mi-face": Insides(towards_prototypes, indifferent),
    "linear-record": Insides(fitted_to_members, fitted_to_others),
}
