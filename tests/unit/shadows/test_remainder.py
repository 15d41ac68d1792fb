"""Shadows that share the rest of the target's training data."""

import numpy as np
import pandas as pd
import pytest

from auditor.domain.data import Column, ColumnType, Records
from auditor.domain.learner import Learner, Task
from auditor.learners import build, build_for_values, check
from auditor.learners.encode import prepare
from auditor.shadows import design
from auditor.shadows.trainers import Job, log_odds, loop, remainder, shadow_seed

COLUMNS = (Column("age", ColumnType.INTEGER), Column("town", ColumnType.STRING))
SEED = 5


def people(n: int, seed: int, values: bool = False) -> Records:
    rng = np.random.default_rng(seed)
    age = rng.integers(18, 90, n)
    town = pd.Series(rng.choice(["Aa", "Bee", "Cee"], n), dtype=object)
    labels = (age + rng.normal(0, 15, n) > 50).astype(np.intp)
    if values:
        return Records(pd.DataFrame({"age": age, "town": town}), np.zeros(n, np.intp), age * 2.0)
    return Records(pd.DataFrame({"age": age, "town": town}), labels)


def job(pool: Records, learner: Learner, indices: tuple[int, ...] = (0, 1, 2, 3)) -> Job:
    return Job(check(learner), COLUMNS, pool, 2, indices, SEED, lambda fraction: None)


def test_the_remainder_is_in_every_half_and_leave_the_others_as_they_were() -> None:
    halves = design.halves(remainder.joined(people(100, 1), people(30, 2)), range(4), SEED)
    assert halves[:, 100:].all()
    assert np.array_equal(halves[:, :100], design.masks(100, range(4), SEED))


@pytest.mark.parametrize("name", ["logistic-regression", "random-forest"])
def test_a_shadow_is_the_model_of_its_half_and_the_remainder(name: str) -> None:
    pool, base = people(120, 1), people(60, 2)
    learner = Learner(name, {} if name == "logistic-regression" else {"n_estimators": 5})
    given = remainder.train(job(pool, learner, (2,)), base)[0]
    rows = np.flatnonzero(design.masks(120, [2], SEED)[0])
    training = remainder.joined(pool.take(rows), base)
    converged = Learner(name, {"tol": 1e-10, "max_iter": 10_000}) if name == "logistic-regression" else learner
    model = build(check(converged), COLUMNS, shadow_seed(SEED, 2)).fit(training.features, training.labels)
    expected = log_odds(model.over_all(model.predict_proba(pool.features), 2))
    assert given.shape == (120, 2)
    assert np.allclose(given, expected, atol=1e-4)


def test_a_neural_shadow_takes_the_steps_of_a_fit_on_its_half_and_the_remainder() -> None:
    """One epoch, before rounding parts the paths."""
    pool, base = people(120, 1), people(60, 2)
    learner = check(Learner("mlp", {"max_iter": 1}))
    whole = remainder.whole(job(pool, learner, (1, 2)), base)
    plain = loop.train(whole, prepare(whole.pool.features, COLUMNS))[:, :120]
    np.testing.assert_allclose(remainder.train(job(pool, learner, (1, 2)), base), plain, atol=1e-4)


def test_a_model_of_numbers_is_trained_on_the_remainder_too() -> None:
    pool, base = people(100, 1, values=True), people(50, 2, values=True)
    learner = Learner("linear-regression", {}, Task.REGRESSION)
    given = remainder.train(job(pool, learner, (0,)), base)
    rows = np.flatnonzero(design.masks(100, [0], SEED)[0])
    training = remainder.joined(pool.take(rows), base)
    assert training.values is not None
    model = build_for_values(check(learner), COLUMNS, shadow_seed(SEED, 0)).fit(training.features, training.values)
    assert given.shape == (1, 100, 1)
    assert np.allclose(given[0, :, 0], model.predict(pool.features), atol=1e-3)


def test_the_remainder_makes_shadows_differ_in_the_pool_alone() -> None:
    """With much in common, two shadows agree more than two that share nothing."""
    pool, learner = people(100, 1), Learner("logistic-regression")
    apart = remainder.train(job(pool, learner, (0, 1)), people(1, 2))
    alike = remainder.train(job(pool, learner, (0, 1)), people(2_000, 2))
    assert np.abs(alike[0] - alike[1]).mean() < np.abs(apart[0] - apart[1]).mean() / 3


def test_asking_for_other_shadows_changes_nothing() -> None:
    pool, base, learner = people(80, 1), people(40, 2), Learner("random-forest", {"n_estimators": 3})
    every, some = remainder.train(job(pool, learner), base), remainder.train(job(pool, learner, (3, 1)), base)
    assert np.array_equal(every[[3, 1]], some)
