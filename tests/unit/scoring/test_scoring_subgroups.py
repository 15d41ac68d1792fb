"""Groups whose exposure is known."""

import numpy as np
import pytest
from scoring_world import normal, scores, sides

from auditor.domain.evidence import MembershipScores
from auditor.domain.finding import Estimate, Subgroup
from auditor.errors import AttackFailed
from auditor.scoring.grading import Grading
from auditor.scoring.subgroups import assess_subgroups

GRADING = Grading(25.0)
IS_MEMBER = sides(3_000, 3_000)
PARTS = np.random.default_rng(1).choice(["few", "most"], 6_000, p=[0.2, 0.8]).astype(object)


def graded(evidence: MembershipScores, **cells: np.ndarray) -> dict[str, Subgroup]:
    return {group.value: group for group in assess_subgroups(evidence, IS_MEMBER, cells, GRADING)}


def exposed(gain: float, seed: int = 0) -> MembershipScores:
    """Only the members among the few score higher."""
    evidence = scores(IS_MEMBER, normal(0.0), seed=seed)
    return MembershipScores(evidence.target + gain * (IS_MEMBER & (PARTS == "few")), evidence.pseudo_targets, evidence.membership)


def value_of(group: Subgroup, name: str) -> Estimate:
    return next(e for e in group.estimates if e.name == name)


def limits_of(found: Estimate | None) -> tuple[float, float]:
    assert found is not None
    return found.low or 0.0, found.high or 0.0


def test_the_exposed_group_is_told() -> None:
    found = graded(exposed(2.0), part=PARTS)

    assert found["few"].sentence.startswith("More exposed than everybody else: share of members found +")
    assert found["most"].sentence.startswith("Less exposed")
    assert found["few"].difference is not None
    assert found["few"].difference.name == "tpr_difference@fpr=0.01"
    assert (found["few"].difference.low or 0) > 0


def test_groups_have_their_own_figures() -> None:
    found = graded(exposed(2.0), part=PARTS)

    assert value_of(found["few"], "auc").value == pytest.approx(0.921, abs=0.02)
    assert value_of(found["most"], "auc").value == pytest.approx(0.5, abs=0.03)
    tpr = value_of(found["few"], "tpr@fpr=0.01")
    assert tpr.value == pytest.approx(0.372, abs=0.06)  # 1 - Phi(2.326 - 2)
    assert tpr.realised_fpr is not None
    assert tpr.realised_fpr[0] <= 0.01 <= tpr.realised_fpr[2]
    assert tpr.threshold == "calibrated"
    assert tpr.n == found["few"].members


def test_alike_groups_are_not_told_apart() -> None:
    found = graded(exposed(0.0, seed=1), part=PARTS)

    assert {group.sentence for group in found.values()} == {"Not told apart from everybody else."}


def test_small_groups_have_a_sentence_and_no_numbers() -> None:
    parts = np.where(np.arange(6_000) < 300, "small", "large").astype(object)

    found = graded(exposed(2.0), part=parts)["small"]

    assert found.members + found.non_members == 300
    assert found.estimates == ()
    assert found.difference is None
    assert found.sentence == "Not measured: a group needs at least 200 members and 200 non-members."


def test_a_group_of_members_alone_is_not_measured() -> None:
    parts = np.where(IS_MEMBER & (np.arange(6_000) < 2_000), "clients", "others").astype(object)

    assert graded(exposed(0.0), part=parts)["clients"].estimates == ()


def test_a_group_that_is_everybody_has_figures_and_nobody_to_be_compared_with() -> None:
    found = graded(exposed(1.0), country=np.full(6_000, "here", dtype=object))["here"]

    assert value_of(found, "auc").value is not None
    assert found.difference is None
    assert "Too few others" in found.sentence


def test_rare_values_counted_together_are_not_measured() -> None:
    towns = np.array([f"t{i % 700}" for i in range(6_000)], dtype=object)

    found = graded(exposed(1.0), town=towns)["700 more values"]

    assert found.estimates == ()
    assert found.members == 3_000
    assert "counted together" in found.sentence


def raised(evidence: MembershipScores) -> MembershipScores:
    """Every score of the few is higher, whoever was trained on."""
    return MembershipScores(evidence.target + 1.0 * (PARTS == "few"), evidence.pseudo_targets, evidence.membership)


def test_a_group_whose_every_score_is_high_is_not_more_exposed() -> None:
    said = graded(raised(exposed(0.0)), part=PARTS)["few"].sentence

    assert said.startswith("Called members more often than everybody else, and so are its non-members: share of members found +")
    assert said.endswith("That shows no larger exposure.")


def test_an_exposed_group_whose_every_score_is_high_is_both() -> None:
    said = graded(raised(exposed(2.0)), part=PARTS)["few"].sentence

    assert said.startswith("More exposed than everybody else: share of members found +")
    assert said.endswith("Its non-members are called members more often, too.")


def test_without_a_tail_the_difference_is_that_of_the_auc() -> None:
    is_member = sides(450, 450)
    parts = np.repeat(np.array(["a", "b"], dtype=object), 450)
    evidence = scores(is_member, normal(0.0))
    shifted = MembershipScores(evidence.target + 2.0 * (is_member & (parts == "a")), evidence.pseudo_targets, evidence.membership)

    found = assess_subgroups(shifted, is_member, {"part": parts}, GRADING)

    assert {g.difference.name for g in found if g.difference} == {"auc_difference"}
    assert [e.name for e in found[0].estimates] == ["auc"]


def test_limits_of_more_groups_are_wider() -> None:
    towns = np.random.default_rng(2).choice(list("abcdef"), 6_000).astype(object)
    alone, among = (graded(exposed(0.0), **cells)["few"].difference for cells in ({"part": PARTS}, {"part": PARTS, "town": towns}))

    assert alone is not None
    assert among is not None
    assert (among.low or 0) < (alone.low or 0)
    assert (among.high or 0) > (alone.high or 0)


def test_a_look_of_several_has_wider_limits_and_the_same_figures_of_its_own() -> None:
    """Groups are told at whichever look the audit stops; with three looks each has a third of the error."""
    alone, shared = (
        {g.value: g for g in assess_subgroups(exposed(0.0, seed=1), IS_MEMBER, {"part": PARTS}, Grading(25.0, look_share=share))}
        for share in (1.0, 1 / 3)
    )
    first, second = limits_of(alone["few"].difference), limits_of(shared["few"].difference)
    assert second[0] < first[0] < first[1] < second[1]
    assert alone["few"].estimates[:2] == shared["few"].estimates[:2]


def test_settled_groups_leave_their_share_to_the_others() -> None:
    """Holm: once all that is asked of the parts is settled, the towns are judged as if they stood alone."""
    towns = np.random.default_rng(2).choice(["x", "y"], 6_000).astype(object)

    among, alone = graded(exposed(3.0), part=PARTS, town=towns), graded(exposed(3.0), town=towns)

    assert among["few"].sentence.startswith("More")
    assert among["x"].sentence.startswith("Not")
    assert among["x"].difference == alone["x"].difference


def test_ties_that_leave_no_tail_leave_the_auc() -> None:
    evidence = MembershipScores((IS_MEMBER & (PARTS == "few")).astype(float), np.ones((2, 6_000)), np.zeros((2, 6_000), bool))

    found = graded(evidence, part=PARTS)["few"]

    assert [e.name for e in found.estimates] == ["auc"]
    assert found.difference is not None
    assert found.difference.name == "auc_difference"


def test_scores_that_are_not_numbers_are_refused() -> None:
    evidence = exposed(0.0)
    evidence.target[3] = np.nan

    with pytest.raises(AttackFailed, match="not numbers"):
        graded(evidence, part=PARTS)


def test_groups_are_json() -> None:
    found = graded(exposed(2.0), part=PARTS)["few"].as_json()

    assert found["attribute"] == "part"
    assert found["difference"]["name"] == "tpr_difference@fpr=0.01"
    assert [e["name"] for e in found["estimates"]] == ["auc", "tpr@fpr=0.01", "auc_difference"]
