"""What a model was fitted to, in a form that does not depend on its file format: layers, or trees.

Attacks that may look inside the model read these; the arrays were checked when the file was read.
"""

from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
Indices = NDArray[np.int64]


class Count(StrEnum):
    """What `Trees.count` adds up: only `records` are numbers of training records."""

    RECORDS = "records"
    WEIGHTS = "record weights"
    HESSIANS = "second derivatives of the loss"  # XGBoost's cover; for squared error it is the number of records
    UNKNOWN = "not in the file"


@dataclass(frozen=True, eq=False)
class Layer:
    """`weight` (outputs, inputs) and `bias` (outputs,): z = weight x + bias."""

    weight: Numbers
    bias: Numbers


@dataclass(frozen=True, eq=False)
class Layers:
    """A linear model is one layer. `activation` stands between layers, `output` after the last: softmax, sigmoid or identity.

    Of a linear model that was fitted by minimising sum of losses + `penalty` / 2 |weight|^2 (squared errors: + `penalty`
    |weight|^2): the penalty, None where the file does not tell or another sum was minimised. `centre`, `spread` (inputs,): it reads
    (x - centre) / spread; None where it reads x, or that is not known.
    """

    layers: tuple[Layer, ...]
    activation: str
    output: str
    features: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    penalty: float | None = None
    centre: Numbers | None = None
    spread: Numbers | None = None


@dataclass(frozen=True, eq=False)
class Trees:
    """T trees over N nodes, one after the other; the nodes of tree t are `starts[t]` to `starts[t + 1] - 1`.

    `feature` (N,) is -1 at a leaf. `left`, `right` (N,) count within the whole, -1 at a leaf. A record goes left where
    x < `threshold`, or x <= `threshold` where `closed`; a missing value goes left where `missing_left`. In nodes that are
    `categorical` the threshold is NaN. `value` (N, K): what a leaf adds to each output (NaN inside where the file has none).
    `count` (N,): see `counted`; NaN where the file has none. `output_of` (T,): the output that a tree adds to, -1 all of them.
    `draw_seeds` (T,): the seed from which each tree drew its training records with replacement, as many as there are
    (scikit-learn's bootstrap); empty where nothing was drawn or the file does not tell.
    """

    starts: Indices
    feature: Indices
    threshold: Numbers
    left: Indices
    right: Indices
    missing_left: NDArray[np.bool_]
    categorical: NDArray[np.bool_]
    value: Numbers
    count: Numbers
    output_of: Indices
    counted: Count = Count.UNKNOWN
    closed: bool = False
    features: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    draw_seeds: Indices = field(default_factory=lambda: np.empty(0, dtype=np.int64))

    @property
    def is_leaf(self) -> NDArray[np.bool_]:
        return self.feature < 0


ModelParameters = Layers | Trees
