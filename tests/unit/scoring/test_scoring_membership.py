import json
from dataclasses import replace

import numpy as np
import pytest
from scoring_world import constant, correctness, lookup, normal, scores, sides, tail_only, truth_of

from auditor.domain.evidence import MembershipScores
from auditor.domain.finding import Estimate, Outcome
from auditor.errors import AttackFailed
from auditor.scoring import score
from auditor.scoring.assess import Assessment, Grading, assess
from auditor.scoring.membership import _driver
from auditor.scoring.score import Score

GRADING = Grading(25.0)
LARGE = sides(2_000, 6_000)
MIDDLE = sides(1_500, 1_500)
SMALL = sides(150, 150)


def assessed(is_member: np.ndarray, evidence: MembershipScores, grading: Grading = GRADING) -> Assessment:
    return assess(evidence, truth_of(is_member), grading)


def test_a_lookup_scores_100_without_a_false_positive() -> None:
    found = assessed(LARGE, scores(LARGE, lookup))

    assert found.score == 100.0
    assert found.score_low is not None
    assert found.score_low > 99.0
    assert found.driver == score.TAIL


def test_a_leak_of_few_records_is_driven_by_the_tail() -> None:
    found = assessed(LARGE, scores(LARGE, tail_only(0.1)))

    assert found.driver == score.TAIL
    assert found.score == pytest.approx(100 * np.log10(100) / 3, abs=8)
    assert any("low-FPR tail" in c and "times chance" in c for c in found.caveats)


def test_a_leak_of_everybody_a_little_is_driven_by_the_bulk() -> None:
    found = assessed(LARGE, scores(LARGE, normal(0.7)))

    assert found.driver == score.BULK
    assert found.score == pytest.approx(100 * (2 * 0.6897 - 1), abs=4)
    assert any(c.startswith("The score rests on the bulk") for c in found.caveats)


def test_limits_surround_the_score_and_decide() -> None:
    found = assessed(LARGE, scores(LARGE, tail_only(0.3)))

    assert found.score is not None
    assert found.score_low is not None
    assert found.score_high is not None
    assert found.score_low < found.score < found.score_high
    assert score.judge(found, {}, 25.0)[0] is Outcome.BREACH


def test_nothing_to_find_can_pass() -> None:
    found = assessed(LARGE, scores(LARGE, normal(0.0)))

    assert found.score_low == 0.0
    assert score.judge(found, {}, 25.0)[0] is Outcome.PASS


def test_constant_answers_pass_and_say_so() -> None:
    found = assessed(LARGE, scores(LARGE, constant))

    assert (found.score, found.score_low) == (0.0, 0.0)
    assert found.score_high is not None
    assert 0.0 < found.score_high < 1.0
    assert not found.resolved
    assert "same score" in found.caveats[0]


def test_the_tail_of_the_correctness_of_labels_is_that_of_its_one_cut() -> None:
    found = assessed(LARGE, scores(LARGE, correctness(0.95, 0.8)))

    assert not found.resolved
    assert found.driver == score.BULK
    assert found.score == pytest.approx(15.0, abs=3)
    assert any(c.startswith("Ties: 80") and "finds 9" in c and "realised FPR of " in c for c in found.caveats)


def tied_at_the_top(inside: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """One member in ten and one non-member in 200 get the highest score, as of a forest whose answers are rounded."""
    return np.where(rng.random(len(inside)) < np.where(inside, 0.1, 0.005), 10.0, rng.standard_normal(len(inside)).round(1))


@pytest.mark.parametrize("pseudo", [0, 4])
def test_ties_do_not_hide_from_a_large_audit_what_a_smaller_one_shows(pseudo: int) -> None:
    smaller, larger = sides(4_000, 4_999), sides(4_000, 5_000)

    few, many = (assessed(side, scores(side, tied_at_the_top, pseudo)) for side in (smaller, larger))

    assert (few.resolved, many.resolved) == (True, False)
    for found in (few, many):
        assert score.judge(found, {}, 25.0)[0] is Outcome.BREACH
        assert found.driver == score.TAIL
    assert many.score == pytest.approx(100 * np.log10(20) / 3, abs=6)


def test_a_cut_that_ties_of_the_shadows_leave_out_of_reach_cannot_pass_what_the_oracle_sees() -> None:
    """Shadows that are surer than the target, because they are of another kind: two in a hundred records outside tie at the top."""
    evidence = scores(LARGE, tail_only(0.2))
    surer = np.where(np.random.default_rng(8).random(evidence.pseudo_targets.shape) < 0.02, 1_000.0, evidence.pseudo_targets)

    found = assessed(LARGE, replace(evidence, pseudo_targets=surer))

    assert not found.resolved
    assert found.score_high is not None
    assert found.score_high > 70.0


def test_too_few_non_members_for_a_tail_do_not_exclude_one() -> None:
    """The same leak: a twentieth of the members stands out. With 450 non-members it is not demonstrated, and is no pass."""
    few, more = sides(1_000, 450), sides(1_000, 1_000)

    unseen, seen = (assessed(side, scores(side, tail_only(0.06))) for side in (few, more))

    assert score.judge(unseen, {}, 25.0)[0] is Outcome.INCONCLUSIVE
    assert any("give more non-members and members" in c for c in unseen.caveats)
    assert score.judge(seen, {}, 25.0)[0] is Outcome.BREACH


def test_labels_alone_can_pass_with_few_records() -> None:
    """All that correctness can call members is everybody who is right, so few records exclude a tail as well."""
    side = sides(400, 400)

    assert score.judge(assessed(side, scores(side, correctness(0.9, 0.9))), {}, 25.0)[0] is Outcome.PASS


def test_unresolved_ties_of_the_oracle_say_how_many_non_members_are_tied() -> None:
    found = assessed(MIDDLE, scores(MIDDLE, correctness(1.0, 0.6), pseudo=0))

    assert any(c.startswith("Ties: 6") for c in found.caveats)


def test_inverted_scores_are_worth_nothing_and_are_named() -> None:
    found = assessed(LARGE, scores(LARGE, normal(-1.0)))

    assert (found.score, found.score_low) == (0.0, 0.0)
    assert "inverted" in found.caveats[0]


def test_without_pseudo_targets_the_oracle_is_declared() -> None:
    found = assessed(LARGE, scores(LARGE, tail_only(0.2), pseudo=0))

    assert any("oracle" in c and "no pseudo-targets" in c for c in found.caveats)
    assert found.score == pytest.approx(100 * np.log10(200) / 3, abs=6)


def test_with_pseudo_targets_nothing_is_said_about_missing_ones() -> None:
    assert not any("no pseudo-targets" in c for c in assessed(LARGE, scores(LARGE, normal(1))).caveats)


def test_few_non_members_leave_auc_alone() -> None:
    found = assessed(SMALL, scores(SMALL, lookup))

    assert not found.resolved
    assert found.driver == score.BULK
    assert any("needs at least 500 non-members; 150 are left" in c for c in found.caveats)


def test_a_target_unlike_its_shadows_is_warned_of() -> None:
    evidence = scores(LARGE, tail_only(0.2))
    unlike = replace(evidence, target=evidence.target - 18.5)

    found = assessed(LARGE, unlike)

    assert any("behave differently from the target" in c for c in found.caveats)


def test_a_miscalibrated_cut_cannot_pass_what_the_oracle_sees() -> None:
    evidence = scores(LARGE, tail_only(0.2))
    hidden = replace(evidence, target=evidence.target - 100.0)

    found = assessed(LARGE, hidden)

    assert found.score_high is not None
    assert found.score_high > 70.0
    assert score.judge(found, {}, 25.0)[0] is Outcome.INCONCLUSIVE


def test_a_loose_cut_does_not_make_a_leak() -> None:
    evidence = scores(LARGE, normal(0.0))
    loose = replace(evidence, target=evidence.target + 2.0)

    found = assessed(LARGE, loose)

    assert found.score_low == 0.0
    assert found.score is not None
    assert found.score < 10.0


def test_chance_is_no_reason_to_warn() -> None:
    warned = [
        any("behave differently" in c for c in assessed(MIDDLE, scores(MIDDLE, normal(0.5), seed=seed)).caveats)
        for seed in range(20)
    ]

    assert sum(warned) <= 1


def test_a_larger_family_widens_the_limits_of_the_score_only() -> None:
    evidence = scores(LARGE, tail_only(0.1))

    alone, shared = assessed(LARGE, evidence), assessed(LARGE, evidence, Grading(25.0, family_size=6))

    assert alone.score == shared.score
    assert alone.score_low is not None
    assert shared.score_low is not None
    assert shared.score_low < alone.score_low
    assert alone.curve == shared.curve


def test_the_assessment_is_plain_json() -> None:
    found = assessed(MIDDLE, scores(MIDDLE, normal(1)))
    document = {"scores": [found.score, found.score_low, found.score_high], "curve": dict(found.curve), "caveats": found.caveats}

    assert json.loads(json.dumps(document, allow_nan=False))["curve"] == found.curve


def test_the_same_evidence_gives_the_same_assessment() -> None:
    evidence = scores(MIDDLE, normal(1))

    one, other = assessed(MIDDLE, evidence), assessed(MIDDLE, evidence)

    assert one.estimates == other.estimates
    assert (one.score, one.score_low, one.score_high, one.caveats) == (
        other.score,
        other.score_low,
        other.score_high,
        other.caveats,
    )


def test_a_monotone_change_of_scale_changes_nothing() -> None:
    evidence = scores(MIDDLE, normal(1))
    stretched = MembershipScores(np.exp(evidence.target), np.exp(evidence.pseudo_targets), evidence.membership)

    assert assessed(MIDDLE, evidence).estimates == assessed(MIDDLE, stretched).estimates


def in_words(found: Assessment) -> list[str]:
    return [c for c in found.caveats if c.startswith("Of 100 records")]


def test_ppv_is_told_in_words() -> None:
    """What is nearly always right among as many of each is mostly wrong where members are rare."""
    found = assessed(LARGE, scores(LARGE, tail_only(0.1)))
    ppv = {e.name: e.value for e in found.estimates if e.name.startswith("ppv")}

    (sentence,) = in_words(found)

    assert sentence.startswith(
        f"Of 100 records that this attack calls members at FPR 0.1 %, {100 * (ppv['ppv@prior=0.5'] or 0):.0f} would"
    )
    assert f"{100 * (ppv['ppv@prior=0.1'] or 0):.0f} if 1 in 10 were" in sentence
    assert sentence.endswith(f"and {100 * (ppv['ppv@prior=0.01'] or 0):.0f} if 1 in 100 were.")


def test_an_attack_that_calls_nobody_a_member_has_no_words_for_it() -> None:
    assert in_words(assessed(LARGE, scores(LARGE, constant))) == []
    assert in_words(assessed(SMALL, scores(SMALL, lookup))) == []


def test_the_part_that_the_score_rests_on_is_told_last() -> None:
    assert assessed(LARGE, scores(LARGE, tail_only(0.1))).caveats[-1].startswith("The score rests on")


def test_scores_that_cannot_be_graded_are_a_sentence() -> None:
    evidence = scores(MIDDLE, normal(1))

    with pytest.raises(AttackFailed) as refused:
        assessed(MIDDLE, replace(evidence, target=np.full(len(MIDDLE), np.nan)))

    assert refused.value.sentence.endswith(".")


def test_grading_leaves_the_evidence_as_it_was() -> None:
    evidence = scores(MIDDLE, normal(1))
    before = evidence.target.copy(), evidence.pseudo_targets.copy()

    assessed(MIDDLE, evidence)

    assert (evidence.target == before[0]).all()
    assert (evidence.pseudo_targets == before[1]).all()


def test_a_score_of_0_says_why() -> None:
    """An AUC below a half is no evidence, so no score rests on it."""
    graded = Score(0.0, 0.0, 3.0, "bulk")
    told = _driver(graded, Estimate("auc", 0.347, 0.3, 0.4), None)
    assert told == "The score is 0: AUC 0.347 is not above 0.5."
