"""From answers to a copy."""

import numpy as np
import pandas as pd
import pytest
from inversion_world import COLUMNS, people

from auditor.attacks.stealing.copying import Answered, Workshop, answered, classes_of, thief_learners, weighted_rows
from auditor.domain.learner import Learner
from auditor.errors import Cancelled


def frame(n: int) -> pd.DataFrame:
    return pd.DataFrame({"a": np.arange(n)})


def workshop(*names: str, seed: int = 1) -> Workshop:
    return Workshop(tuple(Learner(n) for n in names), COLUMNS, seed, lambda fraction: None)


def linear_answers(features: pd.DataFrame) -> np.ndarray:
    well = 1 / (1 + np.exp(-0.2 * (features["age"].to_numpy() - 55)))
    return np.column_stack([1 - well, well])


def checkered_answers(features: pd.DataFrame) -> np.ndarray:
    """A rule that no linear model can follow."""
    even = (features["age"].to_numpy() // 15) % 2 == 0
    return np.column_stack([even, ~even]).astype(float)


def test_answers_are_scaled_to_sum_to_one() -> None:
    material = answered(frame(2), np.array([[2.0, 2.0], [0.0, 0.5]]))
    assert material.probabilities.tolist() == [[0.5, 0.5], [0.0, 1.0]]


def test_classes_that_were_not_returned_count_as_impossible() -> None:
    material = answered(frame(1), np.array([[np.nan, 0.4, 0.4]]))
    assert material.probabilities == pytest.approx(np.array([[0.0, 0.5, 0.5]]))


def test_an_answer_of_nothing_means_every_class_alike() -> None:
    material = answered(frame(2), np.array([[0.0, 0.0], [np.nan, np.nan]]))
    assert np.array_equal(material.probabilities, np.full((2, 2), 0.5))


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
    model = workshop("logistic-regression", "xgboost").copy(material)
    fresh = people(400, 2).features
    assert (model.predict(fresh) == linear_answers(fresh).argmax(axis=1)).mean() > 0.97


def test_the_learner_that_agrees_better_is_chosen() -> None:
    features = people(600, 1).features
    curved = workshop("logistic-regression", "xgboost").copy(answered(features, checkered_answers(features)))
    straight = workshop("random-forest", "logistic-regression").copy(answered(features, linear_answers(features)))
    assert curved.learner.name == "xgboost"
    assert straight.learner.name == "logistic-regression"


def test_soft_labels_teach_more_than_hard_ones() -> None:
    """From 60 records, a logistic rule is copied better from its probabilities than from its classes."""
    fresh = people(2_000, 9).features
    truth = linear_answers(fresh).argmax(axis=1)
    soft, hard = [], []
    for seed in range(10):
        features = people(60, seed).features
        answers = linear_answers(features)
        for answer, found in ((answers, soft), (np.eye(2)[answers.argmax(axis=1)], hard)):
            model = workshop("logistic-regression").copy(answered(features, answer))
            found.append((model.predict(fresh) == truth).mean())
    assert np.mean(soft) > np.mean(hard)


def test_answers_of_one_class_make_a_copy_of_one_class() -> None:
    features = people(300, 1).features
    model = workshop("logistic-regression", "xgboost").copy(answered(features, np.tile([0.0, 1.0], (300, 1))))
    assert model.predict(people(50, 2).features).tolist() == [1] * 50


def test_the_same_seed_makes_the_same_copy() -> None:
    features = people(300, 1).features
    material = answered(features, linear_answers(features))
    predictions = [workshop("random-forest", seed=4).copy(material).predict_proba(features) for _ in range(2)]
    assert np.array_equal(*predictions)


def test_it_can_be_cancelled_between_fits() -> None:
    fits = []

    def stop_at_second(fraction: float) -> None:
        fits.append(fraction)
        if len(fits) == 2:
            raise Cancelled("stop")

    features = people(200, 1).features
    shop = Workshop((Learner("xgboost"), Learner("logistic-regression")), COLUMNS, 1, stop_at_second, progress=0.5)
    with pytest.raises(Cancelled):
        shop.copy(answered(features, linear_answers(features)))
    assert fits == [0.5, 0.5]


@pytest.mark.parametrize(
    ("declared", "expected"),
    [
        ("xgboost", ["xgboost", "logistic-regression"]),
        ("random-forest", ["random-forest", "xgboost"]),
        ("logistic-regression", ["logistic-regression", "xgboost"]),
        ("mlp", ["mlp", "xgboost"]),
        (None, ["xgboost", "logistic-regression"]),
    ],
)
def test_another_kind_of_learner_stands_beside_the_declared_one(declared: str | None, expected: list[str]) -> None:
    learners = thief_learners(None if declared is None else Learner(declared))
    assert [learner.name for learner in learners] == expected


def test_the_parameters_of_the_declared_learner_are_kept() -> None:
    assert thief_learners(Learner("xgboost", {"max_depth": 3}))[0].params == {"max_depth": 3}


def test_taking_rows_renumbers_them() -> None:
    part = Answered(frame(4), np.eye(4)).take(np.array([3, 1]))
    assert part.features["a"].tolist() == [3, 1]
    assert part.features.index.tolist() == [0, 1]
    assert part.labels.tolist() == [3, 1]
    assert len(part) == 2
