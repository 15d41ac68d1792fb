import time
from dataclasses import replace

import numpy as np
import pytest
from gaussian_world import auc, binary, free, gaussian

from auditor.attacks.membership import rmia
from auditor.attacks.membership.lira import LiRA
from auditor.attacks.membership.pairs import paired
from auditor.attacks.membership.power import LOW_RATE, low_rate_power
from auditor.attacks.membership.rmia import RMIA
from auditor.attacks.membership.stack_features import Table, reading
from auditor.attacks.membership.stacked import Stacked
from auditor.attacks.membership.stacking import fit, is_better
from auditor.attacks.signals import log_confidence, logit_confidence
from auditor.domain.attack import Context
from auditor.domain.shadow import ShadowOutputs
from auditor.errors import AttackFailed, Cancelled, InvalidInput
from auditor.shadows import design


def signals(context: Context) -> tuple[np.ndarray, ...]:
    labels, answers = context.candidates.labels, context.shadows.probabilities
    return tuple(np.stack([s(a, labels, 1e-7) for a in answers]) for s in (logit_confidence, log_confidence))


def table_of(context: Context, shadow: int) -> Table:
    odds, usual = signals(context)
    masks = context.shadows.masks
    pools = tuple(paired(s, masks) for s in (odds, usual))
    return reading(pools)((odds[shadow], usual[shadow]), tuple(pool.without(shadow // 2) for pool in pools))


# What it reads


def test_the_table_holds_differences_to_the_shadows_on_either_side() -> None:
    context, _ = gaussian(50, 8)
    odds, usual = signals(context)
    pool = paired(odds, context.shadows.masks).without(0)
    table = table_of(context, 0)
    columns = [tuple(c) for c in table.features.T.round(4)]
    for expected in (odds[0], odds[0] - pool.outside.mean(0), odds[0] - pool.inside.mean(0), pool.inside.mean(0)):
        assert tuple(expected.round(4)) in columns
    np.testing.assert_allclose(table.ratio, rmia.online(usual[0], paired(usual, context.shadows.masks).without(0)))


@pytest.mark.parametrize(("shadows", "columns"), [(4, 11), (6, 11), (8, 15), (32, 15)])
def test_spread_is_read_where_there_are_pairs_enough(shadows: int, columns: int) -> None:
    table = table_of(gaussian(40, shadows)[0], 0)
    assert table.features.shape == (40, columns)
    assert table.rising.shape == (columns,)


def test_columns_that_rise_rise_with_the_answer_and_the_others_do_not_move() -> None:
    context, _ = gaussian(60, 8)
    odds, usual = signals(context)
    pools = tuple(paired(s, context.shadows.masks) for s in (odds, usual))
    low, high = (reading(pools)((np.full(60, phi), -np.log1p(np.exp(np.full(60, -phi)))), pools) for phi in (-1.0, 2.0))
    moved = (high.features - low.features).T
    assert (moved[low.rising == 1] > 0).all()
    assert (moved[low.rising == 0] == 0).all()
    assert (high.beyond > low.beyond).all()


# What it learns


def test_trees_learn_what_separates_members_and_score_the_more_the_surer() -> None:
    context, _ = gaussian(500, 8, gap=2.0)
    masks = context.shadows.masks
    stacker = fit([table_of(context, k) for k in (0, 4)], masks[[0, 4]], 50)
    assert auc(stacker.score(table_of(context, 2)), masks[2]) > 0.9


def test_what_is_surer_than_every_shadow_counts_for_more_the_surer_it_is() -> None:
    context, _ = gaussian(300, 8)
    table = table_of(context, 0)
    stacker = fit([table], context.shadows.masks[[0]], 20)
    assert stacker.reach == table.beyond.max()
    inside, past, far = (stacker.score(replace(table, beyond=np.full(300, stacker.reach + d))) for d in (-1.0, 2.0, 5.0))
    np.testing.assert_allclose(past - inside, 2.0)
    np.testing.assert_allclose(far - inside, 5.0)
    np.testing.assert_allclose(stacker.ratio(replace(table, beyond=np.full(300, stacker.reach + 2.0))), table.ratio + 2.0)
    np.testing.assert_array_equal(stacker.ratio(table), table.ratio)


def test_the_order_of_rows_changes_nothing() -> None:
    context, _ = gaussian(400, 8)
    table, masks = table_of(context, 0), context.shadows.masks[[0]]
    order = np.random.default_rng(1).permutation(400)
    shuffled = replace(table, features=table.features[order], ratio=table.ratio[order], beyond=table.beyond[order])
    straight = fit([table], masks, 30).score(table)
    np.testing.assert_array_equal(fit([shuffled], masks[:, order], 30).score(table), straight)


def test_equal_answers_of_trees_are_told_apart_by_the_ratio() -> None:
    context, _ = gaussian(2000, 8, gap=1.0)
    stacker = fit([table_of(context, 0)], context.shadows.masks[[0]], 10)
    table = table_of(context, 2)
    assert len(np.unique(stacker.trees.decision_function(table.features))) < 1000
    assert len(np.unique(stacker.score(table))) > 1900


# When it is trusted


def test_it_is_better_by_auc_or_by_the_tail_and_not_otherwise() -> None:
    rng = np.random.default_rng(0)
    masks = np.array([rng.permutation(4000) < 2000 for _ in range(2)])
    plain = rng.normal(size=masks.shape) + masks
    shifted = plain + 0.3 * masks
    tail = np.where(masks & (rng.random(masks.shape) < 0.05), 9.0, plain - 0.2 * masks)
    assert is_better(shifted, plain, masks)
    assert is_better(tail, plain, masks)
    assert not is_better(plain, plain, masks)
    assert not is_better(plain, shifted, masks)


def test_power_at_a_low_rate_counts_members_above_all_but_a_thousandth_of_the_others() -> None:
    is_member = np.repeat([True, False], 2000)
    scores = np.r_[np.full(500, 10.0), np.zeros(1500), [20.0, 20.0, 5.0], np.zeros(1997)]
    assert int(LOW_RATE * 2000) == 2
    assert low_rate_power(scores, is_member) == 0.25
    assert low_rate_power(np.zeros(4000), is_member) == 0


@pytest.mark.parametrize("shadows", [2])
def test_a_single_pair_leaves_the_log_ratio(shadows: int) -> None:
    context, _ = gaussian(200, shadows)
    evidence, plain = Stacked().run(context), RMIA().run(context)
    np.testing.assert_array_equal(evidence.target, plain.target)
    assert evidence.pseudo_targets.shape == (0, 200)


def test_trees_that_beat_nothing_leave_the_log_ratio() -> None:
    left = 0
    for seed in range(6):
        context, _ = gaussian(1000, 8, gap=0.0, seed=seed)
        evidence, plain = Stacked(trees=10).run(context), RMIA().run(context)
        odds = paired(signals(context)[0], context.shadows.masks)
        within_reach = evidence.target <= evidence.pseudo_targets.max() + odds.inside.max()
        assert within_reach.all()
        left += bool(np.isclose(evidence.target, plain.target).mean() > 0.99)
    assert left >= 4


# The attack


def test_it_finds_more_than_the_attacks_it_reads() -> None:
    """Records of one kind give themselves away, the others do not, and only their OUT mean tells which is which."""
    rng = np.random.default_rng(0)
    n, labels = 4000, rng.integers(0, 2, 4000).astype(np.intp)
    difficulty = rng.uniform(-3, 3, n)
    leaks = np.abs(difficulty) < 0.5
    masks, is_member = design.masks(n, range(16), 0), rng.permutation(n) < n // 2

    def phi(inside: np.ndarray) -> np.ndarray:
        return difficulty + np.where(leaks, 3.0, 0.5) * inside + np.where(leaks, 0.9, 2.0) * rng.standard_t(4, size=inside.shape)

    context = gaussian(n, 0)[0]
    answers = binary(phi(is_member), labels)
    outputs = ShadowOutputs(binary(phi(masks), labels), masks)
    records = replace(context.candidates, labels=labels)
    context = replace(context, candidates=records, shadows=outputs, query=lambda frame: answers[frame.index.to_numpy()])
    found = {type(a).__name__: low_rate_power(a.run(context).target, is_member) for a in (Stacked(), RMIA(), LiRA())}
    assert found["Stacked"] > 1.2 * max(found["RMIA"], found["LiRA"]), found


@pytest.mark.parametrize("shadows", [4, 6, 16])
def test_members_score_higher_on_a_leaky_target(shadows: int) -> None:
    context, is_member = gaussian(2000, shadows, gap=1.0)
    assert auc(Stacked(trees=40).run(context).target, is_member) > 0.85


def test_it_comes_close_to_the_best_possible_test_with_many_shadows() -> None:
    context, is_member = gaussian(3000, 64, gap=0.8, spread=0.8)
    # A shift of one standard deviation: no test has a larger AUC than Phi(1 / sqrt 2) = .760.
    assert auc(Stacked(trees=40).run(context).target, is_member) == pytest.approx(0.760, abs=0.025)


def test_a_target_that_never_saw_the_records_leaks_nothing() -> None:
    context, is_member = gaussian(3000, 16, gap=1.0)
    other = np.random.default_rng(5).permutation(is_member)
    assert abs(auc(Stacked(trees=40).run(context).target, other) - 0.5) < 0.035


def test_pseudo_targets_are_out_of_fold_as_leaky_as_the_target_and_on_its_scale() -> None:
    context, is_member = gaussian(3000, 16, gap=0.6)
    evidence = Stacked(trees=40).run(context)
    assert evidence.pseudo_targets.shape == (16, 3000)
    expectation = np.mean([auc(s, m) for s, m in zip(evidence.pseudo_targets, evidence.membership, strict=True)])
    assert expectation == pytest.approx(auc(evidence.target, is_member), abs=0.03)
    threshold = np.quantile(evidence.pseudo_targets[~evidence.membership], 0.95)
    assert (evidence.target[~is_member] > threshold).mean() == pytest.approx(0.05, abs=0.02)


def test_scores_of_shadows_on_shuffled_membership_are_those_of_chance() -> None:
    """Out of fold: trees that had seen a pseudo-target's own membership would remember it."""
    context, _ = gaussian(1500, 8, gap=0.0, seed=2)
    odds = signals(context)[0]
    assert odds.shape == (8, 1500)
    evidence = Stacked().run(context)
    found = np.mean([auc(s, m) for s, m in zip(evidence.pseudo_targets, evidence.membership, strict=True)])
    assert found == pytest.approx(0.5, abs=0.02)


def test_a_model_that_remembers_its_members_is_found_although_shadows_never_do() -> None:
    context, is_member = gaussian(3000, 16, gap=0.05)
    out = np.where(context.shadows.masks[..., None], np.nan, context.shadows.probabilities)
    general = np.nanmean(out, axis=0)
    sure = binary(np.full(3000, 14.0), context.candidates.labels)
    twin = np.where(is_member[:, None], sure, general)
    evidence = Stacked().run(replace(context, query=lambda frame: twin))
    assert auc(evidence.target, is_member) > 0.99
    cut = np.quantile(evidence.pseudo_targets[~evidence.membership], 0.999)
    assert (evidence.target[is_member] > cut).mean() > 0.9


def test_a_surer_answer_is_never_less_of_a_member() -> None:
    context, _ = gaussian(500, 8, gap=1.0)
    rising = [
        Stacked(trees=20)
        .run(replace(context, query=lambda f, phi=phi: binary(np.full(500, phi), context.candidates.labels)))
        .target
        for phi in (-4.0, 0.0, 1.0, 4.0, 12.0)
    ]
    assert (np.diff(rising, axis=0) > 0).all()


def test_exact_zeros_and_ones_give_finite_scores() -> None:
    context, _ = gaussian(300, 16)
    hard = ShadowOutputs(np.round(context.shadows.probabilities), context.shadows.masks)
    evidence = Stacked().run(replace(context, shadows=hard, query=lambda frame: np.round(context.query(frame))))
    assert np.isfinite(evidence.target).all()
    assert np.isfinite(evidence.pseudo_targets).all()


@pytest.mark.parametrize(("n", "shadows"), [(300, 8), (6, 4), (2, 8)])
def test_a_model_that_always_answers_the_same_tells_nothing_of_anybody(n: int, shadows: int) -> None:
    context, _ = gaussian(n, shadows)
    same = ShadowOutputs(np.full((shadows, n, 2), 0.5), context.shadows.masks)
    evidence = Stacked().run(replace(context, query=lambda frame: np.full((n, 2), 0.5), shadows=same))
    assert len(np.unique(evidence.target)) == len(np.unique(evidence.pseudo_targets)) == 1


def test_the_number_of_pseudo_targets_follows_what_was_asked_and_what_is_affordable() -> None:
    context, _ = gaussian(200, 12)
    assert len(Stacked(trees=10, pseudo_targets=6).run(context).pseudo_targets) == 6
    assert len(Stacked(trees=10).run(context).pseudo_targets) == 12
    assert len(Stacked()._chosen(64, 100_000)) == 4
    assert len(Stacked()._chosen(64, 40_000)) == 10


@pytest.mark.parametrize(
    ("field", "value"), [("trees", 5), ("trees", "100"), ("trees", True), ("pseudo_targets", 3), ("pseudo_targets", 4.0)]
)
def test_a_bad_parameter_is_refused_by_name(field: str, value: object) -> None:
    with pytest.raises(InvalidInput, match="choose a whole number") as caught:
        Stacked(**{field: value})
    assert caught.value.field == f"attacks.stacked.{field}"


def test_without_shadows_it_says_what_to_change() -> None:
    with pytest.raises(AttackFailed, match="set shadows"):
        Stacked().run(gaussian(20, 0)[0])


def test_progress_is_reported_and_cancelling_works() -> None:
    seen: list[float] = []
    Stacked(trees=10).run(gaussian(50, 8, checkpoint=seen.append)[0])
    assert (seen[0], seen[-1]) == (0, 1)
    assert seen == sorted(seen)

    def cancel(fraction: float) -> None:
        if fraction > 0.5:
            raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        Stacked(trees=10).run(gaussian(50, 8, checkpoint=cancel)[0])


def test_it_is_as_fast_as_an_audit_needs() -> None:
    context, _ = gaussian(2500, 16, checkpoint=free)
    started = time.process_time()
    Stacked().run(context)
    assert time.process_time() - started < 6
