"""Boosted trees fitted to answered probabilities by their cross-entropy, or to numbers."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Fit = dict[str, Any]
LEAST = 1e-6

# Answers carry no noise, so hardly anything is gained from regularisation; many small steps over changing columns make a smoother
# copy than the target's own few large ones (docs/attacks/ensemble-thresholds.md has the comparison).
FINE: Fit = {
    "n_estimators": 300,
    "learning_rate": 0.15,
    "max_depth": 8,
    "subsample": 0.6,
    "colsample_bytree": 0.4,
    "min_child_weight": 0.01,
    "reg_lambda": 0.1,
}


def boosted(matrix: NDArray[np.float32], answers: Floats, before: Floats | None, fit: Fit) -> Any:
    """A booster of `matrix` (n, F) with the parameters `fit`, by cross-entropy to the `answers` (n, C), or by the squared error of
    numbers (n, 1). `before`: scores, (n,) or (n, C), that are added to."""
    from xgboost import DMatrix, train

    classes = answers.shape[1]
    parameters = {key: value for key, value in fit.items() if key != "n_estimators"} | {"nthread": 1, "verbosity": 0}
    rounds = fit["n_estimators"]
    if classes == 1:
        middle = float(answers.mean()) if before is None else 0.0
        told = DMatrix(matrix, label=answers[:, 0], base_margin=before)
        return train(parameters | {"objective": "reg:squarederror", "base_score": middle}, told, rounds)
    if classes == 2:
        told = DMatrix(matrix, label=np.clip(answers[:, 1], 0.0, 1.0), base_margin=before)
        return train(parameters | {"objective": "reg:logistic", "base_score": 0.5}, told, rounds)
    rows, labels = np.nonzero(answers > LEAST)
    before = None if before is None else before[rows]
    told = DMatrix(matrix[rows], label=labels, weight=answers[rows, labels], base_margin=before)
    return train(parameters | {"objective": "multi:softprob", "num_class": classes, "base_score": 0.5}, told, rounds)
