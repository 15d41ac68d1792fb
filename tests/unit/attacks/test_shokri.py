from dataclasses import replace

import numpy as np
import pytest
from gaussian_world import auc, binary, gaussian

from auditor.attacks.membership.loss_threshold import LossThreshold
from auditor.attacks.membership.shokri import LEAST, Shokri, attacked, model_of, models_of, read
from auditor.domain.attack import Scope
from auditor.errors import AttackFailed


def test_the_attack_model_sees_the_true_class_first_and_the_others_in_order() -> None:
    answers = np.array([[0.1, 0.2, 0.7], [0.1, 0.2, 0.7]])
    found = read(answers, np.array([0, 2]), 1e-7)
    np.testing.assert_allclose(found[0], [0.1, 0.7, 0.2, np.log(0.1), np.log(0.1 / 0.9)], atol=1e-4)
    np.testing.assert_allclose(found[1], [0.7, 0.2, 0.1, np.log(0.7), np.log(0.7 / 0.3)], atol=1e-4)


def test_classes_that_were_not_returned_are_completed() -> None:
    top = np.array([[0.8, np.nan, np.nan]])
    np.testing.assert_allclose(read(top, np.array([1]), 1e-7)[0, :3], [0.1, 0.8, 0.1])


def test_it_learns_from_shadows_what_members_look_like() -> None:
    context, is_member = gaussian(2000, 8, gap=1.5, spread=0.3)
    evidence = Shokri().run(context)
    assert auc(evidence.target, is_member) > 0.6
    played = [auc(scores, inside) for scores, inside in zip(evidence.pseudo_targets, evidence.membership, strict=True)]
    assert np.mean(played) == pytest.approx(auc(evidence.target, is_member), abs=0.04)


def test_each_class_has_its_own_attack_model() -> None:
    """Of class 0 members are surer, of class 1 less sure, than others: one threshold for both finds nothing."""
    context, is_member = gaussian(3000, 4)
    labels, rng = context.candidates.labels, np.random.default_rng(0)
    way = np.where(labels == 0, 1.0, -1.0)

    def answers(inside: np.ndarray) -> np.ndarray:
        return binary(way * inside + 0.7 * rng.normal(size=inside.shape), labels)

    target = answers(is_member)
    shadows = replace(context.shadows, probabilities=answers(context.shadows.masks))
    twisted = replace(context, shadows=shadows, query=lambda frame: target)
    assert auc(Shokri().run(twisted).target, is_member) > 0.75
    assert abs(auc(LossThreshold().run(twisted).target, is_member) - 0.5) < 0.05


def test_a_rare_class_shares_the_attack_model_of_all() -> None:
    rng = np.random.default_rng(0)
    labels = np.array([0] * 200 + [1] * (LEAST // 4 - 1))
    taught, masks = rng.normal(size=(4, len(labels), 4)), rng.random((4, len(labels))) < 0.5
    observed, rare = rng.normal(size=(len(labels), 4)), labels == 1
    found = attacked(observed, labels, models_of(taught, labels, masks))
    np.testing.assert_array_equal(found[rare], model_of(taught.reshape(-1, 4), masks.ravel())(observed[rare]))
    own = model_of(taught[:, ~rare].reshape(-1, 4), masks[:, ~rare].ravel())(observed[~rare])
    np.testing.assert_array_equal(found[~rare], own)


def test_a_target_that_is_surer_of_members_than_any_shadow_was_is_found() -> None:
    """Shadows teach that the surest answers are for others: their members get moderate ones, others unsure or very sure ones."""
    context, is_member = gaussian(2000, 4)
    labels, rng = context.candidates.labels, np.random.default_rng(0)
    inside = context.shadows.masks
    others = np.where(rng.random(inside.shape) < 0.5, -1.0, 5.0)
    taught = binary(np.where(inside, 2.0, others) + 0.5 * rng.normal(size=inside.shape), labels)
    sure = binary(np.where(is_member, 13.0, np.where(rng.random(2000) < 0.5, -1.0, 5.0)), labels)
    twin = replace(context, shadows=replace(context.shadows, probabilities=taught), query=lambda frame: sure)
    assert auc(Shokri().run(twin).target, is_member) == 1.0


def test_a_model_that_answers_the_prior_alone_tells_nothing() -> None:
    context, _ = gaussian(400, 4)
    prior = np.tile([0.7, 0.3], (400, 1))
    even = replace(context, query=lambda frame: prior, shadows=replace(context.shadows, probabilities=np.tile(prior, (4, 1, 1))))
    scores = Shokri().run(even).target
    for label in (0, 1):
        assert len(set(scores[context.candidates.labels == label])) == 1


@pytest.mark.parametrize(("shadows", "taught", "playing"), [(4, 2, [2, 3]), (6, 4, [4, 5]), (8, 4, [4, 6, 5, 7])])
def test_half_of_the_pairs_teach_and_the_others_play(shadows: int, taught: int, playing: list[int]) -> None:
    context, _ = gaussian(300, shadows)
    evidence = Shokri().run(context)
    np.testing.assert_array_equal(evidence.membership, context.shadows.masks[playing])
    models = models_of(
        np.stack([read(a, context.candidates.labels, 1e-7) for a in context.shadows.probabilities[:taught]]),
        context.candidates.labels,
        context.shadows.masks[:taught],
    )
    for scores, shadow in zip(evidence.pseudo_targets, playing, strict=True):
        answers = read(context.shadows.probabilities[shadow], context.candidates.labels, 1e-7)
        np.testing.assert_array_equal(scores, attacked(answers, context.candidates.labels, models))


def test_a_single_pair_teaches_the_attack_on_the_target_alone() -> None:
    context, _ = gaussian(300, 2)
    assert Shokri().run(context).pseudo_targets.shape == (0, 300)
    assert Shokri().needs(Scope(context.profile, 300, 0, 2, 0)).shadows == 2
    with pytest.raises(AttackFailed, match="shokri needs at least 2 shadow models"):
        Shokri().run(replace(context, shadows=None))
