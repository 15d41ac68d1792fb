"""What cannot be measured is a sentence, never a number."""

from dataclasses import replace

import numpy as np
import pytest
from scoring_world import constant, correctness, lookup, normal, scores, sides, truth_of

from auditor.domain.evidence import MembershipScores
from auditor.domain.finding import Control, Estimate, Outcome
from auditor.errors import AttackFailed
from auditor.scoring import score
from auditor.scoring.assess import Assessment, Grading, assess
from auditor.scoring.exposure import assess_exposure
from auditor.scoring.subgroups import assess_subgroups

GRADING = Grading(25.0)
IS_MEMBER = sides(600, 600)


def graded(evidence: MembershipScores, is_member: np.ndarray = IS_MEMBER) -> Assessment:
    return assess(evidence, truth_of(is_member), GRADING)


def named(found: Assessment, name: str) -> list[Estimate]:
    return [e for e in found.estimates if e.name == name]


@pytest.mark.parametrize(("members", "others", "missing"), [(600, 499, 2), (600, 4_999, 1), (2, 2, 2)])
def test_too_few_records_for_a_rate_give_a_reason(members: int, others: int, missing: int) -> None:
    is_member = sides(members, others)
    tails = [e for e in graded(scores(is_member, lookup), is_member).estimates if e.name.startswith("tpr@")]
    without = [e for e in tails if e.value is None]

    assert len(without) == missing
    assert all("non-members" in (e.reason or "") and e.as_json().keys() == {"name", "value", "reason"} for e in without)


@pytest.mark.parametrize(
    ("signal", "sentence"), [(constant, "Every candidate got the same score"), (correctness(0.95, 0.9), "Ties:")]
)
def test_ties_have_a_sentence_and_no_tail(signal, sentence: str) -> None:
    found = graded(scores(IS_MEMBER, signal))

    assert any(c.startswith(sentence) for c in found.caveats)
    assert not found.resolved
    assert found.driver == score.BULK


def test_constant_scores_have_no_ppv() -> None:
    assert [e.reason for e in named(graded(scores(IS_MEMBER, constant)), "ppv@prior=0.5")] == [
        "no record is called a member at this threshold"
    ]


@pytest.mark.parametrize("part", ["target", "pseudo_targets"])
def test_nan_is_refused(part: str) -> None:
    evidence = scores(IS_MEMBER, normal(1.0))
    spoiled = getattr(evidence, part).copy()
    spoiled.ravel()[7] = np.nan

    with pytest.raises(AttackFailed, match="not numbers") as refused:
        graded(replace(evidence, **{part: spoiled}))
    assert refused.value.sentence.count(".") == 1


@pytest.mark.parametrize("side", [True, False])
def test_one_class_is_refused(side: bool) -> None:
    with pytest.raises(AttackFailed, match="both members and non-members"):
        graded(scores(IS_MEMBER, normal(1.0)), np.full(1_200, side))


def test_inverted_scores_are_named_worth_nothing_and_no_pass() -> None:
    found = graded(scores(IS_MEMBER, normal(-2.0)))

    assert found.caveats[0].startswith("The scores are inverted")
    assert "files of members and non-members" in found.caveats[0]
    assert (found.score, found.score_low) == (0.0, 0.0)
    assert score.judge(found, {}, 25.0)[0] is Outcome.INCONCLUSIVE


def test_infinite_scores_are_as_good_as_very_large_ones() -> None:
    evidence = scores(IS_MEMBER, normal(1.0))
    target = evidence.target.copy()
    target[target > 2], target[target < -2] = np.inf, -np.inf

    found = graded(replace(evidence, target=target))

    assert all(np.isfinite([e.value, e.low, e.high]).all() for e in found.estimates if e.value is not None and e.low is not None)


def test_a_target_that_answers_at_random_is_inconclusive_whatever_its_figures() -> None:
    found = graded(scores(IS_MEMBER, normal(0.0)))

    assert score.judge(found, {}, 90.0)[0] is Outcome.PASS
    assert score.judge(found, {"random_answers": Control(False, "noise")}, 90.0)[0] is Outcome.INCONCLUSIVE


@pytest.mark.parametrize("signal", [constant, correctness(1.0, 0.9), normal(-1.0)])
def test_single_records_and_groups_survive_coarse_and_inverted_scores(signal) -> None:
    evidence = scores(IS_MEMBER, signal)
    groups = {"half": (np.arange(1_200) < 600).astype(np.intp)}

    found = assess_exposure(evidence, IS_MEMBER, None, None, GRADING)
    subgroups = assess_subgroups(evidence, IS_MEMBER, groups, GRADING)

    assert found is not None
    assert found[0].identified == 0
    assert found[0].sentence.startswith("No candidate can be named")
    assert all(np.isfinite([e.value, e.low, e.high]).all() for g in subgroups for e in g.estimates)  # type: ignore[list-item]
