"""Known numbers: of the papers, of their authors' implementations, and of our own record."""

import numpy as np
import pytest
from scipy.stats import norm

from auditor.scoring.epsilon import bayesian, choice, clopper_pearson, counts, f_dp, gaussian, one_run
from auditor.scoring.epsilon.one_run import Guesses


@pytest.mark.parametrize(
    ("tp", "fp", "n", "expected"),
    [
        (100, 0, 100, 3.2813),
        (1_000, 0, 1_000, 5.6006),
        (10_000, 0, 10_000, 7.9048),
        (100, 1, 1_000, 2.6926),
        (1_000, 10, 10_000, 3.9365),
        (300, 300, 1_000, 0.0),
    ],
)
def test_clopper_pearson_at_one_threshold(tp: int, fp: int, n: int, expected: float) -> None:
    assert clopper_pearson.one_sided(counts.one(tp, fp, n, n), 0.0, 0.05)[0] == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize(("n", "expected"), [(100, 3.2813), (1_000, 5.6006), (10_000, 7.9048)])
def test_the_ceiling_is_what_no_mistake_at_all_would_show(n: int, expected: float) -> None:
    assert clopper_pearson.ceiling(n, n, 0.0, 0.05) == pytest.approx(expected, abs=1e-4)
    assert clopper_pearson.ceiling(n, n, 1e-3, 0.05) == pytest.approx(expected - 1e-3, abs=2e-4)


@pytest.mark.parametrize(
    ("canaries", "guessed", "right", "delta", "expected"),
    [
        (100, 100, 100, 0.0, 3.4930),
        (1_000, 1_000, 1_000, 0.0, 5.8091),
        (1_000, 1_000, 1_000, 1e-5, 5.7823),
        (1_000, 100, 100, 0.0, 3.4930),
        (1_000, 100, 100, 1e-5, 3.4654),
        (1_000, 100, 90, 1e-5, 1.6261),
        (1_000, 100, 50, 1e-5, 0.0),
        (10_000, 1_000, 900, 1e-5, 2.0152),
    ],
)
def test_one_run(canaries: int, guessed: int, right: int, delta: float, expected: float) -> None:
    assert one_run.bound(Guesses(canaries, guessed, right), delta, 0.05) == pytest.approx(expected, abs=1e-4)


def shifted_quantiles(shift: float, n: int = 10_000) -> counts.Counts:
    """Thresholds on the hull of two sets of normal quantiles, `shift` apart; the first one calls nobody a member."""
    quantiles = norm.ppf((np.arange(n) + 0.5) / n)
    scores = np.concatenate([quantiles + shift, quantiles])
    return counts.hull(counts.everywhere(scores, np.arange(2 * n) < n))


@pytest.mark.parametrize(
    ("shift", "steinke", "mahloujifar"), [(0, 0.0, 0.0), (1, 1.13346, 2.164749), (2, 2.311945, 4.7218075), (4, 4.395568, 9.133752)]
)
def test_the_numbers_that_jax_privacy_tests_for(shift: float, steinke: float, mahloujifar: float) -> None:
    """With its Bonferroni: the best of the thresholds on the hull at a level divided by their number."""
    swept = shifted_quantiles(shift)
    level = 0.05 / len(swept.tp)
    order = np.argsort(-swept.tp / np.maximum(swept.tp + swept.fp, 1), kind="stable")
    guesses = [Guesses(20_000, int(swept.tp[i] + swept.fp[i]), int(swept.tp[i])) for i in order]
    lower = mu = 0.0
    for guess in guesses:
        if one_run.p_value(guess, lower, 0.0) < level and one_run.p_value(guess, lower, 1e-6) < level:
            lower = one_run.bound(guess, 1e-6, level)
        if guess.guessed and guess.right * 2 > guess.guessed and f_dp.excess(guess, mu or 1e-9, level) > 0:
            mu = f_dp.mu_bound(guess, level)
    assert lower == pytest.approx(steinke, abs=1e-4)
    assert gaussian.epsilon_of(mu, 1e-6) == pytest.approx(mahloujifar, abs=1e-4)


def test_joint_posterior() -> None:
    """The example of the authors' implementation, which prints [0.145, 6.399] from a coarser quadrature; intervals of
    single rates say nothing about it."""
    found = counts.one(487, 512, 487, 513)
    assert bayesian.joint(found, 1e-5, 0.1) == (pytest.approx(0.145, abs=2e-3), pytest.approx(6.399, abs=2e-2))
    assert bayesian.jeffreys(found, 1e-5, 0.1) == (0.0, np.inf)
    assert clopper_pearson.two_sided(found, 1e-5, 0.1)[0] == 0.0


def test_joint_posterior_against_draws() -> None:
    """The posterior probability itself, by plain Monte Carlo: within three standard errors."""
    found, rng, draws = counts.one(487, 512, 487, 513), np.random.default_rng(5), 400_000
    missed, wrong = rng.beta(0.5, 487.5, draws), rng.beta(512.5, 1.5, draws)
    kept = bayesian.posterior(found, 1e-5)
    for epsilon in (0.05, 0.5, 2.0, 6.399):
        grown, shrunk = np.exp(epsilon), np.exp(-epsilon)
        inside = (wrong + grown * missed >= 1 - 1e-5) & (missed + grown * wrong >= 1 - 1e-5)
        inside &= (wrong <= 1e-5 + (1 - missed) * grown) & (wrong <= 1 + (1e-5 - missed) * shrunk)
        assert kept(epsilon) == pytest.approx(inside.mean(), abs=3 * np.sqrt(0.25 / draws))


@pytest.mark.parametrize(
    ("mu", "delta", "expected"), [(1.0, 1e-5, 4.3772), (0.5, 1e-5, 1.9931), (2.0, 1e-5, 9.9973), (0.0, 1e-5, 0.0)]
)
def test_epsilon_of_a_gaussian_mechanism(mu: float, delta: float, expected: float) -> None:
    assert gaussian.epsilon_of(mu, delta) == pytest.approx(expected, abs=1e-3)


def test_hull_bonferroni_is_the_default_of_jax_privacy_and_looser_than_one_threshold() -> None:
    rng = np.random.default_rng(3)
    inside = np.arange(2_000) < 1_000
    scores = rng.standard_normal(2_000) + inside
    found = choice.hull_bonferroni(scores, inside, 0.0, 0.05)
    swept = counts.hull(counts.everywhere(scores, inside))
    assert found == clopper_pearson.one_sided(swept, 0.0, 0.05 / len(swept.tp)).max()
    assert 0 < found < clopper_pearson.one_sided(swept, 0.0, 0.05).max()
