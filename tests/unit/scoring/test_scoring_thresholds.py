from dataclasses import replace

import numpy as np
import pytest
from scoring_world import constant, correctness, lookup, normal, scores, sides, tail_only

from auditor.domain.evidence import MembershipScores
from auditor.errors import AttackFailed
from auditor.scoring import thresholds
from auditor.scoring.thresholds import CALIBRATED, ORACLE

IS_MEMBER = sides(1_000, 2_000)


@pytest.mark.parametrize(
    ("non_members", "rate"), [(0, None), (499, None), (500, 0.01), (4_999, 0.01), (5_000, 0.001), (1_000_000, 0.001)]
)
def test_the_headline_rate_follows_the_number_of_non_members(non_members: int, rate: float | None) -> None:
    assert thresholds.headline_rate(non_members) == rate


def test_a_shortage_says_what_is_needed_and_what_is_left() -> None:
    assert thresholds.shortage(0.001, 2_100) == "needs at least 5,000 non-members; 2,100 are left"
    assert thresholds.shortage(0.01, 499) == "needs at least 500 non-members; 499 are left"
    assert thresholds.shortage(0.01, 500) is None


def test_without_pseudo_targets_only_the_oracle_exists() -> None:
    assert thresholds.kinds(scores(IS_MEMBER, normal(1), pseudo=0)) == (ORACLE,)
    assert thresholds.kinds(scores(IS_MEMBER, normal(1))) == (CALIBRATED, ORACLE)


def test_the_oracle_cut_lets_through_exactly_the_rate() -> None:
    at = thresholds.rates_at(scores(IS_MEMBER, normal(1)), IS_MEMBER, 0.01, ORACLE, 0.05)

    assert at.fpr.value == 0.01
    assert at.fpr.low < 0.01 < at.fpr.high


def test_the_calibrated_cut_comes_from_records_outside_the_pseudo_targets() -> None:
    evidence = scores(IS_MEMBER, normal(1))
    outsiders = np.sort(evidence.pseudo_targets[~evidence.membership])[::-1]
    line = outsiders[int(0.01 * len(outsiders))]

    at = thresholds.rates_at(evidence, IS_MEMBER, 0.01, CALIBRATED, 0.05)

    assert at.tpr.value == (evidence.target[IS_MEMBER] > line).mean()
    assert at.fpr.value == (evidence.target[~IS_MEMBER] > line).mean()


def test_the_calibrated_cut_does_not_know_the_truth() -> None:
    evidence = scores(IS_MEMBER, normal(1))
    other = ~IS_MEMBER

    one, swapped = (thresholds.rates_at(evidence, truth, 0.01, CALIBRATED, 0.05) for truth in (IS_MEMBER, other))

    assert one.tpr.value == swapped.fpr.value
    assert one.fpr.value == swapped.tpr.value


def test_a_target_that_answers_on_another_scale_realises_another_rate() -> None:
    shifted = scores(IS_MEMBER, normal(1))
    shifted = replace(shifted, target=shifted.target + 1.0)

    at = thresholds.rates_at(shifted, IS_MEMBER, 0.01, CALIBRATED, 0.05)

    assert at.fpr.low > 0.03


def test_ties_at_the_top_leave_the_rate_unreached() -> None:
    at = thresholds.rates_at(scores(IS_MEMBER, correctness(0.95, 0.8)), IS_MEMBER, 0.01, CALIBRATED, 0.05)

    assert not at.reached
    assert at.tpr.value == at.fpr.value == 0.0


def test_constant_scores_leave_the_rate_unreached() -> None:
    assert not thresholds.rates_at(scores(IS_MEMBER, constant), IS_MEMBER, 0.01, ORACLE, 0.05).reached


def test_members_above_every_tie_are_reached() -> None:
    at = thresholds.rates_at(scores(IS_MEMBER, lookup), IS_MEMBER, 0.01, CALIBRATED, 0.05)

    assert at.reached
    assert (at.tpr.value, at.fpr.value) == (1.0, 0.0)


def test_an_attack_that_finds_nobody_on_a_fine_scale_is_reached() -> None:
    evidence = scores(IS_MEMBER, normal(0))
    low = replace(evidence, target=evidence.target - 100.0)

    at = thresholds.rates_at(low, IS_MEMBER, 0.01, CALIBRATED, 0.05)

    assert at.reached
    assert at.tpr.value == 0.0


def test_a_small_tie_above_the_rate_keeps_the_finer_cut() -> None:
    coarse = scores(IS_MEMBER, tail_only(0.1))
    rounded = MembershipScores(np.round(coarse.target), np.round(coarse.pseudo_targets), coarse.membership)

    at = thresholds.rates_at(rounded, IS_MEMBER, 0.01, CALIBRATED, 0.05)

    assert at.reached
    assert at.fpr.value <= 0.01
    assert at.tpr.value == pytest.approx(0.1, abs=0.03)


def test_infinite_scores_are_graded_by_their_order() -> None:
    infinite = np.where(IS_MEMBER, np.inf, -np.inf)
    evidence = thresholds.checked(MembershipScores(infinite, np.empty((0, 3_000)), np.empty((0, 3_000), bool)), IS_MEMBER)

    assert np.isfinite(evidence.target).all()
    assert thresholds.rates_at(evidence, IS_MEMBER, 0.01, ORACLE, 0.05).tpr.value == 1.0


def test_scores_that_are_not_numbers_are_refused() -> None:
    evidence = scores(IS_MEMBER, normal(1))
    broken = evidence.target.copy()
    broken[7] = np.nan

    with pytest.raises(AttackFailed, match="NaN"):
        thresholds.checked(replace(evidence, target=broken), IS_MEMBER)


def test_pseudo_target_scores_that_are_not_numbers_are_refused() -> None:
    evidence = scores(IS_MEMBER, normal(1))
    broken = evidence.pseudo_targets.copy()
    broken[0, 0] = np.nan

    with pytest.raises(AttackFailed, match="NaN"):
        thresholds.checked(replace(evidence, pseudo_targets=broken), IS_MEMBER)


def test_a_score_for_every_candidate_is_required() -> None:
    evidence = scores(IS_MEMBER, normal(1))

    with pytest.raises(AttackFailed, match="2,999 records instead of 3,000"):
        thresholds.checked(replace(evidence, target=evidence.target[1:]), IS_MEMBER)


def test_the_halves_of_the_pseudo_targets_have_to_fit() -> None:
    evidence = scores(IS_MEMBER, normal(1))

    with pytest.raises(AttackFailed, match="pseudo-targets"):
        thresholds.checked(replace(evidence, membership=evidence.membership[1:]), IS_MEMBER)


@pytest.mark.parametrize("only", [True, False])
def test_one_side_alone_cannot_be_graded(only: bool) -> None:
    one_sided = np.full(50, only)

    with pytest.raises(AttackFailed, match="both members and non-members"):
        thresholds.checked(scores(one_sided, constant), one_sided)
