"""What a copy costs, how near it comes, and what it is worth to who attacks members with it."""

from dataclasses import replace

import numpy as np
import pytest
from scoring_world import copies, sides, truth_of

from auditor.domain.evidence import SurrogateLabels
from auditor.domain.finding import Estimate
from auditor.scoring.assess import Assessment, Grading, assess
from auditor.scoring.cost_curve import price_of, queries_to
from auditor.scoring.grading import Truth

GRADING = Grading(25.0, seed=5)
IS_MEMBER = sides(1_000, 1_000)


def graded(evidence: SurrogateLabels, truth: Truth, without: float = 0.75) -> Assessment:
    return assess(evidence, truth, GRADING, copies({0: without}, seed=1)[0])


def named(found: Assessment, name: str) -> Estimate:
    return next(e for e in found.estimates if e.name == name)


def test_queries_to_a_fidelity_are_those_of_the_first_budget_that_reaches_it() -> None:
    curve = {"queries": [100.0, 500.0, 1_000.0], "fidelity": [0.85, 0.93, 0.96]}
    to_90, to_95, to_99 = queries_to(curve, GRADING)
    assert (to_90.name, to_90.value, to_95.value) == ("queries_to@0.9", 500.0, 1_000.0)
    assert to_99.value is None
    assert to_99.reason == "not reached: the best copy agrees on 96.0% of records after 1,000 queries"


def test_the_price_is_that_of_the_queries() -> None:
    (price,) = price_of(5_000, 1.5, GRADING)
    assert price.value == pytest.approx(7.5)
    assert price_of(5_000, None, GRADING) == ()


def test_a_target_that_answers_alike_has_nothing_to_steal_however_well_it_is_copied() -> None:
    evidence, target, _ = copies({100: 1.0})
    labels = np.zeros_like(target)
    found = graded(replace(evidence, labels=labels[None, :]), truth_of(IS_MEMBER, target_labels=labels))
    assert named(found, "fidelity").value == 1.0
    assert (found.score, found.score_low, found.score_high) == (0.0, 0.0, 0.0)
    assert "There is nothing to steal: the target answers 100" in " ".join(found.caveats)


def test_answers_that_nothing_is_learned_from_are_called_noise() -> None:
    evidence, target, _ = copies({1_000: 1 / 3})
    found = graded(evidence, truth_of(IS_MEMBER, target_labels=target), without=1 / 3)
    assert any(c.startswith("The answers are noise to this attack") for c in found.caveats)
    learned = graded(copies({1_000: 0.8})[0], truth_of(IS_MEMBER, target_labels=target))
    assert not any("noise" in c for c in learned.caveats)


def probabilities(labels: np.ndarray, sure: float) -> np.ndarray:
    return np.where(np.eye(3)[labels] > 0, sure, (1 - sure) / 2)


def test_accuracy_of_copy_and_target_stand_side_by_side() -> None:
    evidence, target, _ = copies({1_000: 0.9})
    truth = replace(truth_of(IS_MEMBER, target_labels=target), labels=target)
    found = graded(evidence, truth)
    assert named(found, "target_accuracy").value == 1.0
    assert named(found, "copy_accuracy").value == pytest.approx(0.9)
    assert named(found, "copy_accuracy").n == 2_000


def test_distance_and_explained_log_odds_of_copied_probabilities() -> None:
    """One copy gives the target's own answers, the other leaves 0.1 more to the wrong classes throughout."""
    evidence, target, _ = copies({1_000: 1.0})
    answers = probabilities(target, 0.8)
    truth = replace(truth_of(IS_MEMBER, target_labels=target), target_answers=answers)
    same = graded(replace(evidence, copied=answers), truth)
    off = graded(replace(evidence, copied=probabilities(target, 0.7)), truth)
    assert (named(same, "probability_distance").value, named(same, "log_odds_r2").value) == (0.0, 1.0)
    assert named(off, "probability_distance").value == pytest.approx(0.1)
    assert 0.5 < (named(off, "log_odds_r2").value or 0) < 1.0


def test_labels_alone_have_no_distance() -> None:
    evidence, target, _ = copies({1_000: 1.0})
    truth = replace(truth_of(IS_MEMBER, target_labels=target), target_answers=np.eye(3)[target])
    found = graded(replace(evidence, copied=probabilities(target, 0.8)), truth)
    assert not {"probability_distance", "log_odds_r2"} & {e.name for e in found.estimates}


def test_a_copy_that_remembers_members_betrays_them_offline() -> None:
    """The copy is sure of members alone, the endpoint of everybody: the stolen AUC is 1, the direct one a half."""
    evidence, target, _ = copies({1_000: 0.9})
    copied = np.where(IS_MEMBER[:, None], probabilities(target, 0.9), probabilities(target, 0.6))
    truth = replace(truth_of(IS_MEMBER, target_labels=target), labels=target, target_answers=probabilities(target, 0.8))
    found = graded(replace(evidence, copied=copied), truth)
    assert named(found, "stolen_auc").value == 1.0
    assert named(found, "direct_auc").value == 0.5
    assert found.caveats[-1].startswith("Who has stolen the copy tells members apart offline, by its loss, with an AUC of 1.000")
    plain = graded(evidence, truth)
    assert (found.score, found.score_low) == (plain.score, plain.score_low)


def test_without_the_copys_answers_there_is_no_consequence() -> None:
    evidence, target, _ = copies({1_000: 0.9})
    found = graded(evidence, replace(truth_of(IS_MEMBER, target_labels=target), target_answers=probabilities(target, 0.8)))
    assert "stolen_auc" not in {e.name for e in found.estimates}
