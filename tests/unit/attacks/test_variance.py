import numpy as np
import pytest
from scipy.special import polygamma

from auditor.attacks.membership.variance import FLOOR, fit_prior, inverse_trigamma, moderated, pooled, within


@pytest.mark.parametrize("value", [1e-6, 1e-3, 0.1, 1.0, 10.0, 1e4])
def test_inverse_trigamma_inverts(value: float) -> None:
    assert polygamma(1, inverse_trigamma(value)) == pytest.approx(value, rel=1e-6)


def test_point_masses_have_a_variance_above_zero() -> None:
    np.testing.assert_array_equal(within(np.ones((5, 3))), np.full(3, FLOOR))


def test_the_prior_of_equal_variances_is_firm() -> None:
    rng = np.random.default_rng(0)
    variances = within(rng.normal(scale=2.0, size=(4, 20_000)))
    prior = fit_prior(variances, 3)
    assert prior.degrees > 50
    assert prior.variance == pytest.approx(4.0, rel=0.05)


@pytest.mark.parametrize("degrees", [4.0, 12.0])
def test_the_prior_of_spread_variances_is_recovered(degrees: float) -> None:
    rng = np.random.default_rng(1)
    truth = degrees * 0.5 / rng.chisquare(degrees, size=40_000)
    observed = within(np.sqrt(truth) * rng.normal(size=(6, 40_000)))
    prior = fit_prior(observed, 5)
    assert prior.degrees == pytest.approx(degrees, rel=0.15)
    assert prior.variance == pytest.approx(0.5, rel=0.05)


def test_moderated_variances_lie_between_their_own_and_the_shared_one() -> None:
    rng = np.random.default_rng(2)
    raw = within(np.exp(rng.normal(size=500)) * rng.normal(size=(4, 500)))
    shared = fit_prior(raw, 3).variance
    drawn = moderated(raw, 3)
    assert ((drawn - raw) * (shared - raw) >= 0).all()
    assert (np.abs(drawn - shared) <= np.abs(raw - shared) + 1e-12).all()


def test_moderation_comes_closer_to_the_truth_than_each_records_own_variance() -> None:
    rng = np.random.default_rng(3)
    truth = 8 * 0.5 / rng.chisquare(8, size=5000)
    raw = within(np.sqrt(truth) * rng.normal(size=(4, 5000)))
    error = np.log(moderated(raw, 3)) - np.log(truth)
    assert (error**2).mean() < 0.5 * ((np.log(raw) - np.log(truth)) ** 2).mean()


def test_pooled_variance_is_within_records_not_between_them() -> None:
    rng = np.random.default_rng(4)
    between = rng.normal(scale=30.0, size=2000)
    inside, outside = (between + rng.normal(scale=0.5, size=(4, 2000)) for _ in range(2))
    assert pooled(inside, outside) == pytest.approx(0.25, rel=0.1)


def test_one_observation_has_no_variance_and_gets_a_unit() -> None:
    assert pooled(np.zeros((1, 5)), np.ones((1, 5))) == 1.0


def test_a_single_record_is_its_own_prior() -> None:
    assert np.isfinite(moderated(np.array([0.3]), 1)).all()
