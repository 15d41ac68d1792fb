from dataclasses import replace

import numpy as np
import pytest
from gaussian_world import auc, gaussian

from auditor.attacks.membership.gap import Gap
from auditor.attacks.membership.loss_threshold import LossThreshold
from auditor.domain.attack import Attack, Context, Scope
from auditor.domain.threat import Sees
from auditor.errors import AttackFailed


def answering(context: Context, answers: np.ndarray) -> Context:
    return replace(context, query=lambda frame: answers[frame.index.to_numpy()])


def test_gap_claims_what_the_model_gets_right() -> None:
    context, is_member = gaussian(400, 0)
    labels = context.candidates.labels
    lookup = np.eye(2)[np.where(is_member, labels, 1 - labels)]
    np.testing.assert_array_equal(Gap().run(answering(context, lookup)).target, is_member)


def test_the_auc_of_gap_is_half_of_one_plus_the_accuracy_gap() -> None:
    context, is_member = gaussian(4000, 0, gap=2.0)
    scores = Gap().run(context).target
    gap = scores[is_member].mean() - scores[~is_member].mean()
    assert gap > 0.1
    assert auc(scores, is_member) == pytest.approx(0.5 * (1 + gap), abs=1e-9)


def test_gap_works_on_labels_alone() -> None:
    assert Gap.threat_model.sees is Sees.LABELS


def test_loss_threshold_finds_a_lookup_model_without_error() -> None:
    context, is_member = gaussian(400, 0)
    sure = np.eye(2)[context.candidates.labels]
    lookup = np.where(is_member[:, None], sure, 0.5)
    assert auc(LossThreshold().run(answering(context, lookup)).target, is_member) == 1.0


def test_a_constant_model_leaks_nothing_to_loss_threshold() -> None:
    context, _ = gaussian(400, 0)
    one_class = replace(context, candidates=replace(context.candidates, labels=np.zeros(400, dtype=np.intp)))
    assert len(set(LossThreshold().run(answering(one_class, np.full((400, 2), 0.5))).target)) == 1


def test_loss_threshold_scores_are_clipped_to_what_the_channel_resolves() -> None:
    context, _ = gaussian(50, 0)
    coarse = replace(context, profile=replace(context.profile, decimals=1))
    wrong = np.eye(2)[1 - context.candidates.labels]
    np.testing.assert_allclose(LossThreshold().run(answering(coarse, wrong)).target, np.log(0.05), atol=5e-5)


@pytest.mark.parametrize("attack", [Gap(), LossThreshold()], ids=["gap", "loss"])
def test_shadows_play_the_target_with_the_same_score(attack: Attack) -> None:
    context, _ = gaussian(300, 16)
    evidence = attack.run(context)
    assert evidence.pseudo_targets.shape == (8, 300)
    as_target = attack.run(answering(context, context.shadows.probabilities[4])).target
    np.testing.assert_array_equal(evidence.pseudo_targets[2], as_target)
    np.testing.assert_array_equal(evidence.membership[2], context.shadows.masks[4])


@pytest.mark.parametrize("attack", [Gap(), LossThreshold()], ids=["gap", "loss"])
def test_they_need_no_shadows_and_no_query_beyond_the_candidates(attack: Attack) -> None:
    context, _ = gaussian(100, 0)
    needs = attack.needs(Scope(context.profile, 100, 0, 0, 0))
    assert (needs.queries_min, needs.shadows) == (0, 0)
    assert attack.run(context).pseudo_targets.shape == (0, 100)


@pytest.mark.parametrize("attack", [Gap(), LossThreshold()], ids=["gap", "loss"])
def test_without_candidates_they_say_so(attack: Attack) -> None:
    with pytest.raises(AttackFailed, match=attack.name):
        attack.run(replace(gaussian(10, 0)[0], candidates=None))
