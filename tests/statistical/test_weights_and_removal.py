"""Is a model with weights of 0 and 1 the model without the rows of weight 0? A matrix of the installed libraries: versions differ.

Shadow models are trained on a half of the pool. Where the answer is no, weights would make shadows that are surer or less sure
of their rows than any target, and thresholds calibrated on them would be wrong. So rows are removed everywhere, and the one
short cut that is taken (boosted trees on shared cuts) rests on a row that says equal.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest

Matrix = np.ndarray
ROWS = 600


@cache
def world() -> tuple[Matrix, Matrix, Matrix]:
    """Features, labels with noise to learn by heart, and who is kept."""
    rng = np.random.default_rng(0)
    features = np.round(rng.normal(size=(ROWS, 6)), 4)
    labels = (features[:, 0] + features[:, 1] * features[:, 2] + rng.normal(size=ROWS) > 0).astype(int)
    return features, labels, rng.permutation(ROWS) < ROWS // 2


def tree(**params: Any) -> Any:
    from sklearn.tree import DecisionTreeClassifier

    return DecisionTreeClassifier(random_state=0, **params)


def forest(**params: Any) -> Any:
    from sklearn.ensemble import RandomForestClassifier

    return RandomForestClassifier(40, random_state=0, **params)


def histogram_boosting(**params: Any) -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier

    return HistGradientBoostingClassifier(max_iter=20, early_stopping=False, random_state=0, **params)


def logistic(**params: Any) -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(tol=1e-10, max_iter=1_000, **params)


def naive_bayes() -> Any:
    from sklearn.naive_bayes import GaussianNB

    return GaussianNB()


def xgboost(**params: Any) -> Any:
    from xgboost import XGBClassifier

    return XGBClassifier(n_estimators=20, n_jobs=1, random_state=0, **params)


def scaled_logistic() -> Any:
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(StandardScaler(), logistic())


def apart(made: Callable[[], Any], weight: str = "sample_weight") -> float:
    """The mean difference between the answers of the two models, over everybody."""
    features, labels, kept = world()
    removed = made().fit(features[kept], labels[kept]).predict_proba(features)[:, 1]
    weighted = made().fit(features, labels, **{weight: kept.astype(float)}).predict_proba(features)[:, 1]
    return float(np.abs(removed - weighted).mean())


EQUAL: dict[str, Callable[[], Any]] = {
    "tree": tree,
    "tree, leaves of 5": lambda: tree(min_samples_leaf=5),
    "forest without bootstrap": lambda: forest(bootstrap=False),
    "logistic regression": logistic,
    "naive Bayes": naive_bayes,
    "histogram boosting, leaves of 1": lambda: histogram_boosting(min_samples_leaf=1),
}
DIFFERENT: dict[str, Callable[[], Any]] = {
    "tree, leaves of a share of the rows": lambda: tree(min_samples_leaf=0.02),
    "tree, splits of a share of the rows": lambda: tree(min_samples_split=0.1),
    "forest": forest,
    "histogram boosting, leaves of 20": histogram_boosting,
    "xgboost, exact cuts": lambda: xgboost(tree_method="exact"),
}


@pytest.mark.parametrize("name", EQUAL)
def test_weights_are_removal(name: str) -> None:
    assert apart(EQUAL[name]) < 1e-6


@pytest.mark.parametrize("name", DIFFERENT)
def test_weights_are_not_removal(name: str) -> None:
    assert apart(DIFFERENT[name]) > 0.005


def test_a_scaler_in_front_sees_the_rows_of_weight_0() -> None:
    assert apart(scaled_logistic, "logisticregression__sample_weight") > 1e-5 > apart(logistic)


def test_a_forest_told_how_many_rows_to_draw_is_as_sure_as_one_with_rows_removed() -> None:
    """It draws as many rows as there are, so each kept one comes twice as often, unless it is told better."""
    features, labels, kept = world()

    def sure(model: Any) -> float:
        return float(model.predict_proba(features[kept])[np.arange(kept.sum()), labels[kept]].mean())

    weights = kept.astype(float)
    removed = sure(forest().fit(features[kept], labels[kept]))
    assert sure(forest().fit(features, labels, sample_weight=weights)) > removed + 0.05
    assert sure(forest(max_samples=int(kept.sum())).fit(features, labels, sample_weight=weights)) == pytest.approx(
        removed, abs=0.02
    )
