"""Learners of numbers."""

import numpy as np
import pandas as pd
import pytest

from auditor.domain.data import Column, ColumnType
from auditor.domain.learner import Learner, Task
from auditor.errors import InvalidInput
from auditor.learners import build, build_for_values
from auditor.learners.closed_list import installed
from auditor.learners.estimators import versions

COLUMNS = (Column("x", ColumnType.NUMBER), Column("group", ColumnType.CATEGORY))
SMALL = {
    "xgboost": {"n_estimators": 20},
    "random-forest": {"n_estimators": 20},
    "mlp": {"hidden_layer_sizes": [16], "max_iter": 300, "learning_rate_init": 0.02},
}


def mixed(n: int = 300, seed: int = 0) -> tuple[pd.DataFrame, np.ndarray]:
    rng = np.random.default_rng(seed)
    x, group = rng.normal(size=n), rng.choice(["a", "b", "c"], n).astype(object)
    values = 3 * x + 2.0 * (group == "a") + 0.3 * rng.normal(size=n) + 1
    x[::10] = np.nan
    group[::15] = None
    return pd.DataFrame({"x": x, "group": pd.Series(group, dtype=object)}), values


@pytest.fixture(params=installed(Task.REGRESSION))
def learner(request: pytest.FixtureRequest) -> Learner:
    return Learner(request.param, SMALL.get(request.param, {}), Task.REGRESSION)


def test_numbers_are_learned_from_mixed_columns_with_missing_cells(learner: Learner) -> None:
    model = build_for_values(learner, COLUMNS, 1).fit(*mixed())
    fresh, truth = mixed(seed=1)
    answers = model.predict(fresh)
    assert answers.shape == (300,)
    assert np.mean((answers - truth) ** 2) < 0.45 * truth.var()


def test_unseen_categories_and_missing_cells_never_fail(learner: Learner) -> None:
    strange = pd.DataFrame({"x": [np.nan, 1e30], "group": ["never seen", None]})
    assert np.isfinite(build_for_values(learner, COLUMNS, 1).fit(*mixed()).predict(strange)).all()


def test_the_same_seed_gives_the_same_model(learner: Learner) -> None:
    features, values = mixed()
    first, second = (build_for_values(learner, COLUMNS, 5).fit(features, values).predict(features) for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_a_constant_is_learned(learner: Learner) -> None:
    features, values = mixed()
    answers = build_for_values(learner, COLUMNS, 1).fit(features, np.full(len(values), 7.0)).predict(features)
    np.testing.assert_allclose(answers, 7.0, atol=1.0 if learner.name == "mlp" else 1e-4)


def test_linear_regression_is_ridge_in_closed_form() -> None:
    features, values = mixed()
    only_x = features[["x"]].fillna(0.0)
    model = build_for_values(Learner("linear-regression", {"alpha": 10.0}), COLUMNS[:1], 0).fit(only_x, values)
    z = ((only_x["x"] - only_x["x"].mean()) / only_x["x"].std(ddof=0)).to_numpy()
    slope = (z @ (values - values.mean())) / (z @ z + 10.0)
    np.testing.assert_allclose(model.predict(only_x), values.mean() + slope * z)


def test_a_learner_of_classes_is_refused() -> None:
    with pytest.raises(InvalidInput, match="learns classes"):
        build_for_values(Learner("logistic-regression"), COLUMNS, 1)
    with pytest.raises(InvalidInput, match="learns numbers"):
        build(Learner("linear-regression"), COLUMNS, 1)


def test_predicting_before_fitting_says_so() -> None:
    with pytest.raises(RuntimeError, match="fit the model"):
        build_for_values(Learner("xgboost"), COLUMNS, 1).predict(mixed()[0])


def test_versions_name_the_library_that_learns(learner: Learner) -> None:
    library = learner.name if learner.name in ("xgboost", "lightgbm") else "scikit-learn"
    assert set(versions(learner)) == {"numpy", library}


def test_numbers_that_a_loss_cannot_take_are_one_sentence() -> None:
    features, values = mixed()
    with pytest.raises(InvalidInput) as caught:
        build_for_values(Learner("hist-gradient-boosting", {"loss": "poisson"}), COLUMNS, 1).fit(features, values - 100)
    assert caught.value.field == "learner"
    assert "cannot be trained on these records" in caught.value.sentence
