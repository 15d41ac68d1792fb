import time
from dataclasses import replace

import numpy as np
import pytest
from gaussian_world import auc, binary, gaussian
from scipy.special import ndtr
from scipy.stats import norm

from auditor.attacks.membership import likelihood
from auditor.attacks.membership.lira import LiRA
from auditor.attacks.membership.pairs import Pairs, paired
from auditor.attacks.signals import logit_confidence
from auditor.domain.shadow import ShadowOutputs
from auditor.errors import AttackFailed, Cancelled, InvalidInput

ALL = [LiRA(mode, variance) for mode in ("online", "offline") for variance in ("shared", "moderated", "record", "pooled")]
named = pytest.mark.parametrize("attack", ALL, ids=lambda a: f"{a.mode}-{a.variance}")


def pairs(p: int = 8, n: int = 50, seed: int = 0) -> tuple[np.ndarray, Pairs]:
    rng = np.random.default_rng(seed)
    difficulty = rng.normal(0, 3, n)
    return difficulty + rng.normal(size=n), Pairs(difficulty + 1 + rng.normal(size=(p, n)), difficulty + rng.normal(size=(p, n)))


def test_online_is_the_log_ratio_of_two_normal_densities() -> None:
    observed, pool = pairs()
    spread = likelihood.of_each_side(pool)
    expected = norm.logpdf(observed, pool.inside.mean(0), np.sqrt(spread.inside)) - norm.logpdf(
        observed, pool.outside.mean(0), np.sqrt(spread.outside)
    )
    np.testing.assert_allclose(likelihood.online(observed, pool, spread), expected)


def test_offline_ranks_as_the_one_sided_probability_and_does_not_saturate() -> None:
    observed, pool = pairs(n=200)
    z = likelihood.offline(observed, pool, likelihood.of_each_side(pool))
    unsaturated = np.abs(z) < 5
    np.testing.assert_array_equal(np.argsort(z[unsaturated]), np.argsort(ndtr(z[unsaturated])))
    far = likelihood.offline(np.array([100.0, 101.0]), Pairs(np.zeros((2, 2)), np.zeros((2, 2))), likelihood.of_all(1.0))
    assert far[1] > far[0]


def test_with_equal_variances_the_ranking_does_not_depend_on_the_variance() -> None:
    observed, pool = pairs()
    orders = [np.argsort(likelihood.online(observed, pool, likelihood.of_all(v))) for v in (0.01, 1.0, 30.0)]
    np.testing.assert_array_equal(orders[0], orders[1])
    np.testing.assert_array_equal(orders[0], orders[2])


def test_equal_variances_give_the_closed_form() -> None:
    observed, pool = pairs()
    inside, outside = pool.inside.mean(0), pool.outside.mean(0)
    expected = (inside - outside) * (2 * observed - inside - outside) / (2 * 0.7)
    np.testing.assert_allclose(likelihood.online(observed, pool, likelihood.of_all(0.7)), expected)


def test_the_shrunk_ratio_rises_with_the_signal_for_every_record() -> None:
    observed, pool = pairs()
    spread = likelihood.of_both_sides(pool)
    low, high = (likelihood.online_shrunk(observed + shift, pool, spread) for shift in (0.0, 5.0))
    assert (high > low).all()


def test_the_rising_ratio_is_the_ratio_of_two_densities_until_it_turns() -> None:
    _, pool = pairs(p=40, n=400)
    observed = pool.outside.mean(0) + np.random.default_rng(1).normal(0, 4, 400)
    spread = likelihood.Spread(pool.inside.var(0) * 2, pool.outside.var(0))
    outside = pool.outside.mean(0)
    gap = likelihood.moderated_gap(pool.inside.mean(0) - outside, outside, len(pool))
    ratio = norm.logpdf(observed, outside + gap, np.sqrt(spread.inside)) - norm.logpdf(observed, outside, np.sqrt(spread.outside))
    found = likelihood.online_rising(observed, pool, spread)
    same = np.isclose(found, ratio)
    assert 0.5 < same.mean() < 1
    wider = spread.outside > spread.inside
    assert (found[wider & ~same] >= ratio[wider & ~same]).all()


def test_the_rising_ratio_rises_with_the_signal_for_every_record_however_wide_either_side() -> None:
    rng = np.random.default_rng(3)
    difficulty = rng.normal(0, 3, 300)
    scale = np.exp(rng.normal(size=(2, 300)))
    pool = Pairs(difficulty + 1 + scale[0] * rng.normal(size=(8, 300)), difficulty + scale[1] * rng.normal(size=(8, 300)))
    spread = likelihood.of_each_side_moderated(pool)
    scores = [likelihood.online_rising(difficulty + shift, pool, spread) for shift in (-40.0, -5.0, -1.0, 0.0, 1.0, 5.0, 40.0)]
    assert (np.diff(scores, axis=0) > 0).all()


def test_equal_variances_leave_the_rising_ratio_nowhere_to_turn() -> None:
    observed, pool = pairs()
    equal = likelihood.of_all(0.7)
    np.testing.assert_allclose(likelihood.online_rising(observed, pool, equal), likelihood.online_shrunk(observed, pool, equal))


@pytest.mark.parametrize(("shadows", "chosen"), [(2, "pooled"), (4, "pooled"), (6, "shared"), (14, "shared")])
def test_auto_goes_by_the_number_of_shadows(shadows: int, chosen: str) -> None:
    context, _ = gaussian(60, shadows)
    found, expected = (LiRA(variance=variance).run(context) for variance in ("auto", chosen))
    np.testing.assert_array_equal(found.target, expected.target)
    np.testing.assert_array_equal(found.pseudo_targets, expected.pseudo_targets)


@pytest.mark.parametrize(("narrow", "chosen"), [(1.5, "shared"), (0.2, "moderated")])
def test_with_shadows_enough_auto_takes_the_form_that_finds_more_on_pseudo_targets(narrow: float, chosen: str) -> None:
    """Where IN answers spread as OUT ones do, one variance is twice as well known; where they do not, each side needs its own."""
    rng = np.random.default_rng(4)
    context, _ = gaussian(2000, 16)
    masks, difficulty = context.shadows.masks, rng.normal(size=2000)
    phi = difficulty + np.where(masks, 1 + narrow * rng.normal(size=masks.shape), 1.5 * rng.normal(size=masks.shape))
    shadows = ShadowOutputs(binary(phi, context.candidates.labels), masks)
    found, expected = (LiRA(variance=variance).run(replace(context, shadows=shadows)) for variance in ("auto", chosen))
    np.testing.assert_array_equal(found.target, expected.target)


def test_a_side_with_a_variance_of_its_own_is_told_apart_by_moderated_variances() -> None:
    """IN and OUT have the same mean and differ in spread alone: only variances of each side can tell."""
    rng = np.random.default_rng(4)
    difficulty, is_member = rng.normal(size=3000), rng.permutation(3000) < 1500
    pool = Pairs(difficulty + 1 + 0.2 * rng.normal(size=(32, 3000)), difficulty + 1.5 * rng.normal(size=(32, 3000)))
    observed = difficulty + np.where(is_member, 1 + 0.2 * rng.normal(size=3000), 1.5 * rng.normal(size=3000))
    shared, moderated = (auc(LiRA(variance=v).score_in(pool)(observed, pool), is_member) for v in ("shared", "moderated"))
    assert moderated > shared + 0.02


def test_gaps_are_drawn_towards_those_of_equally_hard_records_and_stay_positive() -> None:
    rng = np.random.default_rng(0)
    outside = rng.normal(size=4000)
    truth = np.where(outside > 0, 2.0, 0.2)
    noisy = truth + rng.normal(size=4000)
    drawn = likelihood.moderated_gap(noisy, outside, pairs=2)
    assert (drawn > 0).all()
    assert np.abs(drawn - truth).mean() < 0.4 * np.abs(noisy - truth).mean()
    np.testing.assert_allclose(
        likelihood.moderated_gap(noisy, outside, pairs=10**9), np.maximum(noisy, likelihood.LEAST_GAP), atol=1e-6
    )


@named
def test_members_score_higher_on_a_leaky_target(attack: LiRA) -> None:
    context, is_member = gaussian(3000, 16, gap=1.0)
    assert auc(attack.run(context).target, is_member) > 0.8


@named
def test_it_comes_close_to_the_best_possible_test_with_many_shadows(attack: LiRA) -> None:
    context, is_member = gaussian(4000, 128, gap=0.8, spread=0.8)
    # A shift of one standard deviation: no test has a larger AUC than Phi(1 / sqrt 2) = .760.
    assert auc(attack.run(context).target, is_member) == pytest.approx(0.760, abs=0.025)


@named
def test_a_target_that_never_saw_the_records_leaks_nothing(attack: LiRA) -> None:
    context, is_member = gaussian(3000, 16, gap=1.0)
    other = np.random.default_rng(5).permutation(is_member)
    assert abs(auc(attack.run(context).target, other) - 0.5) < 0.035


@named
def test_pseudo_targets_are_as_leaky_as_the_target(attack: LiRA) -> None:
    context, is_member = gaussian(2000, 32)
    evidence = attack.run(context)
    expectation = np.mean([auc(s, m) for s, m in zip(evidence.pseudo_targets, evidence.membership, strict=True)])
    assert expectation == pytest.approx(auc(evidence.target, is_member), abs=0.03)


@named
@pytest.mark.parametrize("shadows", [2, 4, 6])
def test_few_shadows_are_enough_to_run(attack: LiRA, shadows: int) -> None:
    context, is_member = gaussian(2000, shadows, gap=1.5)
    evidence = attack.run(context)
    assert np.isfinite(evidence.target).all()
    assert np.isfinite(evidence.pseudo_targets).all()
    assert auc(evidence.target, is_member) > 0.7


@named
def test_pseudo_target_scores_are_on_the_scale_of_the_target(attack: LiRA) -> None:
    """A calibrated threshold is carried over from OUT records of pseudo-targets: its false-positive rate must hold."""
    context, is_member = gaussian(4000, 16)
    evidence = attack.run(context)
    threshold = np.quantile(evidence.pseudo_targets[~evidence.membership], 0.95)
    assert (evidence.target[~is_member] > threshold).mean() == pytest.approx(0.05, abs=0.025)


@named
def test_exact_zeros_and_ones_give_finite_scores(attack: LiRA) -> None:
    context, _ = gaussian(300, 16)
    hard = ShadowOutputs(np.round(context.shadows.probabilities), context.shadows.masks)
    evidence = attack.run(replace(context, shadows=hard, query=lambda frame: np.round(context.query(frame))))
    assert np.isfinite(evidence.target).all()
    assert np.isfinite(evidence.pseudo_targets).all()


def test_a_model_that_remembers_its_members_is_found_although_shadows_never_do() -> None:
    context, is_member = gaussian(3000, 16, gap=0.05)
    out = np.where(context.shadows.masks[..., None], np.nan, context.shadows.probabilities)
    general = np.nanmean(out, axis=0)
    sure = binary(np.full(3000, 14.0), context.candidates.labels)
    twin = np.where(is_member[:, None], sure, general)
    assert auc(LiRA().run(replace(context, query=lambda frame: twin)).target, is_member) > 0.99


def test_several_classes_sum_the_others() -> None:
    context, is_member = gaussian(1500, 16)
    labels = context.candidates.labels
    wide = [
        np.concatenate([p * 0.9, np.full((*p.shape[:-1], 1), 0.1)], axis=-1)
        for p in (context.query(context.candidates.features), context.shadows.probabilities)
    ]
    evidence = LiRA().run(replace(context, query=lambda frame: wide[0], shadows=ShadowOutputs(wide[1], context.shadows.masks)))
    assert auc(evidence.target, is_member) > 0.75
    assert logit_confidence(wide[0], labels, 1e-7).max() < np.log(9) + 1e-9


def test_without_shadows_it_says_what_to_change() -> None:
    with pytest.raises(AttackFailed, match="set shadows"):
        LiRA().run(gaussian(20, 0)[0])


@pytest.mark.parametrize(("field", "value"), [("mode", "Online"), ("mode", None), ("variance", "global"), ("variance", 1)])
def test_a_bad_parameter_is_refused_by_name(field: str, value: object) -> None:
    with pytest.raises(InvalidInput) as caught:
        LiRA(**{field: value})
    assert caught.value.field == f"attacks.lira.{field}"


def test_progress_is_reported_and_cancelling_works() -> None:
    seen: list[float] = []
    LiRA().run(gaussian(50, 8, checkpoint=seen.append)[0])
    assert (seen[0], seen[-1]) == (0, 1)
    assert seen == sorted(seen)

    def cancel(fraction: float) -> None:
        if fraction > 0.3:
            raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        LiRA().run(gaussian(50, 8, checkpoint=cancel)[0])


def test_a_hundred_shadows_of_twenty_thousand_records_take_seconds_at_most() -> None:
    rng = np.random.default_rng(0)
    signals, masks = rng.normal(size=(100, 20_000)), np.repeat([[True], [False]] * 50, 20_000, axis=1)
    score = LiRA().score_in(paired(signals, masks))
    started = time.process_time()
    score(signals[0], paired(signals, masks).without(0))
    assert time.process_time() - started < 1.0
