"""What a channel costs users of the answers, with known answers."""

import numpy as np
import pytest

from auditor.domain.finding import Estimate
from auditor.scoring.grading import Grading
from auditor.scoring.usefulness import NAMES, Reading, calibration_error, cost, mean, of_labels, utility

TERMS = Grading(None, seed=4)
RNG = np.random.default_rng(1)
RIGHT = RNG.uniform(0.5, 1.0, 4_000)
SURE = np.column_stack([1 - RIGHT, RIGHT])
TRUTH = (RNG.random(4_000) < RIGHT).astype(np.intp)  # calibrated by construction


def by_name(found: tuple[Estimate, ...]) -> dict[str, Estimate]:
    return {e.name: e for e in found}


def test_nothing_changes_where_nothing_is_changed() -> None:
    before = Reading(SURE, 1e-7)
    found = by_name(utility(before, before, TRUTH, TERMS))
    assert tuple(found) == NAMES
    assert found["label_change"].value == found["probability_change"].value == found["log_loss_change"].value == 0
    assert cost(tuple(found.values())) == (0, 0)


def test_log_loss_and_brier_against_their_definitions() -> None:
    answers = np.tile([[0.2, 0.8], [0.6, 0.4]], (20, 1))
    truth = np.tile([1, 1], 20)
    found = by_name(utility(Reading(SURE[:40], 1e-7), Reading(answers, 1e-7), truth, TERMS))
    assert found["log_loss"].value == pytest.approx(-(np.log(0.8) + np.log(0.4)) / 2)
    assert found["brier"].value == pytest.approx((2 * 0.2**2 + 2 * 0.6**2) / 2)
    assert found["task_accuracy"].value == 0.5


def test_a_probability_below_what_the_channel_can_tell_is_read_as_that() -> None:
    answers = np.tile([[1.0, 0.0]], (40, 1))
    found = by_name(utility(Reading(answers, 0.05), Reading(answers, 0.05), np.ones(40, np.intp), TERMS))
    assert found["log_loss"].value == pytest.approx(-np.log(0.05))


def test_probability_change_is_the_share_of_mass_that_moves() -> None:
    moved = Reading(np.column_stack([1 - RIGHT + 0.1, RIGHT - 0.1]), 1e-7)
    found = by_name(utility(Reading(SURE, 1e-7), moved, TRUTH, TERMS))
    assert found["probability_change"].value == pytest.approx(0.1)
    assert found["label_change"].value == pytest.approx((RIGHT < 0.6).mean())


def test_the_loss_of_calibrated_answers_rises_when_they_are_flattened() -> None:
    flat = Reading(0.5 + (SURE - 0.5) / 4, 1e-7)
    change = by_name(utility(Reading(SURE, 1e-7), flat, TRUTH, TERMS))["log_loss_change"]
    assert change.low is not None
    assert change.low > 0


def test_a_label_is_read_with_how_often_labels_are_right() -> None:
    labels = np.eye(2)[np.r_[np.zeros(30, int), np.ones(10, int)]]
    read = of_labels(labels, np.zeros(40, np.intp))
    np.testing.assert_allclose(read.probabilities[0], [0.75, 0.25])
    np.testing.assert_allclose(read.probabilities[-1], [0.25, 0.75])


def test_calibrated_answers_have_little_calibration_error_and_overconfident_ones_have_their_gap() -> None:
    small = calibration_error(Reading(SURE, 1e-7), TRUTH, 0.05, 1)
    assert small.value < 0.04
    bold = Reading(np.tile([[0.0, 1.0]], (4_000, 1)), 1e-7)
    large = calibration_error(bold, TRUTH, 0.05, 1)
    assert large.value == pytest.approx(1 - TRUTH.mean())
    assert large.low < large.value < large.high


def test_canaries_have_no_labels_to_be_right_about() -> None:
    found = by_name(utility(Reading(SURE, 1e-7), Reading(SURE, 1e-7), None, TERMS))
    assert found["label_change"].value == 0
    assert "canaries" in (found["log_loss_change"].reason or "")
    assert cost(tuple(found.values())) == (0, 0)


def test_too_few_records_give_a_reason_and_no_number() -> None:
    found = utility(Reading(SURE[:9], 1e-7), Reading(SURE[:9], 1e-7), TRUTH[:9], TERMS)
    assert all(e.value is None and "30" in (e.reason or "") for e in found)


def test_the_interval_of_a_mean_covers_it_as_often_as_it_says() -> None:
    draws = np.random.default_rng(8).exponential(1.0, (1_000, 200))
    hits = [(found := mean(row, 0.1)).low <= 1.0 <= found.high for row in draws]
    assert np.mean(hits) == pytest.approx(0.9, abs=0.03)
