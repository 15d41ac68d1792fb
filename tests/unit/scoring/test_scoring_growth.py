"""When a growing pool of shadows has grown enough: the stated rule, case by case."""

from typing import Any

import pytest

from auditor.domain.finding import Outcome, Severity
from auditor.domain.policy import Policy
from auditor.scoring.growth import STEADY, Sight, growth, sight

POLICY = Policy("ours", {"membership": 25.0, "inversion": 25.0})
PLANNED = 3


def finding(outcome: str, low: float | None, high: float | None, **changes: Any) -> dict[str, Any]:
    plain = {"family": "membership", "outcome": outcome, "score": low, "score_low": low, "score_high": high, "controls": {}}
    return plain | changes


def failing(*names: str) -> dict[str, dict[str, Any]]:
    return {name: {"passed": False} for name in names}


def seen(shadows: int, outcome: str, low: float, high: float, **changes: Any) -> Sight | None:
    return sight(shadows, [finding(outcome, low, high, **changes)], POLICY)


class TestSight:
    def test_the_family_speaks_with_one_verdict_and_its_largest_limits(self) -> None:
        found = sight(16, [finding("pass", 3.0, 20.0), finding("breach", 30.0, 44.0), finding("inconclusive", 60.0, 99.0)], POLICY)
        assert found == Sight(16, Outcome.BREACH, Severity.MODERATE, 30.0, 44.0, False)
        assert found.width == 14.0

    def test_other_families_have_no_say(self) -> None:
        assert sight(4, [finding("breach", 90.0, 99.0, family="inversion")], POLICY) is None

    def test_one_open_attack_leaves_the_family_open(self) -> None:
        found = sight(4, [finding("pass", 1.0, 9.0), finding("inconclusive", 9.0, 40.0)], POLICY)
        assert found is not None
        assert (found.outcome, found.is_open) == (Outcome.INCONCLUSIVE, True)

    def test_an_attack_that_failed_its_own_twin_holds_nobody_up(self) -> None:
        found = sight(4, [finding("pass", 1.0, 9.0), finding("inconclusive", 0.0, 90.0, controls=failing("lookup_twin"))], POLICY)
        assert found is not None
        assert (found.outcome, found.is_open) == (Outcome.PASS, False)

    @pytest.mark.parametrize(("check", "is_open"), [("negative", True), ("random_answers", False), ("blind_baseline", False)])
    def test_a_failed_check_leaves_the_verdict_open_if_shadows_have_a_part_in_it(self, check: str, is_open: bool) -> None:
        found = seen(4, "inconclusive", 5.0, 50.0, controls=failing(check))
        assert found is not None
        assert found.is_open is is_open

    def test_without_a_level_severity_and_width_are_all_there_is(self) -> None:
        found = sight(4, [finding("reported", 30.0, 40.0)], Policy("report", {"membership": None}))
        assert found == Sight(4, Outcome.REPORTED, Severity.MODERATE, 30.0, 40.0, False)

    def test_a_score_that_could_not_be_told_is_anything(self) -> None:
        found = seen(4, "inconclusive", None, None)  # type: ignore[arg-type]
        assert found is not None
        assert (found.low, found.high, found.is_open) == (0.0, 100.0, True)


class TestGrowth:
    def test_two_looks_that_agree_are_enough(self) -> None:
        found = growth([seen(4, "pass", 2.0, 14.0), seen(16, "pass", 3.0, 12.0)], PLANNED)
        assert not found.grows
        assert "It took 16 shadow models" in found.sentence
        assert "with 4 and with 16 the verdict is the same (pass, severity none)" in found.sentence
        assert "9.0 points wide after 12.0" in found.sentence

    @pytest.mark.parametrize(("outcome", "low", "high"), [("pass", 0.0, 9.0), ("breach", 30.0, 40.0), ("breach", 74.9, 80.0)])
    def test_one_look_is_not(self, outcome: str, low: float, high: float) -> None:
        found = growth([seen(4, outcome, low, high)], PLANNED)
        assert found.grows
        assert "More than 4" in found.sentence

    def test_the_highest_severity_needs_no_second_look(self) -> None:
        found = growth([seen(4, "breach", 75.0, 90.0)], PLANNED)
        assert not found.grows
        assert "highest severity" in found.sentence

    @pytest.mark.parametrize(("change", "grows"), [(STEADY, False), (STEADY + 0.1, True), (-STEADY, False), (-STEADY - 0.1, True)])
    def test_a_width_that_still_changes_asks_for_more(self, change: float, grows: bool) -> None:
        assert growth([seen(4, "breach", 30.0, 45.0), seen(16, "breach", 30.0, 45.0 + change)], PLANNED).grows is grows

    @pytest.mark.parametrize("before", [("pass", 2.0, 24.0), ("breach", 51.0, 73.0), ("inconclusive", 20.0, 42.0)])
    def test_a_verdict_that_changed_asks_for_more(self, before: tuple[str, float, float]) -> None:
        found = growth([seen(4, *before), seen(16, "breach", 30.0, 52.0)], PLANNED)
        assert found.grows
        assert "went from" in found.sentence

    def test_an_open_verdict_grows_however_steady_it_is(self) -> None:
        looks = [seen(4, "inconclusive", 20.0, 30.0), seen(16, "inconclusive", 20.0, 30.0)]
        assert growth(looks, PLANNED).grows
        last = growth([*looks, seen(64, "inconclusive", 20.0, 30.0)], PLANNED)
        assert not last.grows
        assert "the most that are planned; the verdict is still open" in last.sentence

    def test_what_shadows_cannot_repair_does_not_grow(self) -> None:
        found = growth([seen(4, "inconclusive", 20.0, 30.0, controls=failing("random_answers"))], PLANNED)
        assert not found.grows
        assert "does not depend on shadow models" in found.sentence

    def test_where_nothing_could_be_graded_nothing_grows(self) -> None:
        assert not growth([None], PLANNED).grows

    def test_a_look_that_failed_agrees_with_nobody(self) -> None:
        assert growth([None, seen(16, "pass", 0.0, 9.0)], PLANNED).grows
