"""How many shadows a step trains."""

import pytest

from auditor.learners import LEARNERS
from auditor.workflow.chunks import FIT_SECONDS_PER_1000, LONGEST, MOST, SHADOWS_PER_STEP, fit_seconds, shadows_a_step


def test_every_learner_has_a_price() -> None:
    assert set(FIT_SECONDS_PER_1000) == set(LEARNERS)


@pytest.mark.parametrize("learner", LEARNERS)
def test_more_records_take_longer(learner: str) -> None:
    assert 0 < fit_seconds(learner, 1_000) < fit_seconds(learner, 10_000) < fit_seconds(learner, 100_000)


def test_records_that_are_compared_with_each_other_take_longer_still() -> None:
    assert fit_seconds("svm", 40_000) > 3 * fit_seconds("svm", 20_000)
    assert fit_seconds("xgboost", 40_000) < 2.1 * fit_seconds("xgboost", 20_000)


@pytest.mark.parametrize("seconds", [0.01, 0.5, 3.0, 20.0, 27.0, 50.0, 109.0])
@pytest.mark.parametrize("count", [2, 4, 12, 16, 48, 960])
def test_no_step_takes_two_minutes(seconds: float, count: int) -> None:
    assert seconds * min(count, shadows_a_step(seconds, count)) <= LONGEST


@pytest.mark.parametrize(("count", "size"), [(4, 4), (12, 4), (16, 4), (48, 12), (64, 16), (1_000, MOST)])
def test_quick_fits_share_a_step_as_far_as_workers_get_their_share(count: int, size: int) -> None:
    assert shadows_a_step(0.05, count) == size


@pytest.mark.parametrize(("seconds", "size"), [(5.0, 12), (14.0, SHADOWS_PER_STEP), (40.0, 2), (60.0, 1), (3_600.0, 1)])
def test_slow_fits_take_smaller_steps(seconds: float, size: int) -> None:
    assert shadows_a_step(seconds, 64) == size
