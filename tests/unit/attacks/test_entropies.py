"""Identities of the signals of Song and Mittal."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.attacks.signals import confidence, entropy, log_confidence, modified_entropy

FLOOR = 1e-30
PROBABILITY = st.floats(1e-6, 1 - 1e-6)


def both(p: float) -> np.ndarray:
    return np.array([[p, 1 - p]])


def of(p: float) -> float:
    return float(modified_entropy(both(p), np.array([0]), FLOOR)[0])


def test_modified_entropy_of_a_sure_and_right_answer_is_zero() -> None:
    assert of(1.0) == 0.0


def test_modified_entropy_of_a_sure_and_wrong_answer_is_as_large_as_the_floor_lets_it() -> None:
    assert of(0.0) == pytest.approx(-2 * np.log(FLOOR), rel=1e-4)


@given(PROBABILITY)
def test_with_two_classes_modified_entropy_is_twice_the_weighted_loss(p: float) -> None:
    assert of(p) == pytest.approx(-2 * (1 - p) * np.log(p), rel=1e-4)


@given(PROBABILITY, PROBABILITY)
def test_modified_entropy_falls_as_the_true_class_gets_likelier(p: float, q: float) -> None:
    low, high = sorted((p, q))
    if high - low > 1e-3 * (1 - low):
        assert of(high) < of(low)


@given(st.lists(st.floats(0.01, 1), min_size=3, max_size=6), st.integers(0, 2))
def test_modified_entropy_of_many_classes_is_its_formula(weights: list[float], label: int) -> None:
    p = np.array(weights) / sum(weights)
    others = np.delete(p, label)
    expected = -(1 - p[label]) * np.log(p[label]) - (others * np.log(1 - others)).sum()
    assert modified_entropy(p[None], np.array([label]), FLOOR)[0] == pytest.approx(expected, rel=1e-4)


def test_entropy_is_largest_where_all_classes_are_even_and_zero_where_one_is_sure() -> None:
    answers = np.array([[0.25] * 4, [1.0, 0.0, 0.0, 0.0], [0.7, 0.1, 0.1, 0.1]])
    even, sure, between = entropy(answers, FLOOR)
    assert even == pytest.approx(np.log(4), rel=1e-4)
    assert sure == pytest.approx(0.0, abs=1e-20)
    assert sure < between < even


@given(st.permutations(range(4)))
def test_entropy_does_not_depend_on_which_class_is_which(order: list[int]) -> None:
    answer = np.array([[0.4, 0.3, 0.2, 0.1]])
    assert entropy(answer[:, order], FLOOR)[0] == entropy(answer, FLOOR)[0]


def test_classes_that_were_not_returned_share_what_the_others_leave() -> None:
    top = np.array([[0.8, np.nan, np.nan]])
    whole = np.array([[0.8, 0.1, 0.1]])
    assert entropy(top, FLOOR) == entropy(whole, FLOOR)
    assert modified_entropy(top, np.array([1]), FLOOR) == modified_entropy(whole, np.array([1]), FLOOR)


def test_confidence_ties_where_the_log_confidence_does_and_keeps_its_order() -> None:
    rng = np.random.default_rng(0)
    answers, labels = rng.dirichlet(np.ones(3) * 0.1, 500), rng.integers(0, 3, 500)
    ours, logs = confidence(answers, labels, 1e-7), log_confidence(answers, labels, 1e-7)
    np.testing.assert_array_equal(np.unique(ours, return_inverse=True)[1], np.unique(logs, return_inverse=True)[1])
    np.testing.assert_allclose(ours, np.clip(answers[np.arange(500), labels], 1e-7, 1 - 1e-7), rtol=2e-4)


def test_signals_tie_on_answers_that_were_stored_in_32_bits() -> None:
    """Forests answer few distinct values; a threshold set on stored shadows has to tie with the target's equal answers."""
    shares = np.arange(1, 100) / 100
    answers = np.stack([shares, 1 - shares], axis=1)
    odds = np.log(answers / answers[:, ::-1]).astype(np.float32).astype(np.float64)
    stored, labels = 1 / (1 + np.exp(-odds)), np.zeros(99, dtype=np.intp)
    assert (stored != answers).any()
    assert (entropy(stored, 1e-7) == entropy(answers, 1e-7)).mean() > 0.9
    assert (modified_entropy(stored, labels, 1e-7) == modified_entropy(answers, labels, 1e-7)).mean() > 0.9
    assert (confidence(stored, labels, 1e-7) == confidence(answers, labels, 1e-7)).mean() > 0.9


def test_an_answer_of_exactly_one_ties_with_the_shadow_that_is_stored_next_to_it() -> None:
    exact, stored = np.array([[1.0, 0.0]]), np.array([[1 - 1e-12, 1e-12]])
    labels = np.array([0])
    assert entropy(exact, 1e-7) == entropy(stored, 1e-7)
    assert modified_entropy(exact, labels, 1e-7) == modified_entropy(stored, labels, 1e-7)
    assert modified_entropy(exact, 1 - labels, 1e-7) == modified_entropy(stored, 1 - labels, 1e-7)
