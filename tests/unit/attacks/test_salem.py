from dataclasses import replace

import numpy as np
import pytest
from gaussian_world import auc, gaussian

from auditor.attacks import registry
from auditor.attacks.membership.in_out import learned
from auditor.attacks.membership.salem import Salem, read, surest
from auditor.domain.attack import Scope
from auditor.domain.target import Output, Profile
from auditor.domain.threat import Knows
from auditor.errors import AttackFailed, InvalidInput

BOTH = [Salem(), Salem(adversary=3)]


def test_only_the_three_largest_probabilities_are_seen() -> None:
    answers = np.array([[0.1, 0.4, 0.05, 0.3, 0.15]])
    np.testing.assert_allclose(read(answers), [[0.4, 0.3, 0.15]])
    np.testing.assert_allclose(read(np.array([[0.2, 0.8]])), [[0.8, 0.2]])
    np.testing.assert_allclose(surest(answers), [0.4])


def test_of_a_top_three_answer_it_sees_what_it_sees_of_the_whole() -> None:
    whole = np.random.default_rng(0).dirichlet(np.ones(6), 50)
    rank = np.argsort(np.argsort(-whole, axis=1), axis=1)
    top = np.where(rank < 3, whole, np.nan)
    np.testing.assert_array_equal(read(top), read(whole))
    np.testing.assert_array_equal(surest(top), surest(whole))


@pytest.mark.parametrize("attack", BOTH, ids=repr)
def test_labels_play_no_part(attack: Salem) -> None:
    context, _ = gaussian(300, 4)
    blank = replace(context, candidates=replace(context.candidates, labels=np.full(300, -1)))
    np.testing.assert_array_equal(attack.run(blank).target, attack.run(context).target)
    assert Knows.TRUE_LABEL not in attack.threat_model.knows


@pytest.mark.parametrize("attack", BOTH, ids=repr)
def test_which_class_is_which_plays_no_part(attack: Salem) -> None:
    context, _ = gaussian(300, 4)
    turned = replace(
        context,
        query=lambda frame: context.query(frame)[:, ::-1],
        shadows=replace(context.shadows, probabilities=context.shadows.probabilities[..., ::-1]),
    )
    np.testing.assert_array_equal(attack.run(turned).target, attack.run(context).target)


@pytest.mark.parametrize("attack", BOTH, ids=repr)
def test_a_model_that_is_surer_of_members_is_found(attack: Salem) -> None:
    context, is_member = gaussian(1500, 4, gap=3.0)
    assert auc(attack.run(context).target, is_member) > 0.6


@pytest.mark.parametrize("attack", BOTH, ids=repr)
def test_a_model_that_answers_the_prior_alone_gives_everybody_the_same_score(attack: Salem) -> None:
    context, _ = gaussian(400, 4)
    prior = np.tile([0.7, 0.3], (400, 1))
    even = replace(context, query=lambda frame: prior, shadows=replace(context.shadows, probabilities=np.tile(prior, (4, 1, 1))))
    assert len(set(attack.run(even).target)) == 1


def test_one_pair_of_shadows_is_learned_from() -> None:
    context, _ = gaussian(300, 8)
    first = replace(context, shadows=context.shadows.first(2))
    np.testing.assert_array_equal(Salem().run(context).target, Salem().run(first).target)
    assert Salem().run(first).pseudo_targets.shape == (0, 300)


def test_the_other_shadows_play_the_target_against_the_same_model() -> None:
    context, _ = gaussian(300, 6)
    shadows = context.shadows
    evidence = Salem().run(context)
    np.testing.assert_array_equal(evidence.membership, shadows.masks[[2, 4, 3, 5]])
    known = np.concatenate([read(answers) for answers in shadows.probabilities[:2]])
    classify = learned(known, shadows.masks[:2].ravel())
    for scores, shadow in zip(evidence.pseudo_targets, [2, 4, 3, 5], strict=True):
        np.testing.assert_array_equal(scores, classify(read(shadows.probabilities[shadow])))


def test_the_third_adversary_trains_nothing() -> None:
    context, _ = gaussian(200, 0)
    evidence = Salem(adversary=3).run(context)
    np.testing.assert_allclose(evidence.target, context.query(context.candidates.features).max(axis=1), atol=1e-5)
    assert evidence.pseudo_targets.shape == (0, 200)
    with pytest.raises(AttackFailed, match="salem needs at least 2 shadow models"):
        Salem().run(context)


def test_shadows_calibrate_the_third_adversary_all_the_same() -> None:
    context, _ = gaussian(200, 4)
    evidence = Salem(adversary=3).run(context)
    np.testing.assert_array_equal(evidence.pseudo_targets[1], surest(context.shadows.probabilities[2]))


def test_each_adversary_says_what_it_knows() -> None:
    no_learner = Scope(Profile(Output.TOP_K, ("a", "b", "c", "d"), top=3), 100, 0, 0, 0, has_learner=False)
    assert registry.unmet(Salem(adversary=3), no_learner.profile, no_learner) == []
    assert len(registry.unmet(Salem(), no_learner.profile, no_learner)) == 2  # the learner, and shadows
    assert Salem(adversary=3).needs(no_learner).shadows == 0


@pytest.mark.parametrize("adversary", [2, 0, "1", True, None])
def test_there_is_no_other_adversary(adversary: object) -> None:
    with pytest.raises(InvalidInput, match="choose 1 or 3") as caught:
        registry.make("salem", {"adversary": adversary})
    assert caught.value.field == "attacks.salem.adversary"
