"""Logistic regression (objective perturbation) and naive Bayes (noisy moments) by diffprivlib; epsilon None is no privacy."""

import warnings
from collections.abc import Callable

import numpy as np
from diffprivlib.models import GaussianNB, LogisticRegression

PUBLIC_NORM = np.sqrt(13)  # 13 attributes, one bit each


def train(
    kind: str, epsilon: float | None, seed: int, features: np.ndarray, labels: np.ndarray
) -> Callable[[np.ndarray], np.ndarray]:
    limit = float("inf") if epsilon is None else epsilon
    if kind == "logistic":
        model = LogisticRegression(epsilon=limit, data_norm=PUBLIC_NORM, C=100.0, max_iter=1_000, random_state=seed)
    else:
        model = GaussianNB(epsilon=limit, bounds=(0, 1), var_smoothing=1e-2, random_state=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns that an infinite epsilon is no privacy
        return model.fit(features, labels).predict_proba
