"""An attack that was tried on some of the candidates is graded on those, and says so."""

from dataclasses import replace

import numpy as np
import pytest
from scoring_world import lookup, normal, scores, sides, truth_of

from auditor.domain.evidence import MembershipScores
from auditor.domain.finding import Outcome
from auditor.errors import AttackFailed
from auditor.scoring import controls, score
from auditor.scoring.assess import Grading, assess
from auditor.scoring.holm import assess_family
from auditor.scoring.validity import BlindScores, against_blind
from auditor.testing.claims import distance, restored
from auditor.workflow.evidence_store import from_arrays, to_arrays

GRADING = Grading(25.0, seed=2)
IS_MEMBER = sides(1_000, 1_400)
TRUTH = truth_of(IS_MEMBER)
SOME = np.sort(np.random.default_rng(1).permutation(2_400)[:1_500])


def at(evidence: MembershipScores, rows: np.ndarray) -> MembershipScores:
    return MembershipScores(evidence.target[rows], evidence.pseudo_targets[:, rows], evidence.membership[:, rows], rows)


def silent(evidence: MembershipScores) -> MembershipScores:
    empty = np.empty((0, len(evidence.target)))
    return replace(evidence, pseudo_targets=empty, membership=empty.astype(bool))


def test_the_truth_about_some_records_is_that_of_all_at_their_places() -> None:
    labels = np.arange(2_400)
    truth = replace(truth_of(IS_MEMBER, attribute=labels, target_labels=labels[::-1]), labels=labels)
    seen = truth.of(at(scores(IS_MEMBER, lookup), SOME))
    np.testing.assert_array_equal(seen.is_member, IS_MEMBER[SOME])
    np.testing.assert_array_equal(seen.labels, SOME)
    np.testing.assert_array_equal(seen.attribute, SOME)
    np.testing.assert_array_equal(seen.target_labels, 2_399 - SOME)
    assert truth.of(scores(IS_MEMBER, lookup)) is truth


def test_figures_are_those_of_an_audit_of_these_records_alone() -> None:
    evidence = scores(IS_MEMBER, normal(1.0))
    part = assess(at(evidence, SOME), TRUTH, GRADING)
    alone = assess(replace(at(evidence, SOME), rows=None), truth_of(IS_MEMBER[SOME]), GRADING)
    assert part.estimates == alone.estimates
    assert part.estimates[0].n == 1_500
    assert (part.score, part.score_low, part.score_high) == (alone.score, alone.score_low, alone.score_high)
    assert set(part.caveats) - set(alone.caveats) == {part.caveats[0]}
    assert "1,500 of the 2,400 candidates" in part.caveats[0]


def test_rows_that_are_all_candidates_are_nothing_to_speak_of() -> None:
    evidence = scores(IS_MEMBER, normal(1.0))
    assert assess(at(evidence, np.arange(2_400)), TRUTH, GRADING).caveats == assess(evidence, TRUTH, GRADING).caveats


@pytest.mark.parametrize("rows", [[0, 1, 2_400], [-1, 0, 1], [5, 5, 6], [9, 8, 7]])
def test_rows_that_are_no_candidates_are_a_sentence(rows: list[int]) -> None:
    evidence = MembershipScores(np.zeros(3), np.empty((0, 3)), np.empty((0, 3), bool), np.array(rows))
    with pytest.raises(AttackFailed, match="no candidates, or one twice"):
        assess(evidence, TRUTH, GRADING)


def test_as_many_scores_as_rows_are_asked_for() -> None:
    evidence = replace(at(scores(IS_MEMBER, lookup), SOME), rows=SOME[:-1])
    with pytest.raises(AttackFailed, match="1,500 records instead of 1,499"):
        assess(evidence, TRUTH, GRADING)


def test_controls_look_at_the_same_records() -> None:
    part = at(scores(IS_MEMBER, normal(1.0)), SOME)
    alone, truth = replace(part, rows=None), truth_of(IS_MEMBER[SOME])
    assert controls.negative(part, TRUTH, GRADING) == controls.negative(alone, truth, GRADING)
    assert controls.pseudo_targets(part, TRUTH, GRADING) == controls.pseudo_targets(alone, truth, GRADING)


def test_a_family_may_hold_attacks_on_all_and_on_some() -> None:
    evidence = scores(IS_MEMBER, normal(1.0))
    on_all, on_some = assess_family([(evidence, None, TRUTH), (at(evidence, SOME), None, TRUTH)], GRADING)
    assert on_all.estimates[0].n == 2_400
    assert on_some.estimates[0].n == 1_500


def test_the_blind_classifier_is_met_on_the_records_that_both_have_looked_at() -> None:
    evidence, blind_rows = silent(scores(IS_MEMBER, normal(2.0))), np.arange(0, 2_400, 2)
    blind = BlindScores(blind_rows, np.random.default_rng(3).standard_normal(1_200))
    both = np.intersect1d(SOME, blind_rows)
    on_some = against_blind(at(evidence, SOME), TRUTH, assess(at(evidence, SOME), TRUTH, GRADING), blind, GRADING)
    shared = BlindScores(np.arange(len(both)), blind.scores[both // 2])
    alone, truth = replace(at(evidence, both), rows=None), truth_of(IS_MEMBER[both])
    expected = against_blind(alone, truth, assess(alone, truth, GRADING), shared, GRADING)
    assert (on_some.score, on_some.score_low) == (expected.score, expected.score_low)
    assert not on_some.confounded


def test_too_few_records_in_common_with_the_blind_classifier_decide_nothing() -> None:
    evidence = silent(at(scores(IS_MEMBER, lookup), SOME[:300]))
    blind = BlindScores(SOME[250:], np.zeros(1_250))
    found = against_blind(evidence, TRUTH, assess(evidence, TRUTH, GRADING), blind, GRADING)
    assert found.confounded
    assert score.judge(found, {}, 25.0)[0] is Outcome.INCONCLUSIVE
    assert "too few to compare" in found.caveats[0]


def test_rows_are_stored_and_come_back() -> None:
    some = at(scores(IS_MEMBER, lookup), SOME)
    back = from_arrays(to_arrays(some), None)
    assert distance(some, back) == 0
    assert isinstance(back, MembershipScores)
    np.testing.assert_array_equal(back.rows, SOME)
    assert "rows" not in to_arrays(scores(IS_MEMBER, lookup))


def test_claims_about_other_records_are_far_apart_and_a_new_order_is_undone() -> None:
    evidence = scores(IS_MEMBER, normal(1.0))
    assert distance(at(evidence, SOME), at(evidence, SOME)) == 0
    assert distance(at(evidence, SOME[1:]), at(evidence, SOME[:-1])) > 0
    order = np.random.default_rng(5).permutation(2_400)
    places = np.flatnonzero(np.isin(order, SOME))
    moved = MembershipScores(evidence.target[order], evidence.pseudo_targets[:, order], evidence.membership[:, order])
    assert distance(restored(at(moved, places), order), at(evidence, SOME)) == 0
