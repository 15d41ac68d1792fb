"""The bulk of the score of attributes: the interval of the gain in accuracy, and how it joins the tail."""

import numpy as np
import pytest
from scoring_world import guesses, sides

from auditor.domain.evidence import AttributeGuesses
from auditor.report.findings import KEYS
from auditor.report.weight import telling
from auditor.scoring.assess import Assessment, Grading, assess
from auditor.scoring.attribute_bulk import Right, accuracy_advantage
from auditor.scoring.grading import NOTHING, Truth
from auditor.scoring.intervals import Interval, difference, paired_difference, wilson

IS_MEMBER = sides(400, 400)
RUNS = 400


def first_told(found: Assessment) -> str:
    """The figure that a report tells of it before others."""
    told = {"caveats": found.caveats, "estimates": [{"name": e.name, "value": e.value} for e in found.estimates]}
    return str(telling(told, KEYS["inversion"])[0]["name"])


def answers(*counts: int) -> tuple[np.ndarray, np.ndarray]:
    """Two yes-no answers of which so many are both, the first alone, the second alone, and neither."""
    kinds = np.repeat(np.arange(4), counts)
    return kinds < 2, (kinds == 0) | (kinds == 2)


def test_a_paired_difference_of_answers_without_a_relation_is_that_of_independent_shares() -> None:
    first, second = answers(20, 20, 30, 30)  # 40 % and 50 %, correlation 0
    apart = difference(wilson(40, 100), wilson(50, 100))
    assert paired_difference(first, second) == apart
    assert apart.value == pytest.approx(-0.1)


def test_answers_that_mostly_agree_are_told_apart_more_sharply() -> None:
    first, second = answers(40, 10, 2, 48)
    paired, apart = paired_difference(first, second), difference(wilson(50, 100), wilson(42, 100))
    assert paired.value == pytest.approx(0.08)
    assert paired.high - paired.low < 0.6 * (apart.high - apart.low)
    assert paired.low > 0 > apart.low


@pytest.mark.parametrize("counts", [(50, 0, 0, 0), (0, 0, 0, 50), (30, 0, 0, 20), (0, 50, 0, 0), (0, 30, 20, 0)])
def test_the_limits_hold_the_difference_at_every_extreme(counts: tuple[int, int, int, int]) -> None:
    found = paired_difference(*answers(*counts))
    assert -1 <= found.low <= found.value <= found.high <= 1


def test_turning_the_answers_round_turns_the_interval_round() -> None:
    first, second = answers(40, 10, 2, 48)
    there, back = paired_difference(first, second), paired_difference(second, first)
    assert (back.low, back.value, back.high) == pytest.approx((-there.high, -there.value, -there.low))


def test_the_paired_interval_holds_the_truth_as_often_as_it_says() -> None:
    shares = np.array([0.3, 0.2, 0.1, 0.4])
    drawn = np.random.default_rng(0).multinomial(200, shares, RUNS)
    held = sum(i.low <= 0.1 <= i.high for i in (paired_difference(*answers(*counts)) for counts in drawn))
    assert held >= 0.93 * RUNS


def right(ours: float, guessed: float, others: float, seed: int, n: int = 300) -> Right:
    rng = np.random.default_rng(seed)
    return Right(rng.random(n) < ours, rng.random(n) < guessed, rng.random(n) < others)


@pytest.mark.parametrize(("guessed", "others"), [(0.4, 0.4), (0.4, 0.2), (0.2, 0.4)])
def test_without_a_leak_the_lower_limit_is_above_nothing_in_at_most_its_share_of_runs(guessed: float, others: float) -> None:
    """Members are guessed as often as the better rival guesses: 2.5 % of 400, and two standard errors."""
    above = sum(accuracy_advantage(right(0.4, guessed, others, seed), 0.05).low > 0 for seed in range(RUNS))
    assert above <= 0.025 * RUNS + 2 * np.sqrt(0.025 * 0.975 * RUNS)


def test_the_gain_is_over_the_better_rival() -> None:
    made = right(0.6, 0.2, 0.5, 1, 2_000)
    ours, _, others = made.shares
    assert accuracy_advantage(made, 0.05).value == pytest.approx(ours - others)
    assert made.best == others
    assert accuracy_advantage(right(0.6, 0.5, 0.2, 1, 2_000), 0.05).value == pytest.approx(0.1, abs=0.04)


def graded(attack: AttributeGuesses, imputed: AttributeGuesses, truth: Truth, level: Grading | None = None) -> Assessment:
    return assess(attack, truth, level or Grading(25.0, seed=3), imputed)


def mostly_known() -> tuple[AttributeGuesses, AttributeGuesses, Truth]:
    """Of three in four people the imputer is certain, and right; of the others it knows shares, and the attack knows members."""
    attack, imputed, truth = guesses(IS_MEMBER, 0.0)
    assert truth.attribute is not None
    told = 30.0 * (truth.attribute[:, None] == np.arange(3))
    sure = (np.arange(800) % 4 > 0)[:, None]
    base = np.where(sure, told, imputed.scores)
    leaked = np.where(sure, told, imputed.scores + 10.0 * (told > 0) * IS_MEMBER[:, None])
    return AttributeGuesses(attack.attribute, attack.rows, leaked), AttributeGuesses(attack.attribute, imputed.rows, base), truth


def test_a_leak_shows_where_the_surest_claims_are_right_without_the_model() -> None:
    attack, imputed, truth = mostly_known()
    found = graded(attack, imputed, truth)
    told = {e.name: e for e in found.estimates}
    assert told["precision@k_imputation"].value == 1.0
    assert told["advantage_over_imputation"].value == 0.0
    assert found.driver == "bulk"
    assert found.score == pytest.approx(100.0)
    assert (found.score_low or 0.0) > 50
    assert any(c.startswith("The score rests on the bulk: 100.0 % of members are guessed right") for c in found.caveats)
    assert first_told(found) == "accuracy_advantage"


def test_the_same_guesses_without_a_leak_score_nothing() -> None:
    _attack, imputed, truth = mostly_known()
    found = graded(imputed, imputed, truth)
    assert (found.score, found.score_low) == (0.0, 0.0)
    assert any(c.startswith("The score is 0: of the surest claims 100.0 % are right about members") for c in found.caveats)


def test_few_sure_claims_drive_the_tail() -> None:
    """Of a tenth of the members everything is known, for which the rest pays: their guesses are wrong."""
    attack, imputed, truth = guesses(IS_MEMBER, 0.0)
    assert truth.attribute is not None
    named = (np.cumsum(IS_MEMBER & (truth.attribute > 0)) <= 60) & IS_MEMBER & (truth.attribute > 0)
    sure = 30.0 * (truth.attribute[:, None] == np.arange(3)) * named[:, None]
    flat = np.where(named[:, None], sure, np.array([0.1, 0.0, 0.0]))
    found = graded(AttributeGuesses(attack.attribute, attack.rows, flat), imputed, truth)
    assert found.driver == "tail"
    assert any(c.startswith("The score rests on the tail: of the surest claims") for c in found.caveats)
    assert first_told(found) == "advantage_over_imputation"


def test_each_lower_limit_has_half_of_the_error_level() -> None:
    """Only the bulk is left, so the demonstrated score is its limit at half the level, and the upper one its limit at all of it."""
    attack, imputed, truth = mostly_known()
    found = graded(attack, imputed, truth)
    inside = IS_MEMBER
    ours, theirs = (made.scores.argmax(axis=1) == truth.attribute for made in (attack, imputed))
    made = Right(ours[inside], theirs[inside], ours[~inside])
    half: Interval = accuracy_advantage(made, 0.025)
    assert found.score_low == pytest.approx(100 * half.low / (1 - made.best))
    assert half.low < accuracy_advantage(made, 0.05).low


def test_where_everybody_is_guessed_right_anyway_neither_part_is_left() -> None:
    attack, _imputed, truth = guesses(IS_MEMBER, 50.0, 50.0)
    found = graded(attack, attack, truth)
    assert found.driver == NOTHING
    assert any("100 % of all guesses, are right already" in c for c in found.caveats)
