import importlib

import pytest

from auditor.domain.learner import Learner, Task
from auditor.errors import InvalidInput
from auditor.learners import LEARNERS, USUAL, check
from auditor.learners.closed_list import OPTIONAL, installed
from auditor.learners.estimators import ESTIMATORS
from auditor.learners.parameters import BOUNDS

EVERY = [(task, name) for task in Task for name in installed(task)]


def refusal(name: str, **params: object) -> InvalidInput:
    with pytest.raises(InvalidInput) as caught:
        check(Learner(name, params))
    return caught.value


def test_every_learner_that_may_be_named_can_be_built() -> None:
    assert set(LEARNERS) == {name for task in Task for name in BOUNDS[task]}
    for task in Task:
        assert list(BOUNDS[task]) == list(ESTIMATORS[task])
        assert set(USUAL[task]) <= set(BOUNDS[task])


@pytest.mark.parametrize(("task", "name"), EVERY)
def test_defaults_are_filled_in_and_lie_within_their_own_bounds(task: Task, name: str) -> None:
    checked = check(Learner(name, task=task))
    assert set(checked.params) == set(BOUNDS[task][name])
    assert check(checked) == checked


@pytest.mark.parametrize(("task", "name"), [(task, name) for task, name in EVERY if name not in ("xgboost", "lightgbm", "svm")])
def test_defaults_are_those_of_the_library(task: Task, name: str) -> None:
    library = ESTIMATORS[task][name]
    theirs = getattr(importlib.import_module(library.module), library.name)().get_params()
    ours = dict(check(Learner(name, task=task)).params)
    if ours.get("batch_size", 0) is None:
        ours["batch_size"] = "auto"
    assert ours == {key: theirs[key] for key in ours}


@pytest.mark.parametrize(("task", "name"), [(Task.REGRESSION, "logistic-regression"), (Task.CLASSIFICATION, "linear-regression")])
def test_a_learner_of_the_other_kind_is_refused_with_those_that_fit(task: Task, name: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        check(Learner(name, task=task))
    assert caught.value.field == "learner.name"
    assert caught.value.sentence.startswith(f"{name} learns ")
    assert "choose one of xgboost, random-forest" in caught.value.sentence


def test_written_out_xgboost_defaults_learn_what_no_parameters_learn() -> None:
    import numpy as np
    from xgboost import XGBClassifier

    from auditor.learners.estimators import estimator

    rng = np.random.default_rng(3)
    features = rng.normal(size=(400, 5)).astype(np.float32)
    labels = (features[:, 0] + rng.normal(size=400) > 0).astype(int)
    ours = estimator(check(Learner("xgboost")), 11).fit(features, labels)
    theirs = XGBClassifier(n_jobs=1, random_state=11).fit(features, labels)
    np.testing.assert_array_equal(ours.predict_proba(features), theirs.predict_proba(features))


def test_an_unknown_learner_suggests_the_nearest() -> None:
    error = refusal("xgbost")
    assert error.field == "learner.name"
    assert "'xgboost'" in error.sentence


def test_an_unknown_parameter_suggests_the_nearest_and_names_its_field() -> None:
    error = refusal("random-forest", n_estimator=10)
    assert error.field == "learner.params.n_estimator"
    assert "did you mean 'n_estimators'" in error.sentence


def test_auto_is_not_a_learner() -> None:
    assert "there is no learner 'auto'" in refusal("auto").sentence


@pytest.mark.parametrize(
    ("name", "key", "value"),
    [
        ("xgboost", "n_estimators", 0),
        ("xgboost", "n_estimators", 5001),
        ("xgboost", "n_estimators", True),
        ("xgboost", "n_estimators", "100"),
        ("xgboost", "max_depth", 2.5),
        ("xgboost", "learning_rate", float("nan")),
        ("xgboost", "learning_rate", 0),
        ("xgboost", "subsample", 1.5),
        ("xgboost", "tree_method", "gpu_hist"),
        ("xgboost", "max_depth", None),
        ("random-forest", "max_features", 1.5),
        ("random-forest", "max_features", "auto"),
        ("random-forest", "bootstrap", 1),
        ("random-forest", "bootstrap", "yes"),
        ("logistic-regression", "C", 0.0),
        ("logistic-regression", "C", float("inf")),
        ("mlp", "hidden_layer_sizes", []),
        ("mlp", "hidden_layer_sizes", [10, 0]),
        ("mlp", "hidden_layer_sizes", "64"),
        ("mlp", "hidden_layer_sizes", [5] * 9),
        ("mlp", "batch_size", -1),
    ],
)
def test_a_value_out_of_bounds_is_refused_with_what_is_allowed(name: str, key: str, value: object) -> None:
    error = refusal(name, **{key: value})
    assert error.field == f"learner.params.{key}"
    assert error.sentence.startswith(f"set {key} to ")
    assert repr(value) in error.sentence


@pytest.mark.parametrize(
    ("name", "key", "value", "read"),
    [
        ("xgboost", "max_depth", 3.0, 3),
        ("xgboost", "learning_rate", 1, 1.0),
        ("random-forest", "max_depth", None, None),
        ("random-forest", "max_features", None, None),
        ("random-forest", "max_features", 0.5, 0.5),
        ("random-forest", "class_weight", "balanced", "balanced"),
        ("mlp", "hidden_layer_sizes", [64, 32], (64, 32)),
        ("mlp", "hidden_layer_sizes", 64, (64,)),
        ("mlp", "batch_size", None, None),
    ],
)
def test_a_value_in_bounds_is_read(name: str, key: str, value: object, read: object) -> None:
    checked = check(Learner(name, {key: value})).params[key]
    assert checked == read
    assert type(checked) is type(read)


@pytest.mark.parametrize("name", [name for name in OPTIONAL if name not in installed(Task.CLASSIFICATION)])
def test_a_learner_that_is_not_installed_says_how_to_install_it(name: str) -> None:
    error = refusal(name)
    assert error.field == "learner.name"
    assert f"pip install {OPTIONAL[name]}" in error.sentence


@pytest.mark.parametrize(
    ("name", "key", "value"),
    [
        ("svm", "gamma", 0.0),
        ("svm", "gamma", "auto_deprecated"),
        ("svm", "C", -1),
        ("k-nearest-neighbours", "n_neighbors", 0),
        ("k-nearest-neighbours", "p", 0.5),
        ("hist-gradient-boosting", "max_bins", 256),
        ("hist-gradient-boosting", "early_stopping", 1),
        ("gradient-boosting", "subsample", 0),
        ("decision-tree", "splitter", "worst"),
        ("naive-bayes", "var_smoothing", -1e-9),
        ("extra-trees", "bootstrap", None),
    ],
)
def test_parameters_of_the_other_learners_have_bounds_too(name: str, key: str, value: object) -> None:
    error = refusal(name, **{key: value})
    assert (error.field, repr(value) in error.sentence) == (f"learner.params.{key}", True)


@pytest.mark.parametrize("value", ["scale", "auto", 0.25])
def test_a_width_is_a_name_or_a_number(value: object) -> None:
    assert check(Learner("svm", {"gamma": value})).params["gamma"] == value
