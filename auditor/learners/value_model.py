"""A learner of numbers with its encoding: what `build_for_values` returns."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from auditor.domain.data import Column
from auditor.domain.learner import Learner, Task
from auditor.learners.closed_list import check
from auditor.learners.encode import Encoding, Floats, Table, prepare
from auditor.learners.estimators import fitted, numbers_of, quiet

Values = NDArray[np.float64]


class ValueModel:
    """Unfitted until `fit`. Same rows, same seed: same model. Values are learned as they are, neither scaled nor transformed."""

    def __init__(self, learner: Learner, columns: Sequence[Column], seed: int) -> None:
        self.learner = check(replace(learner, task=Task.REGRESSION))
        self.columns = tuple(columns)
        self.seed = seed
        self._encoding: Encoding | None = None
        self._estimator: Any = None

    def fit(self, features: pd.DataFrame, values: Values) -> "ValueModel":
        """`values` (n,) are the true numbers."""
        with quiet():
            return self.fit_table(prepare(features, self.columns), values)

    def fit_table(self, table: Table, values: Values) -> "ValueModel":
        """Like `fit`, on rows of a frame that was factorised before."""
        self._encoding = Encoding.fit(table, numbers_of(self.learner))
        return self.fit_matrix(self._encoding.apply(table), values)

    def fit_matrix(self, matrix: Floats, values: Values) -> "ValueModel":
        """Like `fit`, on rows that were encoded before."""
        self._estimator = fitted(self.learner, self.seed, matrix, values)
        return self

    def predict(self, features: pd.DataFrame) -> Values:
        """(n,) predicted numbers."""
        return self.predict_table(prepare(features, self.columns))

    def predict_table(self, table: Table) -> Values:
        if self._encoding is None:
            raise RuntimeError("fit the model before it predicts")
        return self.predict_matrix(self._encoding.apply(table))

    def predict_matrix(self, matrix: Floats) -> Values:
        """Like `predict`, on rows encoded as those of `fit_matrix` were."""
        return np.asarray(self._estimator.predict(matrix), dtype=np.float64).reshape(len(matrix))


def build_for_values(learner: Learner, columns: Sequence[Column], seed: int) -> ValueModel:
    """An unfitted model of numbers; raises InvalidInput for an unknown learner, one of classes, or a parameter out of bounds."""
    return ValueModel(learner, columns, seed)
