import pytest

from auditor.domain.learner import Learner
from auditor.errors import InvalidInput
from auditor.learners import LEARNERS, check
from auditor.learners.bounds import BOUNDS


def refusal(name: str, **params: object) -> InvalidInput:
    with pytest.raises(InvalidInput) as caught:
        check(Learner(name, params))
    return caught.value


def test_the_list_is_closed() -> None:
    assert LEARNERS == ("xgboost", "random-forest", "logistic-regression", "mlp")


@pytest.mark.parametrize("name", LEARNERS)
def test_defaults_are_filled_in_and_lie_within_their_own_bounds(name: str) -> None:
    checked = check(Learner(name))
    assert set(checked.params) == set(BOUNDS[name])
    assert check(checked) == checked


def test_defaults_are_those_of_the_libraries() -> None:
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.neural_network import MLPClassifier

    for name, library in (
        ("random-forest", RandomForestClassifier()),
        ("logistic-regression", LogisticRegression()),
        ("mlp", MLPClassifier()),
    ):
        theirs = library.get_params()
        ours = dict(check(Learner(name)).params)
        if ours.get("batch_size", 0) is None:
            ours["batch_size"] = "auto"
        assert ours == {key: theirs[key] for key in ours}


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
