"""Laws that every bound keeps, whatever the scores: order, symmetry, monotony, and what may not matter."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import beta, norm

from auditor.scoring.epsilon import bayesian, choice, clopper_pearson, counts, f_dp, gaussian, one_run, ranks
from auditor.scoring.epsilon.coin_flips import Plan
from auditor.scoring.epsilon.counts import Counts
from auditor.scoring.epsilon.one_run import Guesses

Scores = NDArray[np.float64]
Mask = NDArray[np.bool_]
ALPHA, DELTA = 0.05, 1e-5
OVER_SCORES: dict[str, Callable[[Scores, Mask], float]] = {
    "all ranks": lambda s, y: ranks.simultaneous(s, y, DELTA, ALPHA),
    "Gaussian": lambda s, y: gaussian.simultaneous(s, y, ALPHA),
    "Bonferroni over ranks": lambda s, y: choice.bonferroni(s, y, DELTA, ALPHA),
    "Bonferroni over the hull": lambda s, y: choice.hull_bonferroni(s, y, DELTA, ALPHA),
    "split": lambda s, y: choice.split(s, y, DELTA, ALPHA, 1),
    "one run": lambda s, y: one_run.bound(Plan(100, 100).guesses(s, y), DELTA, ALPHA),
}
AT_COUNTS: dict[str, Callable[[Counts, float, float], float]] = {
    "one threshold": lambda c, d, a: float(clopper_pearson.one_sided(c, d, a)[0]),
    "two-sided": lambda c, d, a: float(clopper_pearson.two_sided(c, d, a)[0]),
    "precision": lambda c, d, a: float(clopper_pearson.precision(c, d, a)[0]),
    "walk": lambda c, d, a: ranks.bound(c, d, a),
    "Jeffreys": lambda c, d, a: bayesian.jeffreys(c, d, a)[0],
    "joint": lambda c, d, a: bayesian.joint(c, d, a)[0],
}


def audit(mu: float = 1.0, n: int = 400, seed: int = 0) -> tuple[Scores, Mask]:
    rng = np.random.default_rng(seed)
    inside = rng.permutation(np.arange(2 * n) < n)
    return rng.standard_normal(2 * n) + mu * inside, inside


@pytest.mark.parametrize("name", OVER_SCORES)
def test_only_the_order_of_the_scores_matters(name: str) -> None:
    scores, inside = audit()
    bound = OVER_SCORES[name]
    assert bound(scores, inside) == pytest.approx(bound(np.exp(scores) * 1e6, inside), abs=1e-9)
    assert bound(scores, inside) > 0


@pytest.mark.parametrize("name", [name for name in OVER_SCORES if name != "split"])  # a split draws its halves by position
def test_the_order_of_the_records_does_not_matter(name: str) -> None:
    scores, inside = audit()
    order = np.random.default_rng(1).permutation(len(scores))
    assert OVER_SCORES[name](scores[order], inside[order]) == OVER_SCORES[name](scores, inside)


@pytest.mark.parametrize("name", ["all ranks", "Gaussian", "one run"])
def test_members_and_non_members_may_change_places(name: str) -> None:
    """Both directions are read: the mirror image of an audit shows the same."""
    scores, inside = audit()
    assert OVER_SCORES[name](-scores, ~inside) == pytest.approx(OVER_SCORES[name](scores, inside), abs=1e-6)


@pytest.mark.parametrize("name", OVER_SCORES)
def test_a_clearer_leak_shows_more(name: str) -> None:
    found = [OVER_SCORES[name](*audit(mu)) for mu in (0.0, 1.0, 2.5, 6.0)]
    assert sorted(found) == found
    assert found[0] == 0 < found[1] < found[3]


@pytest.mark.parametrize("name", AT_COUNTS)
def test_more_found_or_fewer_wrong_never_shows_less(name: str) -> None:
    bound = AT_COUNTS[name]
    found = [bound(counts.one(tp, 20, 500, 500), DELTA, ALPHA) for tp in (20, 60, 120, 300, 500)]
    wrong = [bound(counts.one(200, fp, 500, 500), DELTA, ALPHA) for fp in (200, 90, 30, 5, 0)]
    for series in (found, wrong):
        assert sorted(series) == series
        assert series[0] < 0.03 < 0.5 < series[-1]


@pytest.mark.parametrize("name", AT_COUNTS)
def test_more_confidence_and_a_larger_delta_never_show_more(name: str) -> None:
    sure = counts.one(150, 10, 500, 500)
    strict = [AT_COUNTS[name](sure, DELTA, alpha) for alpha in (0.2, 0.05, 0.01, 0.001)]
    lax = [AT_COUNTS[name](sure, delta, ALPHA) for delta in (0.0, 1e-5, 1e-3, 1e-2, 0.1)]
    assert sorted(strict, reverse=True) == strict
    assert sorted(lax, reverse=True) == lax
    assert strict[-1] > 1


@pytest.mark.parametrize("name", AT_COUNTS)
def test_with_many_records_every_bound_comes_close_to_the_log_ratio_of_the_rates(name: str) -> None:
    many = counts.one(300_000, 60_000, 1_000_000, 1_000_000)
    assert AT_COUNTS[name](many, 0.0, ALPHA) == pytest.approx(np.log(5), abs=0.02)


@pytest.mark.parametrize("name", AT_COUNTS)
def test_nobody_called_a_member_and_everybody_called_one_show_nothing(name: str) -> None:
    for called in (0, 200):
        assert AT_COUNTS[name](counts.one(called, called, 200, 200), DELTA, ALPHA) == pytest.approx(0, abs=0.06)


def test_thresholds_are_bounded_side_by_side_as_one_by_one() -> None:
    swept = counts.everywhere(*audit())
    for bound in (clopper_pearson.one_sided, clopper_pearson.two_sided, clopper_pearson.precision):
        together = bound(swept, DELTA, ALPHA)
        for place in (0, 17, 400, len(swept.tp) - 1):
            assert bound(swept.take(np.array([place])), DELTA, ALPHA)[0] == together[place]


def test_a_single_rank_is_the_precision_bound() -> None:
    for tp, fp in ((40, 4), (90, 10), (30, 25)):
        single = counts.one(tp, fp, 200, 200)
        assert ranks.bound(single, 0.0, ALPHA) == pytest.approx(clopper_pearson.precision(single, 0.0, ALPHA)[0], abs=2e-5)


def test_ranks_are_wide_enough_for_a_walk_without_a_surprise() -> None:
    """The walk's distribution adds up to 1 however far it goes, with shares near 0, 1/2 and 1."""
    walk = ranks._walk(Counts(np.array([10.0, 600.0]), np.array([10.0, 4_000.0]), 5_000, 5_000), 0)
    for share in (0.001, 0.5, 0.999):
        assert walk._crossing(share, np.array([21, 4_601])) == pytest.approx(0, abs=1e-15)
        assert walk._crossing(share, np.array([21, 0])) == pytest.approx(1, abs=1e-12)


def test_jeffreys_ends_are_quantiles_of_two_betas() -> None:
    low, high = bayesian.jeffreys(counts.one(100, 10, 200, 200), 0.0, ALPHA)
    missed, wrong = beta(100.5, 100.5), beta(10.5, 190.5)
    assert low == pytest.approx(np.log((1 - missed.isf(0.025)) / wrong.isf(0.025)))
    assert high == pytest.approx(np.log((1 - missed.ppf(0.025)) / wrong.ppf(0.025)))


def test_an_attack_without_a_mistake_has_no_credible_upper_limit_by_jeffreys_and_one_by_the_joint_posterior() -> None:
    sure = counts.one(200, 0, 200, 200)
    assert bayesian.jeffreys(sure, 0.0, ALPHA)[1] == np.inf
    low, high = bayesian.joint(sure, 0.0, ALPHA)
    assert 4 < low < high < 20


def test_the_posterior_rises_from_nothing_to_certainty() -> None:
    kept = bayesian.posterior(counts.one(120, 40, 300, 300), DELTA)
    found = [kept(epsilon) for epsilon in (0.0, 0.5, 1.0, 1.5, 3.0, 10.0)]
    assert sorted(found) == found
    assert found[0] < 1e-3
    assert found[-1] == pytest.approx(1, abs=1e-9)


def test_gaussian_limits_at_a_threshold_are_quantiles_of_the_two_rates() -> None:
    single = counts.one(690, 310, 1_000, 1_000)
    limit = float(clopper_pearson.upper(np.array([310.0]), 1_000, 0.025)[0])
    assert gaussian.mu_at(single, ALPHA)[0] == pytest.approx(2 * norm.isf(limit), abs=1e-12)
    assert 0.8 < gaussian.mu_at(single, ALPHA)[0] < 2 * norm.isf(0.31)


@pytest.mark.parametrize("delta", [1e-9, 1e-5, 1e-2])
def test_epsilon_rises_with_mu_and_falls_with_delta(delta: float) -> None:
    found = [gaussian.epsilon_of(mu, delta) for mu in (0.0, 0.01, 0.1, 1.0, 5.0, 20.0)]
    assert sorted(found) == found
    assert found[-1] > 200
    assert gaussian.epsilon_of(1.0, delta) >= gaussian.epsilon_of(1.0, 10 * delta)


def test_f_dp_forces_more_wrong_guesses_where_mu_is_small() -> None:
    guesses = Guesses(400, 100, 80)
    found = [f_dp.excess(guesses, mu, ALPHA) for mu in (0.1, 0.5, 1.0, 3.0)]
    assert found[0] > 0 > found[-1]
    assert f_dp.excess(guesses, f_dp.mu_bound(guesses, ALPHA), ALPHA) == pytest.approx(0, abs=1e-3)


def test_one_run_p_value_is_a_binomial_tail_at_delta_0_and_never_above_1() -> None:
    guesses = Guesses(1_000, 100, 70)
    heads = np.random.default_rng(2).binomial(100, np.e / (1 + np.e), 400_000)
    assert one_run.p_value(guesses, 1.0, 0.0) == pytest.approx((heads >= 70).mean(), abs=0.003)
    assert one_run.p_value(guesses, 1.0, 0.5) == 1.0
    assert one_run.p_value(Guesses(1_000, 100, 0), 1.0, 1e-5) == 1.0
