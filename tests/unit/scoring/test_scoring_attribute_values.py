"""Figures of single values, of cases, and of the population."""

import numpy as np
import pytest
from scoring_world import ATTRIBUTE, guesses, sides

from auditor.domain.data import Sensitive
from auditor.domain.finding import Estimate, Subgroup
from auditor.scoring.assess import Assessment, Grading, assess
from auditor.scoring.attribute_values import Guessed, by_value, named

GRADING = Grading(25.0, seed=3)
IS_MEMBER = sides(800, 900)
JOB = Sensitive("job", ("job",), (("baker",), ("miner",), (None,)))


def guessed(attack: list[int], true: list[int], is_member: list[bool], imputer: list[int] | None = None) -> Guessed:
    return Guessed(np.array(attack), np.array(imputer or attack), np.array(true), np.array(is_member))


def figure(group: Subgroup, name: str) -> Estimate:
    return next(e for e in group.estimates if e.name == name)


def estimates(found: Assessment) -> dict[str, Estimate]:
    return {e.name: e for e in found.estimates}


def assessed(lean_members: float, lean_others: float, cases: np.ndarray | None = None) -> Assessment:
    attack, imputed, truth = guesses(IS_MEMBER, lean_members, lean_others, 0)
    if cases is not None:
        attack = type(attack)(attack.attribute, attack.rows, attack.scores, cases)
    return assess(attack, truth, GRADING, imputed)


def test_precision_and_recall_of_a_value_are_counted_by_hand() -> None:
    """20 bakers among the members, 12 of them found, and 4 miners taken for bakers; outside nobody is found."""
    true = [0] * 20 + [1] * 20 + [0] * 15 + [1] * 15
    attack = [0] * 12 + [1] * 8 + [0] * 4 + [1] * 16 + [1] * 30
    bakers, miners = by_value(guessed(attack, true, [True] * 40 + [False] * 30, [0] * 70), JOB, GRADING)
    assert (bakers.attribute, bakers.value, bakers.members, bakers.non_members) == ("job", "baker", 20, 15)
    assert (figure(bakers, "precision").value, figure(bakers, "precision").n) == (12 / 16, 16)
    assert (figure(bakers, "recall").value, figure(bakers, "recall").n) == (12 / 20, 20)
    assert figure(bakers, "recall_non_members").value == 0
    assert figure(bakers, "precision_non_members").reason == "fewer than 10 records"
    assert (figure(bakers, "precision_imputation").value, figure(bakers, "recall_imputation").value) == (0.5, 1.0)
    assert miners.value == "miner"
    assert all(e.low < e.value < e.high for e in bakers.estimates if e.value not in (None, 0.0, 1.0))


def test_the_sentence_says_the_three_figures() -> None:
    true = [0] * 20 + [1] * 20
    (group, _) = by_value(guessed(true, true, ([True] * 10 + [False] * 10) * 2, [1] * 40), JOB, GRADING)
    assert group.sentence.startswith("Members: precision 1.00 (0.69 to 1.00), recall 1.00 (0.69 to 1.00); non-members: ")
    assert "members without the model: precision unknown, recall 0.00 (0.00 to 0.31)." in group.sentence


@pytest.mark.parametrize("rare", [1, 9])
def test_a_value_of_few_people_is_counted_and_not_measured(rare: int) -> None:
    true = [0] * 40 + [1] * rare + [0] * 40 + [1] * 30
    side = [True] * (40 + rare) + [False] * 70
    large, together = by_value(guessed(true, true, side), JOB, GRADING)
    assert large.value == "baker"
    assert (together.value, together.members, together.non_members, together.estimates) == ("other values", rare, 30, ())
    assert "fewer than 10" in together.sentence
    assert "miner" not in together.value + together.sentence


def test_the_smallest_group_that_is_shown_has_ten_of_each() -> None:
    true = [0] * 40 + [1] * 10 + [0] * 40 + [1] * 10
    shown = by_value(guessed(true, true, [True] * 50 + [False] * 50), JOB, GRADING)
    assert [g.value for g in shown] == ["baker", "miner"]


def test_missing_is_a_value_and_one_that_was_never_seen_is_not() -> None:
    true = [2] * 30 + [-1] * 5
    found = by_value(guessed([2] * 35, true, [i % 2 == 0 for i in range(35)]), JOB, GRADING)
    assert [g.value for g in found] == ["missing", "other values"]
    assert figure(found[0], "precision").value == pytest.approx(15 / 18)
    assert named(JOB, 2) == "missing"


def test_a_finding_holds_the_groups() -> None:
    found = assessed(8.0, 0.0)
    assert {g.attribute for g in found.subgroups} == {ATTRIBUTE.name}
    assert sum(g.members for g in found.subgroups) == 800
    assert all(figure(g, "recall").value > figure(g, "recall_imputation").value for g in found.subgroups)


def test_three_figures_members_non_members_and_without_the_model() -> None:
    found = estimates(assessed(8.0, 0.0))
    assert found["accuracy"].value > 0.99
    assert found["accuracy_non_members"].value == pytest.approx(found["baseline_accuracy"].value, abs=0.06)
    assert (found["accuracy"].n, found["accuracy_non_members"].n) == (800, 900)


def test_what_is_told_of_everybody_is_knowledge_about_the_population() -> None:
    found = assessed(3.0, 3.0)
    told = estimates(found)["distributional_advantage"]
    assert told.low > 0
    assert told.n == 900
    assert found.score_low == 0
    assert any("not counted in the score" in caveat for caveat in found.caveats)


def test_without_it_nothing_is_said_of_it() -> None:
    found = assessed(8.0, 0.0)
    told = estimates(found)["distributional_advantage"]
    assert told.value == 0
    assert told.low <= 0 <= told.high
    assert not any("not counted in the score" in caveat for caveat in found.caveats)


def test_each_case_has_its_own_accuracy() -> None:
    """Case 1 is right; the others are as they were."""
    attack, imputed, truth = guesses(IS_MEMBER, 0.0, 0.0, 0)
    cases = np.where(np.arange(1_700) % 2 == 0, 1, 2)
    scores = attack.scores + 50.0 * ((cases == 1)[:, None] & (truth.attribute[:, None] == np.arange(attack.scores.shape[1])))
    found = estimates(assess(type(attack)(attack.attribute, attack.rows, scores, cases), truth, GRADING, imputed))
    assert found["accuracy@case=1"].value == found["accuracy_non_members@case=1"].value == 1.0
    assert found["accuracy@case=2"].value < 0.95
    assert found["accuracy@case=1"].n + found["accuracy@case=2"].n == 800
    assert found["accuracy@case=3"].reason == "no attacked record is of this kind"


def test_an_attack_without_cases_has_none() -> None:
    assert not any("case" in name for name in estimates(assessed(1.0, 0.0)))
