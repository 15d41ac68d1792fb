import json
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from scoring_world import copies, sides, truth_of

from auditor.attacks.stealing.twin import known_target, noise_target
from auditor.domain.attack import Query
from auditor.domain.evidence import SurrogateLabels, SurrogateValues
from auditor.domain.finding import Estimate, Outcome
from auditor.errors import AttackFailed
from auditor.scoring import score
from auditor.scoring.assess import Assessment, Grading, assess
from auditor.scoring.stealing import agreement_on_rows, agreement_on_uniform, beside_the_best_blind, normalised
from auditor.testing.world import small_value_world
from auditor.workflow.evidence_store import from_arrays, to_arrays

GRADING = Grading(25.0, seed=5)
IS_MEMBER = sides(1_000, 1_000)


def assessed(agreement: dict[int, float], without: float, grading: Grading = GRADING) -> Assessment:
    evidence, target, _ = copies(agreement)
    baseline, _, _ = copies({0: without}, seed=1)
    return assess(evidence, truth_of(IS_MEMBER, target_labels=target), grading, baseline)


def named(found: Assessment, name: str) -> Estimate:
    return next(e for e in found.estimates if e.name == name)


def test_the_score_is_the_share_of_what_was_left_to_steal() -> None:
    found = assessed({100: 0.8, 1_000: 0.95}, 0.75)

    assert found.score == pytest.approx(80.0)
    assert found.score_low is not None
    assert found.score_high is not None
    assert 70.0 < found.score_low < 80.0 < found.score_high < 90.0
    assert score.judge(found, {}, 25.0)[0] is Outcome.BREACH


def test_estimates_are_those_of_the_largest_budget() -> None:
    found = assessed({100: 0.8, 1_000: 0.95}, 0.75)

    first = ["fidelity", "baseline_fidelity", "fidelity_uniform", "queries"]
    assert [e.name for e in found.estimates][:4] == first
    assert named(found, "fidelity").value == 0.95
    assert named(found, "fidelity").n == 2_000
    assert named(found, "baseline_fidelity").value == 0.75
    assert named(found, "fidelity_uniform").value == 0.95
    assert named(found, "fidelity_uniform").n == 400
    assert named(found, "queries").value == 1_000.0


def test_the_curve_has_every_budget_with_its_limits_and_the_baseline() -> None:
    curve = assessed({100: 0.8, 500: 0.9, 1_000: 0.95}, 0.75).curve

    assert curve["queries"] == [100.0, 500.0, 1_000.0]
    assert curve["fidelity"] == [0.8, 0.9, 0.95]
    assert curve["baseline"] == [0.75] * 3
    assert all(low < f < high for low, f, high in zip(curve["low"], curve["fidelity"], curve["high"], strict=True))


def test_a_copy_as_good_as_one_without_asking_scores_0_and_passes() -> None:
    found = assessed({1_000: 0.85}, 0.85)

    assert (found.score, found.score_low) == (0.0, 0.0)
    assert score.judge(found, {}, 25.0)[0] is Outcome.PASS


def test_a_copy_that_is_worse_scores_0() -> None:
    found = assessed({1_000: 0.6}, 0.9)

    assert (found.score, found.score_low, found.score_high) == (0.0, 0.0, 0.0)


def test_a_perfect_copy_is_not_certain() -> None:
    found = assessed({1_000: 1.0}, 0.8)

    assert found.score == 100.0
    assert found.score_high == 100.0
    assert found.score_low is not None
    assert 97.0 < found.score_low < 100.0


def test_nothing_is_left_to_steal_from_a_target_that_anybody_can_guess() -> None:
    found = assessed({1_000: 1.0}, 0.995)

    assert (found.score, found.score_low, found.score_high) == (0.0, 0.0, 0.0)
    assert found.caveats == ("Nothing is left to steal: a copy made without asking agrees with the target on 99.5 % of records.",)


def test_records_that_the_target_was_not_asked_about_are_left_out() -> None:
    evidence, target, _ = copies({1_000: 0.9})
    baseline, _, _ = copies({0: 0.5}, seed=1)
    partly = np.where(np.arange(2_000) < 1_500, target, -1)

    found = assess(evidence, truth_of(IS_MEMBER, target_labels=partly), GRADING, baseline)

    assert named(found, "fidelity").n == 1_500
    assert named(found, "fidelity").value == pytest.approx(0.9, abs=0.02)


def test_only_rows_of_both_copies_are_compared() -> None:
    evidence, target, _ = copies({1_000: 0.9})
    baseline, _, _ = copies({0: 0.5}, seed=1)
    fewer = replace(baseline, rows=baseline.rows[300:][::-1], labels=baseline.labels[:, 300:][:, ::-1])
    truth = truth_of(IS_MEMBER, target_labels=target)

    matched = agreement_on_rows(evidence, fewer, truth)

    assert len(matched) == 1_700
    assert (matched.baseline == (baseline.labels[0] == target)[300:]).all()


def test_a_control_is_held_against_what_is_blind_and_agrees_most() -> None:
    """By chance that is the copy made without asking, or always giving the most frequent answer."""
    evidence, target, _ = copies({1_000: 0.9})
    baseline, _, _ = copies({0: 0.2}, seed=1)
    lopsided = np.where(np.arange(2_000) < 1_200, 0, target)

    unlucky = beside_the_best_blind(agreement_on_rows(evidence, baseline, truth_of(IS_MEMBER, target_labels=lopsided)))
    lucky = beside_the_best_blind(agreement_on_rows(evidence, evidence, truth_of(IS_MEMBER, target_labels=target)))

    assert unlucky.baseline.mean() == (lopsided == 0).mean() > 0.6
    assert lucky.baseline.mean() == pytest.approx(0.9)


def test_too_few_records_are_a_reason_and_not_a_score() -> None:
    evidence, target, _ = copies({1_000: 0.9})
    baseline, _, _ = copies({0: 0.5}, seed=1)
    hardly = np.where(np.arange(2_000) < 49, target, -1)

    found = assess(evidence, truth_of(IS_MEMBER, target_labels=hardly), GRADING, baseline)

    assert (found.score, found.resolved) == (None, False)
    assert named(found, "fidelity").reason == "needs at least 50 candidates that the target answered; 49 are left"
    assert score.judge(found, {}, 25.0)[0] is Outcome.INCONCLUSIVE


def test_without_uniform_points_nothing_is_said_about_them() -> None:
    evidence, target, _ = copies({1_000: 0.9}, uniform=0)
    baseline, _, _ = copies({0: 0.5}, seed=1, uniform=0)

    found = assess(evidence, truth_of(IS_MEMBER, target_labels=target), GRADING, baseline)

    assert [e.name for e in found.estimates][:3] == ["fidelity", "baseline_fidelity", "queries"]


def test_a_baseline_and_the_targets_answers_are_required() -> None:
    evidence, target, _ = copies({1_000: 0.9})

    with pytest.raises(AttackFailed, match="baseline did not run"):
        assess(evidence, truth_of(IS_MEMBER, target_labels=target), GRADING)
    with pytest.raises(AttackFailed, match="target's own answers"):
        assess(evidence, truth_of(IS_MEMBER), GRADING, evidence)


def test_different_uniform_points_cannot_be_compared() -> None:
    evidence, _, _ = copies({1_000: 0.9})
    baseline, _, _ = copies({0: 0.5}, uniform=10)

    with pytest.raises(AttackFailed, match="different uniform points"):
        agreement_on_uniform(evidence, baseline)


def test_agreement_on_uniform_points_is_held_against_the_classes_in_the_evidence() -> None:
    evidence, _, classes = copies({1_000: 0.9})
    baseline, _, _ = copies({0: 0.5}, seed=1)

    found = agreement_on_uniform(evidence, replace(baseline, uniform=np.full(len(classes), -1)))

    assert found.copies.mean() == pytest.approx(0.9)
    assert found.baseline.mean() == pytest.approx(0.5)


def test_pairing_narrows_the_interval_of_copies_that_err_together() -> None:
    evidence, target, _ = copies({1_000: 0.7})
    truth = truth_of(IS_MEMBER, target_labels=target)
    same, apart = copies({0: 0.7})[0], copies({0: 0.7}, seed=9)[0]

    widths = [
        (found.high - found.low) for found in (normalised(agreement_on_rows(evidence, b, truth), 0.05, 1) for b in (same, apart))
    ]

    assert widths[0] < 0.25 * widths[1]


def test_a_family_widens_the_limits_and_keeps_the_score() -> None:
    alone = assessed({1_000: 0.9}, 0.7)
    shared = assessed({1_000: 0.9}, 0.7, Grading(25.0, family_size=5, seed=5))

    assert alone.score == shared.score
    assert alone.score_low is not None
    assert shared.score_low is not None
    assert shared.score_low < alone.score_low
    assert alone.estimates == shared.estimates


def test_the_same_seed_gives_the_same_json() -> None:
    text = [
        json.dumps([a.score, a.score_low, a.score_high, dict(a.curve), [e.as_json() for e in a.estimates]], allow_nan=False)
        for a in (assessed({1_000: 0.9}, 0.7), assessed({1_000: 0.9}, 0.7))
    ]

    assert text[0] == text[1]


class TestNumbers:
    """Copies of a target that answers a number agree where they are within 1 % of its spread."""

    TARGET = np.linspace(0.0, 100.0, 400)

    def copy(self, error: float, queries: int) -> SurrogateValues:
        rows = np.arange(len(self.TARGET))
        values, points = self.TARGET + error * np.tile([1.0, -1.0], 200), np.linspace(0.0, 100.0, 50)
        return SurrogateValues(np.array([queries]), rows, values[None], points[None] + error, points)

    def assessed(self, error: float, target: NDArray[np.float64]) -> Assessment:
        truth = replace(truth_of(sides(200, 200)), target_values=target)
        return assess(self.copy(error, 100), truth, Grading(25.0), self.copy(50.0, 0))

    def test_a_copy_within_a_hundredth_of_the_spread_is_a_copy(self) -> None:
        assessed = self.assessed(0.2, self.TARGET)  # the spread is 29
        assert assessed.score == 100.0
        assert {e.name: e.value for e in assessed.estimates}["fidelity_uniform"] == 1.0

    def test_a_copy_outside_of_it_is_none(self) -> None:
        assert self.assessed(1.0, self.TARGET).score == 0.0

    def test_candidates_that_were_never_asked_do_not_count(self) -> None:
        target = np.where(np.arange(400) < 100, np.nan, self.TARGET)
        fidelity = next(e for e in self.assessed(0.2, target).estimates if e.name == "fidelity")
        assert (fidelity.value, fidelity.n) == (1.0, 300)

    def test_a_baseline_of_classes_is_refused(self) -> None:
        rows = np.arange(400)
        classes = SurrogateLabels(np.array([0]), rows, rows[None], rows[None], rows)
        truth = replace(truth_of(sides(200, 200)), target_values=self.TARGET)
        with pytest.raises(AttackFailed, match="without asking"):
            assess(self.copy(0.1, 10), truth, Grading(25.0), classes)

    def test_they_are_stored_and_read_back(self) -> None:
        copy = replace(self.copy(0.1, 10), figures={"leaves": 3.0})
        back = from_arrays(to_arrays(copy), None)
        assert isinstance(back, SurrogateValues)
        np.testing.assert_array_equal(back.values, copy.values)
        assert back.figures == {"leaves": 3.0}


@pytest.mark.parametrize("rule", [known_target, lambda a, c, k, s: noise_target(k, s)])
def test_targets_of_controls_answer_one_number_where_there_are_no_classes(rule: Callable[..., Query]) -> None:
    data = small_value_world().data
    answers = rule(data.auxiliary, data.columns, 0, 7)(data.candidates.features)
    assert answers.shape == (len(data.candidates), 1)
    assert len(np.unique(answers)) > 100
