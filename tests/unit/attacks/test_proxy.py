from dataclasses import replace

import numpy as np
import pytest
from gaussian_world import auc, binary, free, gaussian

from auditor.attacks.membership.lira import LiRA
from auditor.attacks.membership.pairs import Pairs
from auditor.attacks.membership.proxy import Proxy, bins_of, gaps_of_others, score_in
from auditor.domain.data import Records
from auditor.domain.shadow import ShadowOutputs
from auditor.domain.target import Output, Profile
from auditor.errors import AttackFailed


def test_the_gap_is_that_of_the_others_in_the_bin() -> None:
    rng = np.random.default_rng(0)
    outside, gap = rng.normal(size=200), rng.normal(3, 1, 200)
    part = bins_of(outside)
    assert np.bincount(part).tolist() == [10] * 20
    for record in (0, 57, 199):
        others = (part == part[record]) & (np.arange(200) != record)
        assert gaps_of_others(gap, outside)[record] == pytest.approx(max(gap[others].mean(), 1e-3))


def test_gaps_follow_the_out_mean_where_training_moves_hard_records_more() -> None:
    rng = np.random.default_rng(1)
    outside = rng.normal(size=4000)
    truth = np.where(outside < 0, 2.0, 0.2)
    found = gaps_of_others(truth + rng.normal(size=4000), outside)
    assert np.abs(found - truth).mean() < 0.1


def test_gaps_are_positive_and_a_record_alone_has_the_least() -> None:
    assert gaps_of_others(np.array([-3.0, -4.0]), np.array([0.0, 1.0])).tolist() == [1e-3, 1e-3]


def test_a_record_s_own_in_answers_are_never_read() -> None:
    """They reach the others in its bin, never itself."""
    rng = np.random.default_rng(2)
    pool = Pairs(1 + rng.normal(size=(8, 300)), rng.normal(size=(8, 300)))
    inside = pool.inside.copy()
    inside[:, 42] += 100
    observed = rng.normal(size=300)
    before, after = (score_in(pool)(observed, pairs) for pairs in (pool, Pairs(inside, pool.outside)))
    assert after[42] == before[42]
    assert (after != before).sum() == 14  # the rest of its bin of 15


def test_members_score_higher_on_a_leaky_target_and_not_where_they_were_never_seen() -> None:
    context, is_member = gaussian(3000, 16, gap=1.0)
    scores = Proxy().run(context).target
    assert auc(scores, is_member) > 0.85
    assert abs(auc(scores, np.random.default_rng(5).permutation(is_member)) - 0.5) < 0.035


def test_it_finds_more_than_offline_lira_where_gaps_differ() -> None:
    """Without a gap a standard deviation more is the same for all; training moves hard records more, and the gap knows."""
    rng = np.random.default_rng(3)
    context, _ = gaussian(3000, 16)
    masks, labels = context.shadows.masks, context.candidates.labels
    is_member = rng.permutation(3000) < 1500
    difficulty = rng.normal(0, 2, 3000)
    gap = np.where(difficulty < -1, 3.0, 0.05)

    def phi(inside: np.ndarray) -> np.ndarray:
        return difficulty + gap * inside + rng.normal(size=inside.shape)

    answers = binary(phi(is_member), labels)
    world = replace(context, query=lambda frame: answers, shadows=ShadowOutputs(binary(phi(masks), labels), masks))
    proxy, lira = (auc(attack.run(world).target, is_member) for attack in (Proxy(), LiRA("offline")))
    assert proxy > lira + 0.02


@pytest.mark.parametrize("shadows", [2, 4, 6])
def test_few_shadows_are_enough_to_run(shadows: int) -> None:
    context, is_member = gaussian(2000, shadows, gap=1.5)
    evidence = Proxy().run(context)
    assert auc(evidence.target, is_member) > 0.7
    assert len(evidence.pseudo_targets) == (0 if shadows == 2 else shadows)


def test_a_calibrated_threshold_carries_over() -> None:
    context, is_member = gaussian(4000, 16)
    evidence = Proxy().run(context)
    threshold = np.quantile(evidence.pseudo_targets[~evidence.membership], 0.95)
    assert (evidence.target[~is_member] > threshold).mean() == pytest.approx(0.05, abs=0.025)


def test_the_order_of_records_changes_nothing() -> None:
    rng = np.random.default_rng(4)
    pool, observed = Pairs(1 + rng.normal(size=(4, 100)), rng.normal(size=(4, 100))), rng.normal(size=100)
    order = rng.permutation(100)
    shuffled = Pairs(pool.inside[:, order], pool.outside[:, order])
    np.testing.assert_allclose(score_in(shuffled)(observed[order], shuffled), score_in(pool)(observed, pool)[order])


def test_exact_zeros_and_ones_give_finite_scores() -> None:
    context, _ = gaussian(300, 16)
    hard = ShadowOutputs(np.round(context.shadows.probabilities), context.shadows.masks)
    evidence = Proxy().run(replace(context, shadows=hard, query=lambda frame: np.round(context.query(frame))))
    assert np.isfinite(evidence.target).all()


def test_values_are_read_as_residuals() -> None:
    context, _ = gaussian(1000, 8)
    rng = np.random.default_rng(6)
    masks, is_member = context.shadows.masks, rng.permutation(1000) < 500
    truth, error = rng.normal(size=1000), 3 * rng.normal(size=1000)

    def answers(inside: np.ndarray) -> np.ndarray:
        return np.asarray(truth + np.where(inside, 0.3, 1.0) * error + 0.3 * rng.normal(size=inside.shape))[..., None]

    target = answers(is_member)
    records = Records(context.candidates.features, np.zeros(1000, dtype=np.intp), truth)
    world = replace(
        context,
        profile=Profile(Output.VALUE, ()),
        candidates=records,
        query=lambda frame: target,
        shadows=ShadowOutputs(answers(masks), masks),
        checkpoint=free,
    )
    assert auc(Proxy().run(world).target, is_member) > 0.75


def test_without_shadows_it_says_what_to_change() -> None:
    with pytest.raises(AttackFailed, match="set shadows"):
        Proxy().run(gaussian(20, 0)[0])
