import math
from typing import Any

import pytest

from auditor.domain.finding import Control, Outcome, Severity
from auditor.domain.policy import BUILTIN, Policy
from auditor.scoring import score
from auditor.scoring.grading import Assessment, Grading
from auditor.scoring.intervals import Interval, clopper_pearson
from auditor.scoring.score import BULK, TAIL, Score
from auditor.scoring.thresholds import Rates

DEFAULT = BUILTIN["default"]
ALMOST_FAIR = Interval(0.49, 0.5, 0.51)
PASSED, FAILED, SILENT = Control(True, "."), Control(False, "."), Control(None, ".")


def assessed(low: float | None, high: float | None, **others: Any) -> Assessment:
    value = None if low is None or high is None else (low + high) / 2
    return Assessment((), value, low, high, **others)


def finding(outcome: str, value: float = 10.0, low: float = 8.0, family: str = "membership", **controls: bool) -> dict[str, Any]:
    checks = {name: {"passed": passed, "estimates": [], "sentence": "."} for name, passed in controls.items()}
    return {"family": family, "outcome": outcome, "score": value, "score_low": low, "controls": checks}


def test_scores_that_tell_when_turned_round_are_not_shown_to_be_safe() -> None:
    turned = score.membership(Interval(0.13, 0.15, 0.17), None)
    assert (turned.value, turned.low) == (0.0, 0.0)
    assert turned.high == pytest.approx(74.0)
    assert score.membership(Interval(0.47, 0.51, 0.54), None).high == pytest.approx(8.0)


def test_an_interval_that_just_reaches_a_half_excludes_no_more_than_one_that_does_not() -> None:
    assert score.membership(Interval(0.30, 0.40, 0.499), None).high == pytest.approx(40.0)
    assert score.membership(Interval(0.30, 0.40, 0.501), None).high == pytest.approx(40.0)


@pytest.mark.parametrize(
    ("tpr", "rate", "expected"),
    [
        (0.001, 0.001, 0.0),
        (0.01, 0.001, 100 / 3),
        (0.1, 0.001, 200 / 3),
        (1.0, 0.001, 100.0),
        (0.0, 0.001, 0.0),
        (0.1, 0.01, 50.0),
        (1.0, 0.01, 100.0),
    ],
)
def test_every_tenfold_counts_alike_in_the_tail(tpr: float, rate: float, expected: float) -> None:
    assert score.tail(tpr, 0.0, rate) == pytest.approx(expected)


def test_a_rate_that_was_overshot_counts_against_the_tail() -> None:
    assert score.tail(0.1, 0.01, 0.001) == pytest.approx(100 / 3)
    assert score.tail(0.1, 0.2, 0.001) == 0.0


def test_a_rate_that_was_undershot_earns_nothing() -> None:
    assert score.tail(0.1, 0.0001, 0.001) == score.tail(0.1, 0.0, 0.001)


@pytest.mark.parametrize(("auc", "expected"), [(0.5, 0.0), (0.3, 0.0), (0.75, 50.0), (1.0, 100.0)])
def test_the_bulk_is_twice_the_distance_from_chance(auc: float, expected: float) -> None:
    assert score.bulk(auc) == pytest.approx(expected)


def test_the_score_is_the_larger_part_and_names_it() -> None:
    at = Rates(0.001, Interval(0.03, 0.04, 0.05), Interval(0.0005, 0.001, 0.002))

    found = score.membership(ALMOST_FAIR, at)

    assert found.driver == TAIL
    assert found.value == pytest.approx(100 * math.log10(40) / 3)
    assert found.low == pytest.approx(100 * math.log10(0.03 / 0.002) / 3)


def test_a_wide_bulk_outweighs_an_empty_tail() -> None:
    at = Rates(0.001, clopper_pearson(0, 5_000), clopper_pearson(0, 6_000))

    found = score.membership(Interval(0.69, 0.71, 0.73), at)

    assert (found.driver, found.value, found.low) == (BULK, pytest.approx(42.0), pytest.approx(38.0))


def test_a_tail_that_is_not_resolved_is_left_out() -> None:
    assert score.membership(Interval(0.6, 0.62, 0.64), None) == Score(*(pytest.approx(v) for v in (24.0, 20.0, 28.0)), BULK)


@pytest.mark.parametrize("false_positives", [0, 3, 6, 30])
@pytest.mark.parametrize("true_positives", [0, 5, 100, 5_000])
def test_the_limits_surround_the_score(true_positives: int, false_positives: int) -> None:
    at = Rates(0.001, clopper_pearson(true_positives, 5_000), clopper_pearson(false_positives, 6_000))

    found = score.membership(ALMOST_FAIR, at)

    assert 0.0 <= found.low <= found.value <= found.high <= 100.0


def test_a_cut_that_turned_out_too_strict_does_not_lower_the_upper_limit() -> None:
    strict = Rates(0.001, clopper_pearson(0, 5_000), clopper_pearson(0, 6_000))
    oracle = Rates(0.001, clopper_pearson(500, 5_000), clopper_pearson(6, 6_000))

    found = score.membership(ALMOST_FAIR, strict, oracle)

    assert found.value < 5.0
    assert found.high > 60.0


@pytest.mark.parametrize(
    ("low", "level"),
    [
        (None, Severity.NONE),
        (0.0, Severity.NONE),
        (4.999, Severity.NONE),
        (5.0, Severity.LOW),
        (24.999, Severity.LOW),
        (25.0, Severity.MODERATE),
        (49.999, Severity.MODERATE),
        (50.0, Severity.HIGH),
        (74.999, Severity.HIGH),
        (75.0, Severity.CRITICAL),
        (100.0, Severity.CRITICAL),
    ],
)
def test_severity_is_the_level_of_the_lower_limit(low: float | None, level: Severity) -> None:
    assert score.severity(low) is level


@pytest.mark.parametrize(
    ("low", "high", "outcome"),
    [
        (25.0, 40.0, Outcome.BREACH),
        (24.9, 40.0, Outcome.INCONCLUSIVE),
        (0.0, 25.0, Outcome.INCONCLUSIVE),
        (0.0, 24.9, Outcome.PASS),
        (None, None, Outcome.INCONCLUSIVE),
    ],
)
def test_the_limits_decide_the_outcome(low: float | None, high: float | None, outcome: Outcome) -> None:
    assert score.judge(assessed(low, high), {"negative": PASSED}, 25.0)[0] is outcome


@pytest.mark.parametrize(("low", "high"), [(60.0, 80.0), (0.0, 3.0)])
def test_a_failed_control_makes_any_figure_inconclusive(low: float, high: float) -> None:
    outcome, _ = score.judge(assessed(low, high), {"negative": PASSED, "lookup_twin": FAILED}, 25.0)

    assert outcome is Outcome.INCONCLUSIVE


def test_an_expectation_gates_nothing() -> None:
    assert score.judge(assessed(60.0, 80.0), {"pseudo_targets": SILENT}, 25.0) == (Outcome.BREACH, Severity.HIGH)


def test_a_confounded_assessment_is_inconclusive() -> None:
    assert score.judge(assessed(60.0, 80.0, confounded=True), {}, 25.0)[0] is Outcome.INCONCLUSIVE


def test_a_family_without_a_level_is_only_reported() -> None:
    assert score.judge(assessed(60.0, 80.0), {"negative": FAILED}, None) == (Outcome.REPORTED, Severity.HIGH)


def test_one_breach_is_a_breach_of_the_audit() -> None:
    found = [finding("pass"), finding("breach", 71.0, 66.0), finding("inconclusive", 90.0, 10.0, "inversion")]

    assert score.audit_outcome(found, ["membership", "inversion"], DEFAULT) == (Outcome.BREACH, 71.0, Severity.HIGH)


def test_all_families_passing_is_a_pass_with_the_largest_score() -> None:
    found = [finding("pass", 6.0, 3.0), finding("pass", 12.0, 7.0, "stealing")]

    assert score.audit_outcome(found, ["membership", "stealing"], DEFAULT) == (Outcome.PASS, 12.0, Severity.LOW)


def test_an_inconclusive_family_leaves_no_score() -> None:
    found = [finding("pass"), finding("inconclusive", family="inversion")]

    assert score.audit_outcome(found, ["membership", "inversion"], DEFAULT) == (Outcome.INCONCLUSIVE, None, None)


def test_a_family_that_could_not_run_leaves_the_audit_inconclusive() -> None:
    assert score.audit_outcome([finding("pass")], ["membership", "inversion"], DEFAULT)[0] is Outcome.INCONCLUSIVE
    assert score.audit_outcome([], ["membership"], DEFAULT) == (Outcome.INCONCLUSIVE, None, None)


def test_a_family_that_was_not_asked_for_is_not_missed() -> None:
    assert score.audit_outcome([finding("pass")], ["membership"], DEFAULT)[0] is Outcome.PASS


def test_a_family_without_a_level_decides_nothing_about_the_audit() -> None:
    people = BUILTIN["people"]
    found = [finding("pass", 4.0, 1.0), finding("reported", 99.0, 98.0, "stealing")]

    assert score.audit_outcome(found, ["membership", "stealing"], people) == (Outcome.PASS, 4.0, Severity.NONE)


def test_a_policy_without_any_level_decides_nothing() -> None:
    nothing = Policy("nothing", {"membership": None})

    assert score.audit_outcome([finding("reported")], ["membership"], nothing) == (Outcome.INCONCLUSIVE, None, None)


def test_an_attack_that_fails_its_positive_control_is_set_aside_while_another_decides() -> None:
    blind = finding("inconclusive", lookup_twin=False, negative=True)

    assert score.audit_outcome([blind, finding("pass", lookup_twin=True)], ["membership"], DEFAULT)[0] is Outcome.PASS
    assert score.audit_outcome([blind], ["membership"], DEFAULT)[0] is Outcome.INCONCLUSIVE


def test_an_attack_that_also_fails_its_negative_control_is_not_set_aside() -> None:
    unsound = finding("inconclusive", lookup_twin=False, negative=False)

    assert score.audit_outcome([unsound, finding("pass")], ["membership"], DEFAULT)[0] is Outcome.INCONCLUSIVE


def test_an_open_interval_is_not_blindness() -> None:
    open_ended = finding("inconclusive", lookup_twin=True, negative=True)

    assert score.audit_outcome([open_ended, finding("pass")], ["membership"], DEFAULT)[0] is Outcome.INCONCLUSIVE


def test_the_error_is_shared_by_family_and_looks() -> None:
    grading = Grading(25.0, family_size=4, look_share=0.5)

    assert grading.marginal_alpha == pytest.approx(0.05)
    assert grading.alpha == pytest.approx(0.05 / 8)
    assert grading.is_simultaneous
    assert not Grading(25.0).is_simultaneous
