"""How many shadows a step trains."""

import pytest

from auditor.learners import LEARNERS
from auditor.workflow.chunks import (
    FIRST,
    FIT_SECONDS_PER_1000,
    LONGEST,
    MOST,
    SHADOWS_PER_STEP,
    Fits,
    fit_seconds,
    fits,
    shadows_a_step,
)


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


class TestTimedFirstFit:
    """Where the price beforehand is not relied on, the first shadow is trained alone and the others are cut by what it took."""

    def covered(self, fit: Fits, indices: range) -> list[int]:
        return [i for chunk in fit.chunks(indices) for i in chunk]

    def test_quick_shadows_of_a_usual_learner_are_not_timed(self) -> None:
        fit = fits("xgboost", {}, 10_000, 16, {})
        assert not fit.is_timed
        assert self.covered(fit, range(16)) == list(range(16))

    @pytest.mark.parametrize(
        ("learner", "params", "candidates", "shadows"),
        [("xgboost", {"n_estimators": 2_000}, 1_000, 4), ("xgboost", {}, 20_000, 1_024), ("random-forest", {}, 20_000, 64)],
    )
    def test_what_may_take_long_begins_with_one(self, learner: str, params: dict[str, int], candidates: int, shadows: int) -> None:
        assert list(fits(learner, params, candidates, shadows, {}).chunks(range(shadows))) == [range(1)]

    @pytest.mark.parametrize("seconds", [0.01, 1.0, 7.5, 30.0, 100.0])
    def test_the_rest_is_cut_by_what_was_measured_and_stays_below_two_minutes(self, seconds: float) -> None:
        fit = fits("xgboost", {"n_estimators": 500}, 1_000, 64, {FIRST: {"seconds_a_fit": seconds}})
        assert sorted(self.covered(fit, range(64))) == list(range(64))
        assert max(seconds * len(chunk) for chunk in fit.chunks(range(64))) <= LONGEST

    def test_slow_fits_make_more_steps_than_quick_ones(self) -> None:
        quick, slow = (fits("mlp", {"alpha": 1.0}, 1_000, 64, {FIRST: {"seconds_a_fit": s}}) for s in (0.1, 50.0))
        assert len(list(slow.chunks(range(64)))) > 4 * len(list(quick.chunks(range(64))))

    def test_later_looks_are_cut_by_the_same_measurement(self) -> None:
        fit = fits("xgboost", {"n_estimators": 500}, 1_000, 64, {FIRST: {"seconds_a_fit": 50.0}})
        assert [len(chunk) for chunk in fit.chunks(range(16, 64))] == [2] * 24

    def test_a_first_shadow_that_was_in_store_tells_nothing_and_the_expectation_holds(self) -> None:
        fit = fits("xgboost", {"n_estimators": 500}, 1_000, 16, {FIRST: {"trained": 0}})
        assert fit.seconds == fit_seconds("xgboost", 1_000)
        assert self.covered(fit, range(16)) == list(range(16))
