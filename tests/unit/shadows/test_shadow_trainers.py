import threading

import numpy as np
import pandas as pd
import pytest

from auditor.domain.data import Column, ColumnType, Records
from auditor.domain.learner import Learner, Task
from auditor.errors import Cancelled, InvalidInput
from auditor.learners import build, build_for_values, check
from auditor.learners.closed_list import installed
from auditor.learners.encode import prepare
from auditor.shadows import design, pool
from auditor.shadows.trainers import SMALLEST, log_odds, loop, shadow_seed, train
from auditor.shadows.trainers.job import Job

COLUMNS = (Column("x", ColumnType.NUMBER), Column("group", ColumnType.CATEGORY))
SMALL = {
    "xgboost": {"n_estimators": 8, "subsample": 0.8, "colsample_bytree": 0.8},
    "random-forest": {"n_estimators": 8},
    "logistic-regression": {},
    "mlp": {"hidden_layer_sizes": [6], "max_iter": 5},
}


def records(n: int = 80, classes: int = 2, seed: int = 0) -> Records:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    labels = np.digitize(x + rng.normal(size=n) * 0.5, np.linspace(-0.7, 0.7, classes + 1)[1:-1])
    x[::9] = np.nan
    group = rng.choice([f"g{i}" for i in range(max(30, n // 3))], n).astype(
        object
    )  # so rare that halves differ in their categories
    return Records(pd.DataFrame({"x": x, "group": pd.Series(group, dtype=object)}), labels.astype(np.intp))


def free(fraction: float) -> None:
    pass


@pytest.mark.parametrize("name", installed(Task.CLASSIFICATION))
def test_a_shadow_is_the_model_that_build_gives_for_its_rows_and_seed(name: str) -> None:
    learner, data = Learner(name, SMALL.get(name, {})), records(classes=3)
    shadow = loop.train(Job(check(learner), COLUMNS, data, 3, (4, 5), 7, free), prepare(data.features, COLUMNS))[1]
    half = data.take(design.halves(data, [5], 7)[0])
    model = build(learner, COLUMNS, shadow_seed(7, 5)).fit(half.features, half.labels)
    direct = model.over_all(model.predict_proba(data.features), 3)
    np.testing.assert_array_equal(shadow, log_odds(direct))


@pytest.mark.parametrize(
    "params", [{}, {"subsample": 0.7}, {"tree_method": "exact"}, {"max_bin": 4}, {"grow_policy": "lossguide"}], ids=str
)
def test_a_category_that_a_half_lacks_changes_no_bit_of_boosted_trees(params: dict[str, object]) -> None:
    """The pool is shared as it is, with a column for every category of it."""
    learner, data = check(Learner("xgboost", {"n_estimators": 20, **params})), records(300)
    indices = tuple(range(4))
    shadows = loop.train(Job(learner, COLUMNS, data, 2, indices, 7, free), prepare(data.features, COLUMNS))
    for index, mask in zip(indices, design.halves(data, indices, 7), strict=True):
        half = data.take(mask)
        assert index > 1 or set(half.features["group"]) != set(data.features["group"])
        model = build(learner, COLUMNS, shadow_seed(7, index)).fit(half.features, half.labels)
        np.testing.assert_array_equal(shadows[index], log_odds(model.over_all(model.predict_proba(data.features), 2)))


def with_values(data: Records) -> Records:
    """The same records with a number to predict, around 1,000."""
    x = np.nan_to_num(data.features["x"].to_numpy())
    values = 1_000 + 50 * x + np.random.default_rng(5).normal(size=len(data))
    return Records(data.features, np.zeros(len(data), np.intp), values)


@pytest.mark.parametrize("name", installed(Task.REGRESSION))
def test_a_shadow_of_a_target_that_answers_values_stores_values(name: str) -> None:
    learner, data = Learner(name, SMALL.get(name, {}), Task.REGRESSION), with_values(records())
    shadow = loop.train(Job(check(learner), COLUMNS, data, 0, (2, 3), 7, free), prepare(data.features, COLUMNS))
    half = data.take(design.halves(data, [3], 7)[0])
    assert half.values is not None
    direct = build_for_values(learner, COLUMNS, shadow_seed(7, 3)).fit(half.features, half.values).predict(data.features)
    assert (shadow.shape, shadow.dtype) == ((2, 80, 1), np.float32)
    np.testing.assert_array_equal(shadow[1, :, 0], direct.astype(np.float32))


def test_shadows_of_values_need_values() -> None:
    with pytest.raises(InvalidInput, match="true number"):
        train(Learner("linear-regression", task=Task.REGRESSION), COLUMNS, records(), 0, [0], 7, free)


def test_log_odds_have_the_documented_shape_type_and_are_finite() -> None:
    out = train(Learner("random-forest", {"n_estimators": 2}), COLUMNS, records(), 2, range(4), 1, free)
    assert out.shape == (4, 80, 2)
    assert out.dtype == np.float32
    assert np.isfinite(out).all()


def test_neither_threads_nor_company_nor_order_change_a_shadow() -> None:
    learner, data = Learner("xgboost", SMALL["xgboost"]), records()
    together = train(learner, COLUMNS, data, 2, [0, 1, 2, 3], 1, free, threads=3)
    np.testing.assert_array_equal(together[2], train(learner, COLUMNS, data, 2, [2], 1, free)[0])
    np.testing.assert_array_equal(together[::-1], train(learner, COLUMNS, data, 2, [3, 2, 1, 0], 1, free))


def test_shadows_of_a_pair_differ_and_follow_the_seed() -> None:
    learner, data = Learner("logistic-regression"), records()
    first = train(learner, COLUMNS, data, 2, [0, 1], 1, free)
    assert (first[0] != first[1]).any()
    assert (first != train(learner, COLUMNS, data, 2, [0, 1], 2, free)).any()


def test_a_half_without_one_of_the_classes_works() -> None:
    data = records(40, classes=2)
    rare = Records(data.features, np.where(np.arange(40) == 3, 2, data.labels))
    out = train(Learner("xgboost", SMALL["xgboost"]), COLUMNS, rare, 3, [0, 1], 0, free)
    without = 0 if not design.halves(rare, [0], 0)[0][3] else 1
    np.testing.assert_allclose(out[without][:, 2], log_odds(np.zeros(1))[0])


def test_a_half_of_one_class_works() -> None:
    data = records(20)
    rare = Records(data.features, (np.arange(20) == 3).astype(np.intp))
    assert np.isfinite(train(Learner("logistic-regression"), COLUMNS, rare, 2, [0, 1], 0, free)).all()


def test_progress_rises_to_one() -> None:
    seen: list[float] = []
    train(Learner("logistic-regression"), COLUMNS, records(), 2, range(4), 0, seen.append, threads=2)
    assert seen == sorted(seen)
    assert seen[0] == 0
    assert seen[-1] == 1


def test_cancelling_stops_before_the_remaining_fits() -> None:
    calls: list[float] = []

    def cancel(fraction: float) -> None:
        calls.append(fraction)
        if fraction > 0:
            raise Cancelled("stopped")

    threads_before = threading.active_count()
    with pytest.raises(Cancelled):
        train(Learner("random-forest", {"n_estimators": 30}), COLUMNS, records(), 2, range(64), 0, cancel)
    assert len(calls) == 2
    assert threading.active_count() == threads_before


def test_a_bad_learner_is_refused() -> None:
    with pytest.raises(InvalidInput):
        train(Learner("xgboost", {"n_estimators": 0}), COLUMNS, records(), 2, [0], 0, free)


def test_log_odds_survive_the_round_trip_at_both_ends() -> None:
    sharp = np.array([0.0, 1e-9, 1e-6, 0.3, 0.9999, 1 - 1e-6, 1.0])
    back = pool.probabilities(log_odds(sharp))
    np.testing.assert_allclose(back, np.clip(sharp, SMALLEST, 1 - SMALLEST), rtol=2e-6)
    np.testing.assert_allclose(1 - back, 1 - np.clip(sharp, SMALLEST, 1 - SMALLEST), rtol=2e-6)
