from dataclasses import replace

import numpy as np
import pytest

from auditor.domain.learner import Learner, Task
from auditor.domain.target import Output, Profile
from auditor.errors import InvalidInput
from auditor.learners import check
from auditor.learners.estimators import versions
from auditor.shadows import design, pool
from auditor.shadows.trainers import log_odds

SHARP = np.array([[[0.123456, 0.5, 0.376544], [1.0, 0.0, 0.0]], [[0.2, 0.2, 0.6], [0.4, 0.35, 0.25]]])
PROBABILITIES = Profile(Output.PROBABILITIES, ("a", "b", "c"))


def shown(profile: Profile) -> np.ndarray:
    return pool.outputs(log_odds(SHARP), design.masks(2, range(2), 0), profile).probabilities


def test_full_probabilities_come_back_as_they_were() -> None:
    np.testing.assert_allclose(shown(PROBABILITIES), SHARP, atol=2e-7)


def test_masks_are_passed_on() -> None:
    masks = design.masks(2, range(2), 0)
    assert pool.outputs(log_odds(SHARP), masks, PROBABILITIES).masks is masks


@pytest.mark.parametrize("decimals", [1, 2, 4])
def test_rounding_follows_the_target(decimals: int) -> None:
    np.testing.assert_array_equal(shown(replace(PROBABILITIES, decimals=decimals)), np.round(SHARP, decimals))


def test_a_labels_only_target_shows_labels_only() -> None:
    labels = shown(replace(PROBABILITIES, output=Output.LABELS))
    np.testing.assert_array_equal(labels, [[[0, 1, 0], [1, 0, 0]], [[0, 0, 1], [1, 0, 0]]])


def test_ties_of_the_label_go_to_the_first_class() -> None:
    even = pool.as_shown(np.full((1, 1, 3), 1 / 3), replace(PROBABILITIES, output=Output.LABELS))
    np.testing.assert_array_equal(even, [[[1, 0, 0]]])


def test_top_k_hides_the_rest() -> None:
    top = shown(replace(PROBABILITIES, output=Output.TOP_K, top=2, decimals=2))
    np.testing.assert_array_equal(top, [[[np.nan, 0.5, 0.38], [1.0, 0.0, np.nan]], [[0.2, np.nan, 0.6], [0.4, 0.35, np.nan]]])


def test_top_k_of_unknown_size_shows_all() -> None:
    assert np.isfinite(shown(replace(PROBABILITIES, output=Output.TOP_K))).all()


VALUES = np.array([[[1234.5678], [-7.0]], [[0.05], [99_999.5]]], dtype=np.float32)


def test_values_come_back_as_they_were() -> None:
    shown = pool.outputs(VALUES, design.masks(2, range(2), 0), Profile(Output.VALUE, ()))
    np.testing.assert_array_equal(shown.probabilities, VALUES.astype(np.float64))


@pytest.mark.parametrize(("decimals", "expected"), [(1, 1234.6), (0, 1235.0), (-3, 1000.0)])
def test_values_are_rounded_as_the_target_does(decimals: int, expected: float) -> None:
    shown = pool.outputs(VALUES, design.masks(2, range(2), 0), Profile(Output.VALUE, (), decimals))
    assert shown.probabilities[0, 0, 0] == expected


def test_values_and_log_odds_are_never_taken_for_each_other() -> None:
    assert pool.array_name(Task.REGRESSION) == "values"
    assert pool.array_name(Task.CLASSIFICATION) == "log_odds"


def binary() -> np.ndarray:
    """(2, n, 2) answers of two shadows, exact zeros and ones, ties and neighbours of the clip among them."""
    second = np.concatenate([[0.0, 1.0, 0.5, 1e-9, 1 - 1e-9, 1e-7, 2e-7, 1 - 2e-7], np.linspace(0.001, 0.999, 999)])
    both = np.stack([1.0 - second, second], axis=1)
    return np.stack([both, both[::-1]])


def test_of_two_classes_one_column_is_kept_and_the_other_is_its_mirror() -> None:
    answers = log_odds(binary())
    stored = np.stack([pool.kept(one, Task.CLASSIFICATION)["log_odds"] for one in answers])
    assert stored.shape == (2, answers.shape[1], 1)
    assert stored.nbytes == answers.nbytes // 2
    np.testing.assert_allclose(-stored[..., 0], answers[..., 0], rtol=1e-6)
    assert -log_odds(np.zeros(1))[0] == log_odds(np.ones(1))[0]  # the clip is symmetric, to the last bit
    masks = design.masks(answers.shape[1], range(2), 0)
    profile = replace(PROBABILITIES, classes=("a", "b"))
    found = pool.outputs(stored, masks, profile).probabilities
    np.testing.assert_allclose(found, pool.outputs(answers, masks, profile).probabilities, rtol=2e-6, atol=1e-14)
    np.testing.assert_allclose(found.sum(axis=2), 1.0, atol=1e-15)


@pytest.mark.parametrize(("output", "decimals"), [(Output.LABELS, None), (Output.PROBABILITIES, 2), (Output.PROBABILITIES, 4)])
def test_one_column_shows_what_two_columns_show(output: Output, decimals: int | None) -> None:
    answers, profile = log_odds(binary()), Profile(output, ("a", "b"), decimals)
    stored = np.stack([pool.kept(one, Task.CLASSIFICATION)["log_odds"] for one in answers])
    masks = design.masks(answers.shape[1], range(2), 0)
    np.testing.assert_array_equal(
        pool.outputs(stored, masks, profile).probabilities, pool.outputs(answers, masks, profile).probabilities
    )


@pytest.mark.parametrize(("task", "columns"), [(Task.CLASSIFICATION, 3), (Task.REGRESSION, 1)])
def test_of_more_classes_and_of_values_everything_is_kept(task: Task, columns: int) -> None:
    answers = np.random.default_rng(0).normal(size=(5, columns)).astype(np.float32)
    (kept,) = pool.kept(answers, task).values()
    np.testing.assert_array_equal(kept, answers)


def test_the_key_depends_on_everything_that_changes_a_shadow() -> None:
    learner = Learner("xgboost", {"max_depth": 4})
    keys = {
        pool.key("pool", learner, 0, 1),
        pool.key("other", learner, 0, 1),
        pool.key("pool", Learner("xgboost"), 0, 1),
        pool.key("pool", Learner("random-forest"), 0, 1),
        pool.key("pool", learner, 1, 1),
        pool.key("pool", learner, 0, 2),
        pool.key("pool", replace(learner, task=Task.REGRESSION), 0, 1),
    }
    assert len(keys) == 7


@pytest.mark.parametrize(
    ("name", "library"),
    [("xgboost", "xgboost"), ("random-forest", "scikit-learn"), ("mlp", "scikit-learn"), ("svm", "scikit-learn")],
)
def test_another_version_of_a_library_is_another_shadow(name: str, library: str) -> None:
    learner = check(Learner(name))
    installed = versions(learner)
    assert set(installed) == {"numpy", library}
    own = pool.key("p", learner, 0, 1)
    assert own == pool.key("p", learner, 0, 1, installed)
    newer = [pool.key("p", learner, 0, 1, installed | {changed: "99.0"}) for changed in installed]
    assert len({own, *newer}) == 3


def test_the_key_does_not_depend_on_how_a_learner_was_written() -> None:
    assert pool.key("p", Learner("xgboost"), 0, 1) == pool.key("p", Learner("xgboost", {"max_depth": 6.0}), 0, 1)
    assert pool.key("p", Learner("mlp", {"hidden_layer_sizes": [100]}), 0, 1) == pool.key("p", Learner("mlp"), 0, 1)


def test_the_key_of_a_bad_learner_is_refused() -> None:
    with pytest.raises(InvalidInput):
        pool.key("p", Learner("xgbost"), 0, 1)


@pytest.mark.parametrize(
    "profile",
    [
        PROBABILITIES,
        replace(PROBABILITIES, decimals=2),
        replace(PROBABILITIES, output=Output.LABELS),
        replace(PROBABILITIES, output=Output.TOP_K, top=1),
    ],
    ids=lambda profile: f"{profile.output}-{profile.decimals}",
)
def test_shadows_one_at_a_time_answer_bit_for_bit_what_all_of_them_answer(profile: Profile) -> None:
    answers = np.random.default_rng(1).normal(size=(6, 41, 3)).astype(np.float32) * 9
    shadows = pool.outputs(answers, design.masks(41, range(6), 0), profile)
    singly = np.stack([shadows.answers(k) for k in range(6)])
    chosen, some = shadows.chosen([4, 1]), shadows.of_records(slice(10, 17))
    assert "probabilities" not in vars(shadows)  # nothing was shown of all of them at once
    np.testing.assert_array_equal(singly, shadows.probabilities)
    np.testing.assert_array_equal(chosen.probabilities, shadows.probabilities[[4, 1]])
    np.testing.assert_array_equal(chosen.masks, shadows.masks[[4, 1]])
    np.testing.assert_array_equal(some.answers(3), shadows.probabilities[3, 10:17])
    np.testing.assert_array_equal(some.masks, shadows.masks[:, 10:17])
    np.testing.assert_array_equal(shadows.first(9).masks, shadows.masks)
    np.testing.assert_array_equal(shadows.without_pair(2).probabilities, shadows.probabilities[[0, 1, 4, 5]])
