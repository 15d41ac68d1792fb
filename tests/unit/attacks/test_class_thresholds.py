from dataclasses import replace

import numpy as np
import pytest
from gaussian_world import auc, binary, gaussian
from hypothesis import given
from hypothesis import strategies as st

from auditor.attacks.membership.class_thresholds import Observed, best_cut, cuts
from auditor.attacks.membership.confidence import Confidence
from auditor.attacks.membership.entropy import Entropy
from auditor.attacks.membership.loss_threshold import LossThreshold
from auditor.attacks.membership.modified_entropy import ModifiedEntropy
from auditor.domain.attack import Attack, Scope
from auditor.domain.threat import Knows
from auditor.errors import AttackFailed

ATTACKS = [Confidence(), Entropy(), ModifiedEntropy(), LossThreshold("class")]
VALUES = st.lists(st.integers(0, 6).map(float), min_size=1, max_size=12)


@given(VALUES, VALUES)
def test_the_best_cut_is_the_first_value_that_no_other_beats(members: list[float], others: list[float]) -> None:
    inside, outside = np.array(members), np.array(others)
    rates = [(inside >= v).mean() + (outside < v).mean() for v in members + others]
    first = (members + others)[int(np.argmax(np.round(rates, 9)))]
    assert best_cut(inside, outside) == first


def test_a_cut_calls_its_own_value_a_member() -> None:
    assert best_cut(np.array([3.0, 2.0]), np.array([1.0, 0.0])) == 2.0


def shown(signals: list[float], groups: list[int]) -> Observed:
    return Observed(np.array(signals), np.array(groups))


def test_each_class_has_its_own_cut() -> None:
    found = cuts(shown([1.0, 0.0, 11.0, 10.0], [0, 0, 1, 1]), np.array([True, False, True, False]), 2, least=2)
    np.testing.assert_array_equal(found, [1.0, 11.0])


def test_a_class_with_few_answers_or_one_side_shares_the_pooled_cut() -> None:
    observed = shown([5.0, 1.0, 5.0, 1.0, 9.0, 9.0], [0, 0, 0, 0, 1, 2])
    inside = np.array([True, False, True, False, True, False])
    pooled = best_cut(np.sort(observed.signals[inside]), np.sort(observed.signals[~inside]))
    np.testing.assert_array_equal(cuts(observed, inside, 4, least=3), [5.0, pooled, pooled, pooled])
    np.testing.assert_array_equal(cuts(observed, inside, 4, least=5), np.full(4, pooled))


def test_the_order_of_answers_does_not_move_a_cut() -> None:
    rng = np.random.default_rng(0)
    signals, groups, inside = rng.integers(0, 5, 200).astype(float), rng.integers(0, 2, 200), rng.random(200) < 0.5
    order = rng.permutation(200)
    np.testing.assert_array_equal(
        cuts(Observed(signals, groups), inside, 2), cuts(Observed(signals[order], groups[order]), inside[order], 2)
    )


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_a_lookup_model_is_found(attack: Attack) -> None:
    """Members are answered with certainty, all others evenly."""
    context, is_member = gaussian(400, 4)
    lookup = np.where(is_member[:, None], np.eye(2)[context.candidates.labels], 0.5)
    played = np.where(context.shadows.masks[..., None], np.eye(2)[context.candidates.labels], 0.5)
    found = replace(context, query=lambda frame: lookup, shadows=replace(context.shadows, probabilities=played))
    evidence = attack.run(found)
    assert auc(evidence.target, is_member) == 1.0
    if not isinstance(attack, Entropy):  # predicting either class evenly, no answer of a non-member is in group 1
        assert (evidence.target[is_member] >= 0).all()
        assert (evidence.target[~is_member] < 0).all()


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_a_model_that_answers_the_prior_alone_tells_nothing(attack: Attack) -> None:
    context, _ = gaussian(400, 4)
    prior = np.tile([0.7, 0.3], (400, 1))
    even = replace(context, query=lambda frame: prior, shadows=replace(context.shadows, probabilities=np.tile(prior, (4, 1, 1))))
    scores = attack.run(even).target
    assert len(set(scores)) <= 2  # at most one value for each class, the same for members and non-members of it
    for label in (0, 1):
        assert len(set(scores[context.candidates.labels == label])) == 1


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_a_pseudo_target_has_the_thresholds_of_the_target(attack: Attack) -> None:
    context, _ = gaussian(300, 8)
    evidence = attack.run(context)
    assert evidence.pseudo_targets.shape == (8, 300)
    np.testing.assert_array_equal(evidence.membership[1], context.shadows.masks[2])
    instead = replace(context, query=lambda frame: context.shadows.probabilities[2])
    np.testing.assert_array_equal(evidence.pseudo_targets[1], attack.run(instead).target)


def sides(attack: Attack, shadows: int) -> tuple[np.ndarray, np.ndarray]:
    """Scores of records outside the training data: of pseudo-targets, and of the target."""
    context, is_member = gaussian(6000, shadows, gap=0.5)
    evidence = attack.run(context)
    return evidence.pseudo_targets[~evidence.membership], evidence.target[~is_member]


@pytest.mark.parametrize("shadows", [4, 16])
@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_a_threshold_calibrated_on_pseudo_targets_holds_its_rate(attack: Attack, shadows: int) -> None:
    outsiders, strangers = sides(attack, shadows)
    for rate in (0.01, 0.05, 0.2):
        assert (strangers > np.quantile(outsiders, 1 - rate)).mean() == pytest.approx(rate, abs=4 * np.sqrt(rate / 3000))


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_a_single_pair_sets_thresholds_for_the_target_alone(attack: Attack) -> None:
    context, _ = gaussian(300, 2)
    assert attack.run(context).pseudo_targets.shape == (0, 300)
    assert attack.needs(Scope(context.profile, 300, 0, 2, 0)).shadows == 2


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_without_shadows_it_says_how_many_to_set(attack: Attack) -> None:
    with pytest.raises(AttackFailed, match=f"{attack.name} needs at least 2 shadow models"):
        attack.run(gaussian(20, 0)[0])


def test_class_thresholds_mend_an_easy_and_a_hard_class() -> None:
    """Class 1 is easy whether its records were members or not; one threshold for all mistakes it for membership."""
    context, is_member = gaussian(2000, 8, gap=1.5, spread=0.3)
    rng = np.random.default_rng(3)
    ease = np.where(context.candidates.labels == 1, 4.0, 0.0)

    def answers(inside: np.ndarray) -> np.ndarray:
        return binary(ease + 1.5 * inside + 0.3 * rng.normal(size=inside.shape), context.candidates.labels)

    target = answers(is_member)
    played = replace(context.shadows, probabilities=answers(context.shadows.masks))
    twice = replace(context, query=lambda frame: target, shadows=played)
    by_class = auc(LossThreshold("class").run(twice).target, is_member)
    assert by_class > auc(LossThreshold().run(twice).target, is_member) + 0.15
    assert by_class > 0.95


def test_entropy_never_reads_a_label() -> None:
    context, _ = gaussian(300, 4)
    blank = replace(context, candidates=replace(context.candidates, labels=np.full(300, -1)))
    np.testing.assert_array_equal(Entropy().run(blank).target, Entropy().run(context).target)
    assert Knows.TRUE_LABEL not in Entropy.threat_model.knows


def test_a_surely_wrong_answer_looks_like_a_member_to_entropy_alone() -> None:
    context, _ = gaussian(300, 4)
    wrong = np.eye(2)[1 - context.candidates.labels]
    fooled = replace(context, query=lambda frame: wrong)
    right = replace(context, query=lambda frame: 1 - wrong)
    assert Entropy().run(fooled).target.mean() == pytest.approx(Entropy().run(right).target.mean(), abs=0.05)
    assert ModifiedEntropy().run(fooled).target.max() < ModifiedEntropy().run(right).target.min() - 5
