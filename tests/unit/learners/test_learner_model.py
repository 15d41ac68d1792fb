import warnings

import numpy as np
import pandas as pd
import pytest

from auditor.domain.data import Column, ColumnType
from auditor.domain.learner import Learner, Task
from auditor.errors import InvalidInput
from auditor.learners import build
from auditor.learners.closed_list import installed
from auditor.learners.estimators import quiet, versions

COLUMNS = (Column("x", ColumnType.NUMBER), Column("group", ColumnType.CATEGORY), Column("flag", ColumnType.BOOLEAN))
SMALL = {
    "xgboost": {"n_estimators": 10},
    "random-forest": {"n_estimators": 10},
    "logistic-regression": {},
    "mlp": {"hidden_layer_sizes": [8], "max_iter": 40, "learning_rate_init": 0.02},
}


def mixed(n: int = 120, seed: int = 0) -> tuple[pd.DataFrame, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    group = rng.choice(["a", "b", "c"], n).astype(object)
    labels = (x + (group == "a") + 0.3 * rng.normal(size=n) > 0.4).astype(np.intp)
    x[::10] = np.nan
    group[::15] = None
    flag = rng.choice([True, False], n).astype(object)
    flag[::20] = None
    return pd.DataFrame({"x": x, "group": pd.Series(group, dtype=object), "flag": pd.Series(flag, dtype=object)}), labels


@pytest.fixture(params=installed(Task.CLASSIFICATION))
def learner(request: pytest.FixtureRequest) -> Learner:
    return Learner(request.param, SMALL.get(request.param, {}))


def test_mixed_columns_with_missing_cells_are_learned(learner: Learner) -> None:
    features, labels = mixed(400)
    model = build(learner, COLUMNS, 1).fit(features, labels)
    fresh, truth = mixed(400, seed=1)
    assert (model.predict(fresh) == truth).mean() > 0.75


def test_probabilities_have_a_column_per_class_and_sum_to_one(learner: Learner) -> None:
    features, labels = mixed()
    probabilities = build(learner, COLUMNS, 1).fit(features, labels + (features["group"] == "c").to_numpy()).predict_proba(features)
    assert probabilities.shape == (120, 3)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)


def test_unseen_categories_and_missing_cells_never_fail(learner: Learner) -> None:
    features, labels = mixed()
    strange = pd.DataFrame({"x": [np.nan, 1e30], "group": ["never seen", None], "flag": pd.Series([None, True], dtype=object)})
    assert np.isfinite(build(learner, COLUMNS, 1).fit(features, labels).predict_proba(strange)).all()


def test_the_same_seed_gives_the_same_model(learner: Learner) -> None:
    features, labels = mixed()
    first, second = (build(learner, COLUMNS, 5).fit(features, labels).predict_proba(features) for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_an_absent_class_is_left_out_and_mapped_back(learner: Learner) -> None:
    features, labels = mixed()
    model = build(learner, COLUMNS, 1).fit(features, np.where(labels == 1, 3, 1))
    np.testing.assert_array_equal(model.classes_, [1, 3])
    full = model.over_all(model.predict_proba(features), 5)
    assert full.shape == (120, 5)
    assert (full[:, [0, 2, 4]] == 0).all()
    assert set(model.predict(features)) <= {1, 3}


def test_a_single_class_gives_a_model_that_always_answers_it(learner: Learner) -> None:
    features, _ = mixed()
    model = build(learner, COLUMNS, 1).fit(features, np.full(120, 2))
    np.testing.assert_array_equal(model.over_all(model.predict_proba(features), 4)[0], [0, 0, 1, 0])
    np.testing.assert_array_equal(model.predict(features), np.full(120, 2))


def test_weights_of_zero_make_rows_harmless() -> None:
    features, labels = mixed(200)
    weights = np.ones(200)
    weights[100:] = 0
    wrong = np.where(np.arange(200) < 100, labels, 1 - labels)
    model = build(Learner("logistic-regression"), COLUMNS, 1).fit(features, wrong, weights)
    assert (model.predict(features)[:100] == labels[:100]).mean() > 0.7


def test_reaching_the_iteration_limit_is_no_warning() -> None:
    features, labels = mixed()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        build(Learner("logistic-regression", {"max_iter": 1}), COLUMNS, 1).fit(features, labels)


def test_quiet_leaves_other_warnings_alone() -> None:
    with quiet(), pytest.raises(UserWarning):
        warnings.warn("something else", UserWarning, stacklevel=1)


def test_global_randomness_is_left_alone(learner: Learner) -> None:
    before = np.random.get_state()[1].copy()
    features, labels = mixed()
    build(learner, COLUMNS, 1).fit(features, labels).predict_proba(features)
    np.testing.assert_array_equal(before, np.random.get_state()[1])


def test_a_bad_learner_is_refused_before_any_fit() -> None:
    with pytest.raises(InvalidInput):
        build(Learner("svm-light"), COLUMNS, 1)


def test_predicting_before_fitting_says_so() -> None:
    with pytest.raises(RuntimeError, match="fit the model"):
        build(Learner("xgboost"), COLUMNS, 1).predict_proba(mixed()[0])


def test_versions_name_the_library_that_learns() -> None:
    assert set(versions(Learner("xgboost"))) == {"numpy", "xgboost"}
    for name in ("mlp", "svm", "naive-bayes"):
        assert set(versions(Learner(name))) == {"numpy", "scikit-learn"}


def test_what_a_library_cannot_learn_is_one_sentence() -> None:
    features, labels = mixed()
    alone = np.where(np.arange(120) == 5, 1, 0)
    for learner, truth, field in (
        (Learner("svm"), alone, "learner.name"),
        (Learner("k-nearest-neighbours", {"n_neighbors": 121}), labels, "learner.params.n_neighbors"),
    ):
        with pytest.raises(InvalidInput) as caught:
            build(learner, COLUMNS, 1).fit(features, truth)
        assert caught.value.field == field
        assert "\n" not in caught.value.sentence


def test_a_support_vector_machine_with_rare_classes_holds_fewer_folds_out() -> None:
    features, labels = mixed()
    rare = np.where(np.arange(120) % 60 == 5, 2, labels)
    probabilities = build(Learner("svm"), COLUMNS, 1).fit(features, rare).predict_proba(features)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
