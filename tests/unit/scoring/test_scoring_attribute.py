import json
from dataclasses import replace

import numpy as np
import pytest
from scoring_world import ATTRIBUTE, guesses, sides, truth_of

from auditor.domain.evidence import AttributeGuesses
from auditor.domain.finding import Estimate, Outcome
from auditor.errors import AttackFailed
from auditor.scoring import score
from auditor.scoring.assess import Assessment, Grading, assess
from auditor.scoring.attribute import aligned, arms_of

GRADING = Grading(25.0, seed=3)
IS_MEMBER = sides(800, 900)


def assessed(lean_members: float, lean_others: float = 0.0, seed: int = 0, grading: Grading = GRADING) -> Assessment:
    attack, imputed, truth = guesses(IS_MEMBER, lean_members, lean_others, seed)
    return assess(attack, truth, grading, imputed)


def named(found: Assessment, name: str) -> Estimate:
    return next(e for e in found.estimates if e.name == name)


def test_every_estimate_has_its_name_and_interval() -> None:
    found = assessed(2.0)

    assert [e.name for e in found.estimates] == [
        "accuracy",
        "accuracy_non_members",
        "baseline_accuracy",
        "accuracy_advantage",
        "precision@k",
        "precision@k_non_members",
        "precision@k_imputation",
        "advantage_over_imputation",
        "distributional_advantage",
    ]
    for estimate in found.estimates:
        assert estimate.value is not None
        assert estimate.low is not None
        assert estimate.high is not None
        assert estimate.low <= estimate.value <= estimate.high


def test_a_model_that_tells_everything_about_its_members_scores_100() -> None:
    found = assessed(50.0)

    assert named(found, "precision@k").value == 1.0
    assert found.score == pytest.approx(100.0)
    assert found.score_low is not None
    assert 75.0 < found.score_low < 100.0
    best = max(named(found, "precision@k_non_members").value or 0, named(found, "precision@k_imputation").value or 0)
    assert named(found, "advantage_over_imputation").value == pytest.approx(1 - best)


def test_a_model_that_adds_nothing_to_imputation_scores_0_and_passes() -> None:
    found = assessed(0.0)

    assert (found.score, found.score_low) == (0.0, 0.0)
    assert score.judge(found, {}, 25.0)[0] is Outcome.PASS


def test_what_is_told_of_everybody_alike_is_no_leak_of_members() -> None:
    found = assessed(3.0, 3.0)

    assert (named(found, "precision@k").value or 0) > (named(found, "precision@k_imputation").value or 0) + 0.3
    assert found.score_low == 0.0
    assert found.score is not None
    assert found.score < 25.0


def test_accuracy_counts_members_only() -> None:
    attack, imputed, truth = guesses(IS_MEMBER, 50.0)

    found = assess(attack, truth, GRADING, imputed)

    assert named(found, "accuracy").value == 1.0
    assert named(found, "accuracy").n == 800
    expected = (imputed.scores.argmax(axis=1) == truth.attribute)[IS_MEMBER].mean()
    assert named(found, "baseline_accuracy").value == pytest.approx(expected)


@pytest.mark.parametrize(("members", "k"), [(800, 100), (300, 60), (50, 10), (20_000, 200)])
def test_k_is_100_or_one_percent_but_at_most_a_fifth(members: int, k: int) -> None:
    attack, imputed, truth = guesses(sides(members, 60), 1.0)

    assert aligned(attack, imputed, truth).k == k


def test_non_members_are_compared_at_the_same_share() -> None:
    attack, imputed, truth = guesses(sides(800, 400), 1.0)

    arms = arms_of(aligned(attack, imputed, truth))

    assert arms.k == 100
    assert arms.k_non_members == 50.0


def test_the_commonest_value_is_that_of_the_non_members() -> None:
    attack, imputed, truth = guesses(IS_MEMBER, 1.0)
    assert truth.attribute is not None
    turned = np.where(IS_MEMBER, truth.attribute, np.where(truth.attribute == 0, 2, truth.attribute))

    assert aligned(attack, imputed, replace(truth, attribute=turned)).common == 2
    assert aligned(attack, imputed, truth).common == 0


def test_the_caveat_names_k_and_the_value_that_is_left_out() -> None:
    assert any("k = 100" in c and "(none)" in c for c in assessed(1.0).caveats)


def test_an_attack_that_guesses_the_commonest_value_for_all_discloses_nothing() -> None:
    attack, imputed, truth = guesses(IS_MEMBER, 0.0)
    flat = replace(attack, scores=np.tile([5.0, 0.0, 0.0], (len(IS_MEMBER), 1)))

    found = assess(flat, truth, GRADING, imputed)

    assert named(found, "accuracy").value == pytest.approx(0.6, abs=0.05)
    assert found.score_low == 0.0


def test_nothing_is_left_to_leak_where_imputation_knows_all() -> None:
    attack, _imputed, truth = guesses(IS_MEMBER, 50.0, 50.0)

    found = assess(attack, truth, GRADING, attack)

    assert (found.score, found.score_low, found.score_high) == (0.0, 0.0, 0.0)
    assert any(c.startswith("Nothing is left to leak") for c in found.caveats)


@pytest.mark.parametrize(("members", "others"), [(49, 500), (500, 49)])
def test_too_few_records_are_a_reason_and_not_a_score(members: int, others: int) -> None:
    attack, imputed, truth = guesses(sides(members, others), 5.0)

    found = assess(attack, truth, GRADING, imputed)

    assert (found.score, found.resolved) == (None, False)
    reason = named(found, "precision@k").reason
    assert reason is not None
    assert reason.startswith("needs at least 50 attacked members and 50 attacked non-members;")
    assert score.judge(found, {}, 25.0)[0] is Outcome.INCONCLUSIVE


def test_only_the_records_that_both_guessed_about_are_graded() -> None:
    attack, imputed, truth = guesses(IS_MEMBER, 2.0)
    fewer = AttributeGuesses(ATTRIBUTE, imputed.rows[200:], imputed.scores[200:])

    found = aligned(attack, fewer, truth)

    assert len(found.true) == len(IS_MEMBER) - 200
    assert (found.attack == attack.scores[200:]).all()


def test_rows_in_another_order_are_matched() -> None:
    attack, imputed, truth = guesses(IS_MEMBER, 2.0)
    order = np.random.default_rng(1).permutation(len(IS_MEMBER))
    shuffled = AttributeGuesses(ATTRIBUTE, imputed.rows[order], imputed.scores[order])

    assert assess(attack, truth, GRADING, shuffled).estimates == assess(attack, truth, GRADING, imputed).estimates


def test_values_that_the_adversary_never_saw_are_never_right() -> None:
    attack, imputed, _truth = guesses(IS_MEMBER, 50.0)
    unseen = truth_of(IS_MEMBER, attribute=np.full(len(IS_MEMBER), -1))

    found = assess(attack, unseen, GRADING, imputed)

    assert named(found, "accuracy").value == 0.0
    assert found.score == 0.0


def test_a_baseline_is_required() -> None:
    attack, imputed, truth = guesses(IS_MEMBER, 1.0)

    with pytest.raises(AttackFailed, match="baseline did not run"):
        assess(attack, truth, GRADING)
    with pytest.raises(AttackFailed, match="different records"):
        assess(attack, truth, GRADING, replace(imputed, rows=imputed.rows + 10_000))


def test_scores_that_are_not_numbers_are_refused() -> None:
    attack, imputed, truth = guesses(IS_MEMBER, 1.0)

    with pytest.raises(AttackFailed, match="NaN"):
        assess(replace(attack, scores=np.full_like(attack.scores, np.nan)), truth, GRADING, imputed)


def test_impossible_values_may_score_minus_infinity() -> None:
    attack, imputed, truth = guesses(IS_MEMBER, 0.0)
    hard = attack.scores.copy()
    hard[:, 2] = -np.inf

    found = assess(replace(attack, scores=hard), truth, GRADING, imputed)

    assert found.score_low == 0.0
    assert all(np.isfinite(e.value) for e in found.estimates if e.value is not None)


def test_a_family_of_attributes_widens_the_limits() -> None:
    alone, shared = assessed(2.0), assessed(2.0, grading=Grading(25.0, family_size=5, seed=3))

    assert alone.score == shared.score
    assert alone.score_low is not None
    assert shared.score_low is not None
    assert shared.score_low < alone.score_low
    assert named(alone, "precision@k") == named(shared, "precision@k")


def test_the_same_seed_gives_the_same_assessment_as_json() -> None:
    one, other = assessed(1.5), assessed(1.5)

    text = [
        json.dumps([a.score, a.score_low, a.score_high, [e.as_json() for e in a.estimates]], allow_nan=False) for a in (one, other)
    ]

    assert text[0] == text[1]
