"""The likelihood ratio of being right, by hand, on models that leak, on models that do not, and on one that remembers."""

from dataclasses import replace

import numpy as np
import pytest
from gaussian_world import auc, gaussian

from auditor.attacks.membership.calibrated_correctness import LEAST_RISE, SMOOTHING, CalibratedCorrectness, ratio
from auditor.attacks.membership.gap import Gap
from auditor.attacks.membership.pairs import Pairs
from auditor.domain.attack import Context, Needs, Scope
from auditor.domain.shadow import ShadowOutputs
from auditor.domain.target import Output
from auditor.domain.threat import Sees
from auditor.errors import AttackFailed
from auditor.shadows.pool import as_shown


def of_rates(inside: float, outside: float, pairs: int = 4) -> Pairs:
    """One record that this share of the IN and of the OUT shadows is right about."""
    column = np.arange(pairs)[:, None]
    return Pairs((column < inside * pairs).astype(float), (column < outside * pairs).astype(float))


def through_labels(context: Context) -> Context:
    """The same world behind a target that returns labels only."""
    profile = replace(context.profile, output=Output.LABELS)
    shadows = ShadowOutputs(as_shown(context.shadows.probabilities, profile), context.shadows.masks)
    return replace(context, profile=profile, shadows=shadows, query=lambda frame: as_shown(context.query(frame), profile))


@pytest.mark.parametrize(("inside", "outside"), [(1.0, 0.5), (0.75, 0.25), (1.0, 0.0)])
def test_the_score_is_the_log_ratio_of_smoothed_rates(inside: float, outside: float) -> None:
    pairs = of_rates(inside, outside)
    right, wrong = (ratio(np.array([observed]), pairs)[0] for observed in (1.0, 0.0))
    assert right == pytest.approx(np.log((inside + SMOOTHING) / (outside + SMOOTHING)))
    assert wrong == pytest.approx(np.log((1 - inside + SMOOTHING) / (1 - outside + SMOOTHING)))
    assert right > 0 > wrong


def test_a_rate_that_falls_with_training_is_taken_for_noise() -> None:
    pairs = of_rates(0.25, 0.5)
    assert ratio(np.array([1.0]), pairs)[0] == pytest.approx(np.log((0.5 + LEAST_RISE + SMOOTHING) / (0.5 + SMOOTHING)))
    assert ratio(np.array([0.0]), pairs)[0] < 0


def test_a_record_that_everybody_gets_right_says_nothing_when_it_is_right_again() -> None:
    assert ratio(np.array([1.0]), of_rates(1.0, 1.0))[0] == 0.0
    assert ratio(np.array([0.0]), of_rates(1.0, 1.0))[0] == 0.0


def test_being_right_about_a_hard_record_says_more_than_about_an_easy_one() -> None:
    hard, easy = (ratio(np.array([1.0]), of_rates(1.0, outside))[0] for outside in (0.0, 0.75))
    assert hard > easy > 0


def test_it_beats_the_gap_attack_where_difficulty_differs() -> None:
    context, is_member = gaussian(3000, 16, gap=2.0)
    gap, calibrated = (auc(attack.run(context).target, is_member) for attack in (Gap(), CalibratedCorrectness()))
    assert calibrated > gap + 0.03


def test_it_is_blind_where_there_is_nothing_to_see() -> None:
    context, is_member = gaussian(3000, 16, gap=0.0)
    assert auc(CalibratedCorrectness().run(context).target, is_member) == pytest.approx(0.5, abs=0.03)


@pytest.mark.parametrize("gap", [0.0, 1.0])
def test_it_finds_a_target_that_remembers_its_members_whatever_its_shadows_do(gap: float) -> None:
    context, is_member = gaussian(2000, 8, gap=gap)
    labels = context.candidates.labels
    ordinary = context.query(context.candidates.features)
    lookup = np.where(is_member[:, None], np.eye(2)[labels], ordinary)
    scores = CalibratedCorrectness().run(replace(context, query=lambda frame: lookup)).target
    assert auc(scores, is_member) > 0.55
    assert auc(scores, is_member) >= auc((lookup.argmax(axis=1) == labels).astype(float), is_member)


def test_labels_and_probabilities_give_the_same_evidence() -> None:
    context, _ = gaussian(300, 8)
    sharp, seen = (CalibratedCorrectness().run(c) for c in (context, through_labels(context)))
    np.testing.assert_array_equal(sharp.target, seen.target)
    np.testing.assert_array_equal(sharp.pseudo_targets, seen.pseudo_targets)


def test_pseudo_targets_score_alike_on_their_own_membership() -> None:
    context, is_member = gaussian(3000, 16, gap=2.0)
    evidence = CalibratedCorrectness().run(context)
    assert evidence.pseudo_targets.shape == (8, 3000)
    played = [auc(scores, mask) for scores, mask in zip(evidence.pseudo_targets, evidence.membership, strict=True)]
    assert np.mean(played) == pytest.approx(auc(evidence.target, is_member), abs=0.03)


def test_it_sees_labels_and_needs_shadows_but_no_query_of_its_own() -> None:
    context, _ = gaussian(50, 2)
    assert CalibratedCorrectness.threat_model.sees is Sees.LABELS
    assert CalibratedCorrectness().needs(Scope(context.profile, 50, 0, 4, 0)) == Needs(0, 0, 2)
    assert np.isfinite(CalibratedCorrectness().run(context).target).all()


def test_without_shadows_it_says_what_to_set() -> None:
    with pytest.raises(AttackFailed, match="set shadows to 2 or more"):
        CalibratedCorrectness().run(gaussian(50, 0)[0])
