"""What a model in its process gives for records, and what every format must offer."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from auditor.domain.parameters import ModelParameters
from auditor.serving.cells import Cells


@dataclass(frozen=True, eq=False)
class Answered:
    """`numbers` (n, k), or one label a record; `names` (k,): the classes of the columns where the file says them."""

    numbers: NDArray[np.float64] | None = None
    labels: tuple[str, ...] | None = None
    names: tuple[str, ...] | None = None


class Model(Protocol):
    def answer(self, cells: Cells) -> Answered:
        """Raises Refused."""

    def parameters(self) -> ModelParameters | None:
        """None where this kind of model has no neutral form here."""


def of_scores(scores: NDArray[np.floating], *, binary: bool) -> Answered:
    """P(class 1) of two classes as two columns, in the precision of the library, as its own predict_proba gives them."""
    if binary and scores.ndim == 1:
        scores = np.column_stack([1 - scores, scores])
    return Answered(scores.reshape(len(scores), -1).astype(np.float64))
