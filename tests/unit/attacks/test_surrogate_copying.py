"""From answers to a copy."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from inversion_world import COLUMNS, people

from auditor.attacks.stealing.copying import (
    Answered,
    Maker,
    Train,
    Workshop,
    answered,
    by_kernels,
    by_log_odds,
    by_network,
    by_rows,
    classes_of,
    makers_for,
    near,
    together,
    weighted_rows,
)
from auditor.attacks.stealing.log_odds import ON_LOG_ODDS, log_odds, shares, trees_for
from auditor.domain.learner import Learner
from auditor.errors import Cancelled


def frame(n: int) -> pd.DataFrame:
    return pd.DataFrame({"a": np.arange(n)})


def workshop(*names: str, seed: int = 1) -> Workshop:
    return Workshop(tuple(Maker(n, Learner(n), by_rows) for n in names), COLUMNS, seed, lambda fraction: None)


def linear_answers(features: pd.DataFrame) -> np.ndarray:
    well = 1 / (1 + np.exp(-0.2 * (features["age"].to_numpy() - 55)))
    return np.column_stack([1 - well, well])


def checkered_answers(features: pd.DataFrame) -> np.ndarray:
    """A rule that no linear model can follow."""
    even = (features["age"].to_numpy() // 15) % 2 == 0
    return np.column_stack([even, ~even]).astype(float)


def test_answers_are_scaled_to_sum_to_one() -> None:
    material = answered(frame(2), np.array([[2.0, 2.0], [0.0, 0.5]]))
    assert material.answers.tolist() == [[0.5, 0.5], [0.0, 1.0]]


def test_classes_that_were_not_returned_count_as_impossible() -> None:
    material = answered(frame(1), np.array([[np.nan, 0.4, 0.4]]))
    assert material.answers == pytest.approx(np.array([[0.0, 0.5, 0.5]]))


def test_an_answer_of_nothing_means_every_class_alike() -> None:
    material = answered(frame(2), np.array([[0.0, 0.0], [np.nan, np.nan]]))
    assert np.array_equal(material.answers, np.full((2, 2), 0.5))


def test_each_record_stands_once_for_every_class_it_may_have() -> None:
    features, labels, weights = weighted_rows(answered(frame(2), np.array([[0.25, 0.75], [1.0, 0.0]])))
    assert features["a"].tolist() == [0, 0, 1]
    assert labels.tolist() == [0, 1, 0]
    assert weights.tolist() == [0.25, 0.75, 1.0]


def test_negligible_classes_are_not_worth_a_row() -> None:
    _, labels, _ = weighted_rows(answered(frame(1), np.array([[0.998, 0.002]])))
    assert labels.tolist() == [0]


def test_labels_give_one_row_a_record() -> None:
    features, labels, weights = weighted_rows(answered(frame(3), np.eye(3)))
    assert len(features) == 3
    assert labels.tolist() == [0, 1, 2]
    assert weights.tolist() == [1.0] * 3


def test_the_predicted_class_is_the_first_of_the_highest() -> None:
    assert classes_of(np.array([[0.5, 0.5], [0.1, 0.9], [np.nan, 0.2]])).tolist() == [0, 1, 1]


def test_a_copy_of_a_linear_rule_agrees_with_it() -> None:
    material = answered(people(600, 1).features, linear_answers(people(600, 1).features))
    copy = workshop("logistic-regression", "xgboost").copy(material)
    fresh = people(400, 2).features
    assert (copy(fresh).argmax(axis=1) == linear_answers(fresh).argmax(axis=1)).mean() > 0.97


def smooth_answers(kind: str, features: pd.DataFrame) -> np.ndarray:
    """A machine of 12 Gaussian kernels, or a network of 4 ReLU units, over the two numbers."""
    rng = np.random.default_rng(7)
    points = np.column_stack([(features["age"] - 55) / 20, (features["height"] - 170) / 10])
    if kind == "kernels":
        centres = rng.normal(size=(12, 2))
        odds = 3 * np.exp(-((points[:, None, :] - centres) ** 2).sum(axis=2)) @ rng.choice([-1.0, 1.0], 12)
    else:
        odds = np.maximum(points @ rng.normal(size=(2, 4)) + rng.normal(size=4), 0.0) @ np.array([2.0, -2.0, 2.0, -2.0])
    odds = odds - np.median(odds)
    return np.column_stack([1 - 1 / (1 + np.exp(-odds)), 1 / (1 + np.exp(-odds))])


@pytest.mark.parametrize(("kind", "train"), [("kernels", by_kernels), ("units", by_network)])
def test_machines_fitted_to_scores_copy_such_targets_nearer_than_trees(kind: str, train: Train) -> None:
    asked, fresh = people(300, 5).features, people(300, 6).features
    material, judge = Answered(asked, smooth_answers(kind, asked)), Answered(fresh, smooth_answers(kind, fresh))
    smooth = near(train(workshop(), Learner("mlp"), material)(fresh), judge).mean()
    trees = near(by_log_odds(workshop(), ON_LOG_ODDS, material)(fresh), judge).mean()
    assert trees < 2 * smooth < 0
    assert smooth > -0.01


def test_numbers_are_regressed_on_as_they_are() -> None:
    asked, fresh = people(300, 5).features, people(300, 6).features
    told = by_kernels(workshop(), Learner("mlp"), Answered(asked, 1_000 * smooth_answers("kernels", asked)[:, 1:]))(fresh)
    assert told.shape == (300, 1)
    assert np.corrcoef(told[:, 0], smooth_answers("kernels", fresh)[:, 1])[0, 1] > 0.9


def test_nearness_is_minus_the_squared_distance_of_numbers_in_variances() -> None:
    said = np.tile([0.6, 0.4], (2, 1))
    assert near(said, Answered(frame(2), np.array([[0.9, 0.1], [0.6, 0.4]]))) == pytest.approx([-0.18, 0.0])
    assert near(np.array([[1.0], [3.0]]), NUMBERS) == pytest.approx([0.0, -4.0])


def test_copies_whose_errors_cancel_stay_together() -> None:
    truth = np.tile([0.5, 0.5], (4, 1))
    wrong = np.array([[0.1, -0.1]])
    told = [truth + 4 * wrong, truth - wrong, truth + wrong]
    assert together(told, Answered(frame(4), truth)) == [1, 2]


def test_a_copy_that_nothing_makes_better_stays_alone() -> None:
    truth = np.tile([0.5, 0.5], (4, 1))
    assert together([truth + 0.1, truth, truth - 0.2], Answered(frame(4), truth)) == [1]


def test_the_learner_that_agrees_better_is_chosen() -> None:
    fresh = people(500, 2).features
    for rule, names in ((checkered_answers, ("logistic-regression", "xgboost")), (linear_answers, ("naive-bayes", "xgboost"))):
        material = answered(people(600, 1).features, rule(people(600, 1).features))
        shop = workshop(*names)
        truth = rule(fresh).argmax(axis=1)
        each = [(shop.make(maker, material)(fresh).argmax(axis=1) == truth).mean() for maker in shop.makers]
        assert (shop.copy(material)(fresh).argmax(axis=1) == truth).mean() == max(each)


def test_soft_labels_teach_more_than_hard_ones() -> None:
    """From 60 records, a logistic rule is copied better from its probabilities than from its classes."""
    fresh = people(2_000, 9).features
    truth = linear_answers(fresh).argmax(axis=1)
    soft, hard = [], []
    for seed in range(10):
        features = people(60, seed).features
        answers = linear_answers(features)
        for answer, found in ((answers, soft), (np.eye(2)[answers.argmax(axis=1)], hard)):
            copy = workshop("logistic-regression").copy(answered(features, answer))
            found.append((copy(fresh).argmax(axis=1) == truth).mean())
    assert np.mean(soft) > np.mean(hard)


def test_answers_of_one_class_make_a_copy_of_one_class() -> None:
    features = people(300, 1).features
    copy = workshop("logistic-regression", "xgboost").copy(answered(features, np.tile([0.0, 1.0], (300, 1))))
    assert copy(people(50, 2).features).tolist() == [[0.0, 1.0]] * 50


def test_the_same_seed_makes_the_same_copy() -> None:
    features = people(300, 1).features
    material = answered(features, linear_answers(features))
    predictions = [workshop("random-forest", seed=4).copy(material)(features) for _ in range(2)]
    assert np.array_equal(*predictions)


def test_it_can_be_cancelled_between_fits() -> None:
    fits = []

    def stop_at_second(fraction: float) -> None:
        fits.append(fraction)
        if len(fits) == 2:
            raise Cancelled("stop")

    features = people(200, 1).features
    shop = replace(workshop("xgboost", "logistic-regression"), checkpoint=stop_at_second, progress=0.5)
    with pytest.raises(Cancelled):
        shop.copy(answered(features, linear_answers(features)))
    assert fits == [0.5, 0.5]


SOFT = Answered(frame(2), np.array([[0.2, 0.8], [0.6, 0.4]]))
HARD = Answered(frame(2), np.eye(2))
NUMBERS = Answered(frame(2), np.array([[1.0], [2.0]]))


@pytest.mark.parametrize(
    ("declared", "material", "expected"),
    [
        ("xgboost", SOFT, ["xgboost", "xgboost", "logistic-regression", "mlp", "mlp"]),
        ("xgboost", HARD, ["xgboost", "xgboost", "logistic-regression"]),
        ("random-forest", SOFT, ["random-forest", "xgboost", "logistic-regression", "random-forest", "mlp", "mlp"]),
        ("logistic-regression", SOFT, ["logistic-regression", "xgboost", "mlp", "mlp"]),
        ("mlp", HARD, ["mlp", "xgboost", "logistic-regression"]),
        (None, SOFT, ["xgboost", "logistic-regression", "random-forest", "mlp", "mlp"]),
        (None, HARD, ["xgboost", "logistic-regression", "mlp"]),
        ("random-forest", NUMBERS, ["random-forest", "xgboost", "linear-regression", "random-forest", "mlp", "mlp"]),
        (None, NUMBERS, ["xgboost", "linear-regression", "random-forest", "mlp", "mlp"]),
    ],
)
def test_learners_of_other_kinds_stand_beside_the_declared_one(
    declared: str | None, material: Answered, expected: list[str]
) -> None:
    makers = makers_for(None if declared is None else Learner(declared), material)
    assert [maker.learner.name for maker in makers] == expected


def test_the_parameters_of_the_declared_learner_are_kept() -> None:
    assert makers_for(Learner("xgboost", {"max_depth": 3}), HARD)[0].learner.params == {"max_depth": 3}


def test_log_odds_come_back_as_shares() -> None:
    answers = np.array([[0.2, 0.3, 0.5], [0.6, 0.2, 0.2]])
    assert shares(log_odds(answers)) == pytest.approx(answers)
    assert shares(log_odds(np.array([[0.0, 1.0]])))[0, 1] == pytest.approx(1 / 1.01)


def test_many_classes_and_few_records_get_fewer_trees() -> None:
    counts = [trees_for(ON_LOG_ODDS, n, c).params["n_estimators"] for n, c in ((10_000, 1), (10_000, 5), (100, 1), (100, 10))]
    assert counts == [1_000, 200, 250, 100]
    assert trees_for(Learner("mlp"), 10) == Learner("mlp")


def test_a_copy_of_numbers_comes_near_them() -> None:
    features, fresh = people(500, 1).features, people(300, 2).features
    material = answered(features, features[["age"]].to_numpy(dtype=np.float64))
    shop = Workshop(makers_for(None, material), COLUMNS, 1, lambda fraction: None)
    assert np.abs(shop.copy(material)(fresh)[:, 0] - fresh["age"].to_numpy()).max() < 0.5


def test_taking_rows_renumbers_them() -> None:
    part = Answered(frame(4), np.eye(4)).take(np.array([3, 1]))
    assert part.features["a"].tolist() == [3, 1]
    assert part.features.index.tolist() == [0, 1]
    assert part.labels.tolist() == [3, 1]
    assert len(part) == 2
