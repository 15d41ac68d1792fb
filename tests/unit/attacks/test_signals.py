import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import log_softmax, logsumexp

from auditor.attacks.signals import complete, correctness, log_confidence, logit_confidence
from auditor.domain.target import Output, Profile
from auditor.shadows.pool import probabilities
from auditor.shadows.trainers import log_odds

LABELS = np.array([0, 1, 2], dtype=np.intp)
ANSWERS = np.array([[0.7, 0.2, 0.1], [0.7, 0.2, 0.1], [0.0, 0.0, 1.0]])


def test_correctness_is_one_where_the_top_class_is_the_true_one() -> None:
    np.testing.assert_array_equal(correctness(ANSWERS, LABELS), [1, 0, 1])


def test_correctness_of_a_tie_goes_to_the_first_class() -> None:
    even = np.full((2, 2), 0.5)
    np.testing.assert_array_equal(correctness(even, np.array([0, 1])), [1, 0])


def test_correctness_ignores_classes_that_were_not_returned() -> None:
    np.testing.assert_array_equal(correctness(np.array([[np.nan, 0.4, np.nan]]), np.array([1])), [1])


def test_log_confidence_is_minus_the_loss_and_finite_at_zero() -> None:
    np.testing.assert_allclose(log_confidence(ANSWERS, LABELS, 1e-7), [np.log(0.7), np.log(0.2), -1e-7], rtol=1e-5)
    np.testing.assert_allclose(log_confidence(ANSWERS, np.array([0, 1, 0]), 1e-7)[2], np.log(1e-7), rtol=1e-5)


def test_logit_confidence_agrees_with_logits() -> None:
    logits = np.random.default_rng(0).normal(size=(3, 3)) * 3
    expected = [logits[i, y] - logsumexp(np.delete(logits[i], y)) for i, y in enumerate(LABELS)]
    np.testing.assert_allclose(logit_confidence(np.exp(log_softmax(logits, axis=1)), LABELS, 1e-12), expected, atol=5.1e-5)


def test_logit_confidence_keeps_what_one_minus_p_has_lost() -> None:
    sure = np.array([[1.0, 3e-20]])
    assert logit_confidence(sure, np.array([0]), 1e-30)[0] == pytest.approx(-np.log(3e-20), abs=1e-4)
    assert 1 - sure[0, 0] == 0


def test_exact_zeros_and_ones_are_clipped_to_what_the_channel_resolves() -> None:
    clip = Profile(Output.PROBABILITIES, ("a", "b"), decimals=2).clip
    phi = logit_confidence(np.array([[1.0, 0.0], [0.0, 1.0]]), np.array([0, 0]), clip)
    np.testing.assert_allclose(phi, [-np.log(0.005), np.log(0.005)], atol=5.1e-5)


def test_signals_work_on_a_stack_of_models_as_on_each() -> None:
    stack = np.random.default_rng(1).dirichlet(np.ones(3), size=(4, 3))
    for signal in (
        lambda p: correctness(p, LABELS),
        lambda p: log_confidence(p, LABELS, 1e-7),
        lambda p: logit_confidence(p, LABELS, 1e-7),
    ):
        np.testing.assert_array_equal(signal(stack), np.stack([signal(p) for p in stack]))


def test_classes_that_were_not_returned_share_the_remaining_mass() -> None:
    shown = np.array([[0.6, np.nan, np.nan, 0.2], [0.25, 0.25, 0.25, 0.25]])
    np.testing.assert_allclose(complete(shown), [[0.6, 0.1, 0.1, 0.2], [0.25, 0.25, 0.25, 0.25]])


def test_rounded_top_answers_above_one_leave_nothing_negative() -> None:
    np.testing.assert_array_equal(complete(np.array([[0.7, 0.4, np.nan]])), [[0.7, 0.4, 0.0]])


def test_complete_answers_are_not_copied() -> None:
    assert complete(ANSWERS) is ANSWERS


@given(st.lists(st.floats(0, 1), min_size=2, max_size=5), st.integers(0, 4), st.sampled_from([1e-7, 5e-3]))
def test_signals_are_finite_and_rise_with_the_true_class(row: list[float], label: int, clip: float) -> None:
    y = np.array([label % len(row)])
    answers = np.array([row])
    more = answers.copy()
    more[0, y[0]] = 1.0
    for signal in (log_confidence, logit_confidence):
        assert np.isfinite(signal(answers, y, clip)).all()
        assert signal(more, y, clip)[0] >= signal(answers, y, clip)[0]


def test_the_answers_of_a_forest_tie_with_the_same_answers_of_a_stored_shadow() -> None:
    """A mean over 100 trees takes 101 values: a threshold at one of them must mean the same on both sides."""
    votes = np.arange(101) / 100
    answers = np.column_stack([1 - votes, votes])
    stored = probabilities(log_odds(answers))
    labels = np.ones(101, dtype=np.intp)
    for signal in (log_confidence, logit_confidence):
        assert (signal(answers, labels, 1e-7) == signal(stored, labels, 1e-7)).mean() >= 0.98
        np.testing.assert_array_equal(signal(answers, labels, 1e-7)[[0, -1]], signal(stored, labels, 1e-7)[[0, -1]])


def test_the_loss_tells_apart_answers_very_near_one() -> None:
    sure = 1 - np.array([3e-7, 3.01e-7, 1e-5, 1.001e-5])
    losses = -log_confidence(np.column_stack([sure, 1 - sure]), np.zeros(4, dtype=np.intp), 1e-7)
    np.testing.assert_allclose(losses, [3e-7, 3.01e-7, 1e-5, 1.001e-5], rtol=2e-5)
    assert len(set(losses)) == 4
