"""A learner of classes with its encoding: what `build` returns."""

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

Weights = NDArray[np.float64] | None


class Model:
    """Unfitted until `fit`; afterwards `classes_` (C_seen,) are the labels it has seen, ascending.

    Rows of one class only give a model that always answers this class. Same rows, same seed: same model.
    """

    classes_: NDArray[np.intp]

    def __init__(self, learner: Learner, columns: Sequence[Column], seed: int) -> None:
        self.learner = check(replace(learner, task=Task.CLASSIFICATION))
        self.columns = tuple(columns)
        self.seed = seed
        self._encoding: Encoding | None = None
        self._estimator: Any = None

    def fit(self, features: pd.DataFrame, labels: NDArray[np.intp], weights: Weights = None) -> "Model":
        """`labels` (n,) are class indices; `weights` (n,) of the rows are optional."""
        with quiet():
            return self.fit_table(prepare(features, self.columns), labels, weights)

    def fit_table(self, table: Table, labels: NDArray[np.intp], weights: Weights = None) -> "Model":
        """Like `fit`, on rows of a frame that was factorised before."""
        self._encoding = Encoding.fit(table, numbers_of(self.learner))
        return self.fit_matrix(self._encoding.apply(table), labels, weights)

    def fit_matrix(self, matrix: Floats, labels: NDArray[np.intp], weights: Weights = None) -> "Model":
        """Like `fit`, on rows that were encoded before."""
        self.classes_, contiguous = np.unique(np.asarray(labels, dtype=np.intp), return_inverse=True)
        self._estimator = None
        if len(self.classes_) > 1:
            more = {} if weights is None else {"sample_weight": weights}
            self._estimator = fitted(self.learner, self.seed, matrix, contiguous, **more)
        return self

    def predict_proba(self, features: pd.DataFrame) -> NDArray[np.float64]:
        """(n, C_seen) in the order of `classes_`."""
        return self.predict_table(prepare(features, self.columns))

    def predict_table(self, table: Table) -> NDArray[np.float64]:
        if self._encoding is None:
            raise RuntimeError("fit the model before it predicts")
        return self.predict_matrix(self._encoding.apply(table))

    def predict_matrix(self, matrix: Floats) -> NDArray[np.float64]:
        """Like `predict_proba`, on rows encoded as those of `fit_matrix` were."""
        if self._estimator is None:
            return np.ones((len(matrix), 1))
        return np.asarray(self._estimator.predict_proba(matrix), dtype=np.float64)

    def predict(self, features: pd.DataFrame) -> NDArray[np.intp]:
        """(n,) the most probable class index; the first of equals."""
        predicted: NDArray[np.intp] = self.classes_[self.predict_proba(features).argmax(axis=1)]
        return predicted

    def over_all(self, probabilities: NDArray[np.float64], classes: int) -> NDArray[np.float64]:
        """(n, C_seen) probabilities spread over all `classes`, 0 for those that were not seen."""
        full = np.zeros((len(probabilities), classes))
        full[:, self.classes_] = probabilities
        return full


def build(learner: Learner, columns: Sequence[Column], seed: int) -> Model:
    """An unfitted model; raises InvalidInput for an unknown learner, one of numbers, or a parameter out of bounds."""
    return Model(learner, columns, seed)
