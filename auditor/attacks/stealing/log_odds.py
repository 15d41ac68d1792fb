"""Answers as numbers to regress on: the log-odds of each class against the first."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

from auditor.domain.learner import Learner, Task

Floats = NDArray[np.float64]

LEAST = 1e-2
"""Probabilities below this count as this: forests answer 0, and boosting would spend its trees on what lies beyond."""
ON_LOG_ODDS = Learner(
    "xgboost", {"n_estimators": 1000, "learning_rate": 0.1, "subsample": 0.7, "colsample_bytree": 0.4}, Task.REGRESSION
)
FEWEST_TREES = 100
RECORDS_A_TREE = 4
"""Fewer answers than this a tree, and further trees add nothing that is measured: small copies are made of fewer."""
SMALL = 250


def log_odds(probabilities: Floats) -> Floats:
    """(n, C) -> (n, C - 1)"""
    logs = np.log(np.maximum(probabilities, LEAST))
    return np.asarray(logs[:, 1:] - logs[:, :1])


def shares(odds: Floats) -> Floats:
    """(n, C - 1) -> (n, C), what `log_odds` undoes."""
    return np.asarray(softmax(np.column_stack([np.zeros(len(odds)), odds]), axis=1))


def trees_for(learner: Learner, records: int, outputs: int = 1) -> Learner:
    """Of `learner`'s trees what so many records can use; with many classes each has its own trees, so each gets fewer of them."""
    wanted = learner.params.get("n_estimators")
    if not isinstance(wanted, int):
        return learner
    useful = min(wanted, max(SMALL, records // RECORDS_A_TREE))
    return replace(learner, params={**learner.params, "n_estimators": max(FEWEST_TREES, useful // outputs)})
