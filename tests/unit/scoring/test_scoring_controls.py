import json
from dataclasses import replace

import numpy as np
import pytest
from scoring_world import ATTRIBUTE, constant, copies, correctness, guesses, lookup, normal, scores, sides, truth_of

from auditor.domain.evidence import AttributeGuesses, MembershipScores
from auditor.domain.finding import Control
from auditor.scoring import controls
from auditor.scoring.assess import Assessment, Grading, assess
from auditor.scoring.thresholds import ORACLE

GRADING = Grading(25.0, seed=4)
IS_MEMBER = sides(1_000, 1_500)
TRUTH = truth_of(IS_MEMBER)


def harder_non_members(strength: float) -> MembershipScores:
    """Even pseudo-targets score members of the real target higher: the two sides come from different draws."""
    fair = scores(IS_MEMBER, normal(0.5), pseudo=8)
    return replace(fair, pseudo_targets=fair.pseudo_targets + strength * IS_MEMBER)


def test_a_random_split_passes_the_negative_control() -> None:
    found = controls.negative(scores(IS_MEMBER, normal(2.0), pseudo=8), TRUTH, GRADING)

    assert found.passed is True
    (auc,) = found.estimates
    assert auc.value == pytest.approx(0.5, abs=0.02)
    assert auc.low is not None
    assert auc.high is not None
    assert auc.low < 0.5 < auc.high
    assert auc.confidence == 0.99


def test_sides_that_differ_by_themselves_fail_it_and_the_sentence_says_what_to_change() -> None:
    found = controls.negative(harder_non_members(0.5), TRUTH, GRADING)

    assert found.passed is False
    assert "one random split" in found.sentence


def test_it_fails_in_either_direction() -> None:
    assert controls.negative(harder_non_members(-0.5), TRUTH, GRADING).passed is False


def test_a_leak_of_the_target_itself_does_not_fail_it() -> None:
    assert controls.negative(scores(IS_MEMBER, lookup, pseudo=8), TRUTH, GRADING).passed is True


def test_more_pseudo_targets_see_a_smaller_difference() -> None:
    shifted = harder_non_members(0.12)
    few = MembershipScores(shifted.target, shifted.pseudo_targets[:1], shifted.membership[:1])

    widths = [
        (found.estimates[0].high or 0) - (found.estimates[0].low or 0)
        for found in (controls.negative(e, TRUTH, GRADING) for e in (few, shifted))
    ]

    assert widths[1] < 0.6 * widths[0]


def test_the_error_of_the_negative_control_is_shared_by_the_family() -> None:
    evidence = scores(IS_MEMBER, normal(0.5), pseudo=8)
    alone = controls.negative(evidence, TRUTH, GRADING).estimates[0]
    shared = controls.negative(evidence, TRUTH, Grading(25.0, family_size=4)).estimates[0]

    assert shared.confidence == pytest.approx(1 - 0.01 / 4)
    assert shared.low is not None
    assert alone.low is not None
    assert shared.low < alone.low


@pytest.mark.parametrize("signal", [constant, correctness(0.9, 0.9)])
def test_coarse_scores_pass_it(signal) -> None:
    assert controls.negative(scores(IS_MEMBER, signal, pseudo=4), TRUTH, GRADING).passed is True


def test_without_pseudo_targets_two_controls_say_that_they_could_not_look() -> None:
    evidence = scores(IS_MEMBER, normal(1.0), pseudo=0)

    for found in (controls.negative(evidence, TRUTH, GRADING), controls.pseudo_targets(evidence, TRUTH, GRADING)):
        assert found.passed is None
        assert found.estimates == ()
        assert "Without shadow models" in found.sentence


def test_the_lookup_twin_is_found_by_a_working_attack() -> None:
    found = controls.lookup_twin(assess(scores(IS_MEMBER, lookup), TRUTH, GRADING))

    assert found.passed is True
    assert "100" in found.sentence


def test_the_lookup_twin_is_missed_by_a_blind_attack() -> None:
    found = controls.lookup_twin(assess(scores(IS_MEMBER, normal(0.0)), TRUTH, GRADING))

    assert found.passed is False
    assert "means nothing" in found.sentence


@pytest.mark.parametrize(("low", "passed"), [(None, False), (0.0, False), (4.99, False), (5.0, True), (80.0, True)])
def test_the_lookup_twin_has_to_score_at_least_5(low: float | None, passed: bool) -> None:
    assert controls.lookup_twin(Assessment((), low, low, low)).passed is passed


def test_the_lookup_twin_does_not_apply_where_guessing_is_right_already() -> None:
    attack, _, truth = guesses(IS_MEMBER, 50.0, 50.0)

    found = controls.lookup_twin(assess(attack, truth, GRADING, attack))

    assert found.passed is None
    assert "adds nothing" in found.sentence


def test_the_expectation_says_that_training_varies_beyond_the_intervals() -> None:
    found = controls.pseudo_targets(scores(IS_MEMBER, normal(1.0), pseudo=8), TRUTH, GRADING)

    auc = found.estimates[0]
    assert f"AUC {auc.low:.3f} to {auc.high:.3f} (median {auc.value:.3f})" in found.sentence
    assert "TPR at 1 % FPR " in found.sentence
    assert "over records, for this one target" in found.sentence
    assert "Fewer than 5" not in found.sentence


def test_few_pseudo_targets_are_said_to_be_few() -> None:
    assert "Fewer than 5 models" in controls.pseudo_targets(scores(IS_MEMBER, normal(1.0), pseudo=4), TRUTH, GRADING).sentence


def test_the_expectation_is_the_median_over_pseudo_targets_with_their_spread() -> None:
    evidence = scores(IS_MEMBER, normal(1.0), pseudo=8)

    found = controls.pseudo_targets(evidence, TRUTH, GRADING)

    auc, tpr = found.estimates
    assert found.passed is None
    assert auc.value == pytest.approx(0.7602, abs=0.01)
    assert auc.low is not None
    assert auc.high is not None
    assert auc.low < auc.value < auc.high
    assert auc.confidence == pytest.approx(1 - 2**-7)
    assert (tpr.name, tpr.threshold) == ("tpr@fpr=0.01", ORACLE)
    assert tpr.value == pytest.approx(0.0924, abs=0.03)
    assert "not a check" in found.sentence


def test_the_expectation_does_not_depend_on_the_real_target() -> None:
    quiet = scores(IS_MEMBER, normal(0.0), pseudo=6, at_home=normal(1.0))

    found = controls.pseudo_targets(quiet, TRUTH, GRADING)

    assert found.estimates[0].value == pytest.approx(0.76, abs=0.02)


def test_few_non_members_leave_the_expected_auc() -> None:
    small = sides(100, 100)

    found = controls.pseudo_targets(scores(small, normal(1.0)), truth_of(small), GRADING)

    assert [e.name for e in found.estimates] == ["auc"]


def test_imputation_that_does_alike_on_both_sides_passes() -> None:
    attack, imputed, truth = guesses(IS_MEMBER, 50.0)

    found = controls.attribute_negative(attack, imputed, truth, GRADING)

    assert found.passed is True
    assert found.estimates[0].name == "accuracy_difference"
    assert "(difference −3.9 pp, −9.1 to +1.2 pp)" in found.sentence


def test_imputation_that_does_better_on_one_side_fails() -> None:
    attack, _imputed, truth = guesses(IS_MEMBER, 1.5)

    found = controls.attribute_negative(attack, attack, truth, GRADING)

    assert found.passed is False
    assert "differ by themselves" in found.sentence
    assert (found.estimates[0].value or 0) > 0.05


def test_one_attacked_side_alone_is_no_comparison() -> None:
    attack, imputed, truth = guesses(IS_MEMBER, 1.0)
    only = np.flatnonzero(IS_MEMBER)
    some = [AttributeGuesses(ATTRIBUTE, only, e.scores[only]) for e in (attack, imputed)]

    assert controls.attribute_negative(some[0], some[1], truth, GRADING).passed is None


def stealing_controls(known: float, noise: float) -> dict[str, Control]:
    baseline = copies({0: 0.4}, seed=7)[0]
    copied, rule, _ = copies({1_000: known})
    return controls.stealing(copied, copies({1_000: noise}, seed=8)[0], baseline, truth_of(IS_MEMBER, target_labels=rule), GRADING)


def test_a_working_theft_copies_the_known_rule_and_no_noise() -> None:
    found = stealing_controls(0.9, 0.41)

    assert found["known_target"].passed is True
    assert found["noise_target"].passed is True


def test_a_theft_that_learns_nothing_misses_the_known_rule() -> None:
    found = stealing_controls(0.4, 0.4)

    assert found["known_target"].passed is False
    assert "means nothing" in found["known_target"].sentence


def test_a_theft_that_copies_noise_has_seen_the_answers() -> None:
    found = stealing_controls(0.9, 0.7)

    assert found["noise_target"].passed is False
    assert "chance alone agrees on 1 in 3" in found["noise_target"].sentence


def test_controls_are_plain_json() -> None:
    evidence = scores(IS_MEMBER, normal(1.0))
    attack, imputed, truth = guesses(IS_MEMBER, 1.0)
    found = [
        controls.negative(evidence, TRUTH, GRADING),
        controls.pseudo_targets(evidence, TRUTH, GRADING),
        controls.attribute_negative(attack, imputed, truth, GRADING),
        *stealing_controls(0.9, 0.4).values(),
    ]

    assert json.loads(json.dumps([c.as_json() for c in found], allow_nan=False))[0]["passed"] is True
