import numpy as np
import pytest
from scoring_world import constant, correctness, lookup, normal, scores, sides, truth_of

from auditor.domain.evidence import MembershipScores
from auditor.domain.finding import Outcome
from auditor.scoring import score
from auditor.scoring.assess import Assessment, Grading, assess
from auditor.scoring.validity import BlindScores, against_blind

GRADING = Grading(25.0, seed=2)
IS_MEMBER = sides(1_000, 1_400)
TRUTH = truth_of(IS_MEMBER)
ROWS = np.sort(np.random.default_rng(1).permutation(2_400)[:2_000])


def blind(strength: float, seed: int = 0) -> BlindScores:
    noise = np.random.default_rng((seed, 9)).standard_normal(len(ROWS))
    return BlindScores(ROWS, noise + strength * IS_MEMBER[ROWS])


def corrected(evidence: MembershipScores, rival: BlindScores, grading: Grading = GRADING) -> Assessment:
    return against_blind(evidence, TRUTH, assess(evidence, TRUTH, grading), rival, grading)


def test_a_blind_classifier_that_sees_nothing_takes_little_away() -> None:
    evidence = scores(IS_MEMBER, lookup)

    found = corrected(evidence, blind(0.0))

    assert found.score is not None
    assert found.score > 97.0
    assert not found.confounded
    assert "counts only what the attack finds beyond that" in found.caveats[0]


def test_an_attack_that_finds_what_the_blind_one_finds_is_worth_nothing() -> None:
    rival = blind(1.5)
    same = np.zeros(len(IS_MEMBER))
    same[ROWS] = rival.scores
    evidence = MembershipScores(same, np.empty((0, len(same))), np.empty((0, len(same)), bool))

    found = corrected(evidence, rival)

    assert (found.score, found.score_low) == (0.0, 0.0)
    assert found.confounded
    assert score.judge(found, {}, 25.0)[0] is Outcome.INCONCLUSIVE
    assert "inconclusive whatever its figures" in found.caveats[0]


def test_the_score_counts_what_is_found_beyond_the_blind_classifier() -> None:
    evidence = scores(IS_MEMBER, normal(3.0))

    plain, found = assess(evidence, TRUTH, GRADING), corrected(evidence, blind(0.8))

    assert plain.score is not None
    assert found.score is not None
    assert found.score_low is not None
    assert found.score_high is not None
    assert found.score < plain.score
    assert found.score_low <= found.score <= found.score_high
    assert not found.confounded


def test_the_difference_of_the_rates_is_an_estimate_with_its_interval() -> None:
    found = corrected(scores(IS_MEMBER, lookup), blind(1.0)).estimates[-1]

    assert found.name == "tpr_above_blind@fpr=0.01"
    assert found.value == pytest.approx(1 - 0.09, abs=0.05)
    assert found.low is not None
    assert found.high is not None
    assert found.low < found.value < found.high
    assert found.n == IS_MEMBER[ROWS].sum()


def test_a_weak_attack_beside_a_strong_difference_is_confounded() -> None:
    assert corrected(scores(IS_MEMBER, normal(0.3)), blind(1.5)).confounded


def test_without_a_tail_the_bulk_decides() -> None:
    evidence = scores(IS_MEMBER, correctness(0.95, 0.6))

    weak, strong = corrected(evidence, blind(0.1)), corrected(evidence, blind(1.5))

    assert not weak.confounded
    assert weak.driver == score.BULK
    assert weak.score == pytest.approx(35 - 100 * 2 * 0.028, abs=8)
    assert strong.confounded
    assert not any(e.name.startswith("tpr_above_blind") for e in weak.estimates)


def test_a_loose_cut_is_compared_with_a_blind_one_that_is_as_loose() -> None:
    """Attack and blind classifier see the same difference of the sides. Shadows less sure than the target let the attack call many:
    beside a blind classifier at 1 % that would look like a leak."""
    rng, shift = np.random.default_rng(5), 1.0 * IS_MEMBER
    pseudo = np.stack([rng.standard_normal(len(shift)) + shift - 1.2 for _ in range(4)])
    evidence = MembershipScores(rng.standard_normal(len(shift)) + shift, pseudo, rng.random(pseudo.shape) < 0.5)
    rival = BlindScores(np.arange(len(shift)), rng.standard_normal(len(shift)) + shift)

    found = corrected(evidence, rival)

    assert found.score_low == 0.0
    assert found.score is not None
    assert found.score < 10.0
    assert found.confounded


def test_ties_do_not_hide_what_is_found_beyond_the_blind_classifier() -> None:
    rng = np.random.default_rng(6)
    top = rng.random(len(IS_MEMBER)) < np.where(IS_MEMBER, 0.4, 0.02)
    evidence = MembershipScores(
        np.where(top, 9.0, rng.standard_normal(len(top)).round(1)), np.empty((0, 2_400)), np.empty((0, 2_400), bool)
    )

    found = corrected(evidence, blind(0.2))

    assert found.driver == score.TAIL
    assert found.score == pytest.approx(100 * np.log10((0.4 - 0.03) / 0.02) / 2, abs=12)


def test_an_attack_without_any_finding_is_confounded() -> None:
    assert corrected(scores(IS_MEMBER, constant), blind(1.0)).confounded


def test_without_pseudo_targets_the_oracle_cut_is_compared() -> None:
    found = corrected(scores(IS_MEMBER, lookup, pseudo=0), blind(0.5))

    assert found.score is not None
    assert found.score > 90.0


def test_few_non_members_are_compared_by_auc_alone() -> None:
    small = sides(200, 300)
    evidence, truth = scores(small, lookup), truth_of(small)
    rival = BlindScores(np.arange(500), np.random.default_rng(3).standard_normal(500))

    found = against_blind(evidence, truth, assess(evidence, truth, GRADING), rival, GRADING)

    assert found.driver == score.BULK
    assert found.score == pytest.approx(100.0, abs=10.0)


def test_a_family_widens_the_limits() -> None:
    evidence = scores(IS_MEMBER, normal(3.0))
    alone, shared = corrected(evidence, blind(0.5)), corrected(evidence, blind(0.5), Grading(25.0, 6, seed=2))

    assert alone.score == shared.score
    assert alone.score_low is not None
    assert shared.score_low is not None
    assert shared.score_low < alone.score_low


def test_the_estimates_and_caveats_of_the_attack_are_kept() -> None:
    evidence = scores(IS_MEMBER, normal(3.0))
    plain, found = assess(evidence, TRUTH, GRADING), corrected(evidence, blind(0.5))

    assert found.estimates[: len(plain.estimates)] == plain.estimates
    assert found.caveats[1:] == plain.caveats
    assert found.curve == plain.curve


def test_the_same_seed_gives_the_same_correction() -> None:
    evidence = scores(IS_MEMBER, normal(3.0))

    assert corrected(evidence, blind(0.5)).score_low == corrected(evidence, blind(0.5)).score_low
