from dataclasses import replace

import numpy as np
import pytest
from gaussian_world import auc, gaussian, sigmoid
from scipy.stats import kendalltau

from auditor.attacks.membership import power
from auditor.attacks.membership.pairs import Pairs, paired
from auditor.attacks.membership.rmia import GRID, RMIA, UNTUNED, offline, online, tuned
from auditor.attacks.signals import log_confidence
from auditor.domain.shadow import ShadowOutputs
from auditor.errors import AttackFailed, InvalidInput

ALL = [RMIA(), RMIA("offline"), RMIA("offline", 0.0), RMIA("offline", 1)]
named = pytest.mark.parametrize("attack", ALL, ids=lambda a: f"{a.mode}-{a.a}")


def drawn(n: int = 400, p: int = 6, seed: int = 0) -> tuple[np.ndarray, Pairs]:
    rng = np.random.default_rng(seed)
    difficulty = rng.normal(0, 2, n)

    def observe(shift: float) -> np.ndarray:
        return np.log(sigmoid(difficulty + shift + 0.5 * rng.normal(size=(p, n))))

    return observe(0.5)[0], Pairs(observe(1), observe(0))


def test_online_divides_by_the_mean_probability_over_both_sides() -> None:
    observed, pairs = drawn()
    mean = 0.5 * (np.exp(pairs.inside).mean(0) + np.exp(pairs.outside).mean(0))
    np.testing.assert_allclose(np.exp(online(observed, pairs)), np.exp(observed) / mean)


def test_offline_extrapolates_from_the_outside_alone() -> None:
    observed, pairs = drawn()
    blind = Pairs(np.full_like(pairs.inside, np.nan), pairs.outside)
    mean = 0.5 * (1.3 * np.exp(pairs.outside).mean(0) + 0.7)
    np.testing.assert_allclose(np.exp(offline(0.3)(observed, blind)), np.exp(observed) / mean)


@pytest.mark.parametrize("gamma", [1.0, 2.0])
def test_the_papers_count_over_a_population_ranks_as_the_log_ratio(gamma: float) -> None:
    """Pr_z[LR(x, z) >= gamma] is a monotone step function of r."""
    observed, pairs = drawn()
    ratio = online(observed, pairs)
    population = online(*drawn(3001, seed=9))
    count = (ratio[:, None] - population[None, :] >= np.log(gamma)).mean(axis=1)
    untied = np.array([i for i in range(len(count)) if (count == count[i]).sum() == 1])
    assert len(untied) > 50
    assert kendalltau(ratio[untied], count[untied]).statistic == pytest.approx(1.0)
    order = np.argsort(ratio)
    assert (np.diff(count[order]) >= 0).all()


def test_averaging_over_one_pair_is_that_pair() -> None:
    observed, pairs = drawn(p=1)
    np.testing.assert_allclose(offline(1.0)(observed, pairs), observed - pairs.outside[0])


@named
def test_members_score_higher_on_a_leaky_target(attack: RMIA) -> None:
    context, is_member = gaussian(3000, 16, gap=1.5)
    assert auc(attack.run(context).target, is_member) > 0.7


@named
def test_a_target_that_never_saw_the_records_leaks_nothing(attack: RMIA) -> None:
    context, is_member = gaussian(3000, 16)
    other = np.random.default_rng(5).permutation(is_member)
    assert abs(auc(attack.run(context).target, other) - 0.5) < 0.035


@named
@pytest.mark.parametrize("shadows", [2, 4, 6])
def test_few_shadows_are_enough_to_run(attack: RMIA, shadows: int) -> None:
    evidence = attack.run(gaussian(300, shadows)[0])
    assert np.isfinite(evidence.target).all()
    assert len(evidence.pseudo_targets) == (0 if shadows == 2 else shadows)


@named
def test_exact_zeros_give_finite_scores(attack: RMIA) -> None:
    context, _ = gaussian(300, 8)
    hard = ShadowOutputs(np.round(context.shadows.probabilities), context.shadows.masks)
    assert np.isfinite(attack.run(replace(context, shadows=hard, query=lambda f: np.round(context.query(f)))).target).all()


def test_shadows_calibrate_away_what_makes_records_easy() -> None:
    context, is_member = gaussian(3000, 16, gap=1.0)
    loss = log_confidence(context.query(context.candidates.features), context.candidates.labels, 1e-7)
    assert auc(RMIA().run(context).target, is_member) > auc(loss, is_member) + 0.1


def test_a_is_tuned_on_pseudo_targets_to_the_best_of_the_grid() -> None:
    context, _ = gaussian(2000, 8, gap=1.0)
    signals = np.stack([log_confidence(p, context.candidates.labels, 1e-7) for p in context.shadows.probabilities])
    masks = context.shadows.masks
    chosen = tuned(signals, masks)
    pool = paired(signals, masks)

    def power(a: float) -> float:
        return np.mean([auc(offline(a)(signals[k], pool.without(k // 2)), masks[k]) for k in (0, 2, 4, 6, 1, 3, 5, 7)])

    assert power(chosen) == max(power(a) for a in GRID)


def test_a_cannot_be_tuned_on_a_single_pair() -> None:
    context, _ = gaussian(50, 2)
    signals = np.log(context.shadows.probabilities[..., 0])
    assert tuned(signals, context.shadows.masks) == UNTUNED


def test_the_given_a_is_used() -> None:
    context, _ = gaussian(200, 8)
    assert (RMIA("offline", 0.1).run(context).target != RMIA("offline", 0.9).run(context).target).any()


def test_the_inner_auc_counts_ties_half() -> None:
    rng = np.random.default_rng(0)
    scores, member = rng.integers(0, 10, 300).astype(float), rng.random(300) < 0.4
    assert power.auc(scores, member) == pytest.approx(auc(scores, member))


def test_without_shadows_it_says_what_to_change() -> None:
    with pytest.raises(AttackFailed, match="set shadows"):
        RMIA().run(gaussian(20, 0)[0])


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"mode": "both"}, "mode"),
        ({"mode": "offline", "a": 1.5}, "a"),
        ({"mode": "offline", "a": "0.5"}, "a"),
        ({"mode": "offline", "a": True}, "a"),
        ({"a": 0.5}, "a"),
    ],
)
def test_a_bad_parameter_is_refused_by_name(params: dict[str, object], field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        RMIA(**params)
    assert caught.value.field == f"attacks.rmia.{field}"
