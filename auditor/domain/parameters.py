"""The parameters of a model whose file was submitted, in a form that no file format shines through."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Counts(StrEnum):
    """What a tree's `count` is: the training records that reached the node, their summed hessian (cover), or not known."""

    RECORDS = "records"
    HESSIAN = "hessian"
    UNKNOWN = "unknown"


@dataclass(frozen=True, eq=False)
class Layers:
    """A linear model (one layer) or a multi-layer perceptron. `weights[i]` (inputs, outputs), `biases[i]` (outputs,); `activation`
    (identity, relu, tanh or logistic) after every layer but the last; `output` (softmax, logistic or identity) after the last."""

    inputs: tuple[str, ...]
    weights: tuple[Floats, ...]
    biases: tuple[Floats, ...]
    activation: str
    output: str


@dataclass(frozen=True, eq=False)
class Tree:
    """A binary tree of m nodes, the root first. `feature` (m,): the input that is compared, -1 in a leaf; a record goes to `left`
    where its value is below `threshold` (at most it, where `or_equal`), else to `right`. `value` (m, C): what the node answers,
    `count` (m,): how much of the training data reached it, NaN where that is not known."""

    feature: NDArray[np.intp]
    threshold: Floats
    left: NDArray[np.intp]
    right: NDArray[np.intp]
    value: Floats
    count: Floats
    or_equal: bool = True


@dataclass(frozen=True, eq=False)
class Trees:
    """A decision tree, a forest or boosted trees. `averaged`: the trees' values are averaged, else added."""

    inputs: tuple[str, ...]
    trees: tuple[Tree, ...]
    counts: Counts = Counts.UNKNOWN
    averaged: bool = True


ModelParameters = Layers | Trees
