"""Variances with a known prior, and the same figures as the attacks use."""

import numpy as np
import pytest

from auditor.attacks.membership import variance
from auditor.scoring.moderation import moderated


def observations(degrees: float, count: int = 4_000, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Eight a record; true variances are 2 x an inverse chi-square of so many degrees of freedom, scaled to be 1 at its peak."""
    rng = np.random.default_rng(seed)
    true = 2.0 * degrees / rng.chisquare(degrees, count)
    return np.sqrt(true) * rng.standard_normal((8, count)), true


@pytest.mark.parametrize("degrees", [4.0, 10.0])
def test_the_prior_is_found(degrees: float) -> None:
    drawn, _ = observations(degrees, count=20_000)

    assert moderated(drawn).degrees - 7 == pytest.approx(degrees, rel=0.15)


def test_moderated_variances_are_nearer_to_the_truth() -> None:
    drawn, true = observations(6.0)

    plain = np.abs(np.log(drawn.var(axis=0, ddof=1) / true)).mean()
    assert np.abs(np.log(moderated(drawn).variances / true)).mean() < 0.8 * plain


def test_records_alike_share_one_variance() -> None:
    drawn = np.random.default_rng(2).standard_normal((8, 3_000))

    found = moderated(drawn)

    assert found.variances.std() < 0.05
    assert found.variances.mean() == pytest.approx(1.0, abs=0.05)


def test_constant_observations_have_a_variance_above_0() -> None:
    found = moderated(np.zeros((4, 50)))

    assert (found.variances > 0).all()
    assert np.isfinite(found.degrees)


@pytest.mark.parametrize("seed", range(3))
def test_attacks_and_scoring_moderate_alike(seed: int) -> None:
    drawn, _ = observations(5.0, count=500, seed=seed)

    theirs = variance.moderated(variance.within(drawn), len(drawn) - 1)

    assert moderated(drawn).variances == pytest.approx(theirs, rel=1e-6)
