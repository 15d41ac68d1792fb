"""A support vector classifier that answers probabilities: decision values through a sigmoid fitted on held-out folds.

scikit-learn 1.9 advises this in place of SVC(probability=True), which does the same inside libsvm (Platt 1999).
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from auditor.errors import InvalidInput

FOLDS = 5


class CalibratedSVM:
    """Takes the parameters of scikit-learn's SVC; `fit` raises InvalidInput where a class is too rare to hold a record out."""

    def __init__(self, random_state: int, **params: Any) -> None:
        self.random_state = random_state
        self.params = params
        self._fitted: Any = None

    def fit(self, features: Any, labels: NDArray[np.intp], sample_weight: NDArray[np.float64] | None = None) -> "CalibratedSVM":
        from sklearn.calibration import CalibratedClassifierCV
        from sklearn.model_selection import StratifiedKFold
        from sklearn.svm import SVC

        rarest = int(np.unique(labels, return_counts=True)[1].min())
        if rarest < 2:
            raise InvalidInput(
                "learner.name",
                "svm holds out records of each class, and of one class there is a single record to train on; leave such classes"
                " out of the files, or choose another learner",
            )
        folds = StratifiedKFold(min(FOLDS, rarest), shuffle=True, random_state=self.random_state)
        self._fitted = CalibratedClassifierCV(SVC(**self.params), ensemble=False, cv=folds)
        self._fitted.fit(features, labels, sample_weight=sample_weight)
        return self

    def predict_proba(self, features: Any) -> NDArray[np.float64]:
        return np.asarray(self._fitted.predict_proba(features), dtype=np.float64)
