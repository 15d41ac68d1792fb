"""Logistic shadows fitted side by side are the models that the plain loop would give if it went on to the solution."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from auditor.domain.data import Column, ColumnType, Records
from auditor.domain.learner import Learner
from auditor.errors import Cancelled
from auditor.learners import check
from auditor.learners.encode import Encoding, Numbers, prepare
from auditor.shadows import design
from auditor.shadows.trainers import log_odds, logistic, loop, train
from auditor.shadows.trainers.coordinates import Coordinates, width_of
from auditor.shadows.trainers.job import Job

COLUMNS = (
    Column("x", ColumnType.NUMBER),
    Column("y", ColumnType.NUMBER),
    Column("s", ColumnType.STRING),
    Column("t", ColumnType.STRING),
)


def records(n: int = 400, classes: int = 2, seed: int = 0) -> Records:
    """Numbers of very different size, missing cells, and texts so rare that halves differ in their categories."""
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=n), 1_000 * rng.lognormal(size=n)
    s, t = rng.choice([f"g{i}" for i in range(60)], n).astype(object), rng.choice(["a", "b"], n).astype(object)
    labels = np.digitize(x + (t == "a") + rng.normal(size=n) * 0.7, np.linspace(-0.5, 1.5, classes + 1)[1:-1])
    x[rng.random(n) < 0.1] = np.nan
    s[rng.random(n) < 0.05] = None
    frame = {"x": x, "y": y, "s": pd.Series(s, dtype=object), "t": pd.Series(t, dtype=object)}
    return Records(pd.DataFrame(frame), labels.astype(np.intp))


def job(pool: Records, indices: tuple[int, ...] = (0, 1, 2), **params: object) -> Job:
    learner = check(Learner("logistic-regression", params))
    return Job(learner, COLUMNS, pool, int(pool.labels.max()) + 1, indices, 7, lambda fraction: None)


def fast(work: Job) -> np.ndarray:
    table = prepare(work.pool.features, COLUMNS)
    assert logistic.takes(work, table)
    return logistic.train(work, table)


def converged(work: Job) -> np.ndarray:
    params = {**work.learner.params, "tol": 1e-12, "max_iter": 50_000}
    return loop.train(replace(work, learner=Learner(work.learner.name, params)), prepare(work.pool.features, COLUMNS))


@pytest.mark.parametrize("classes", [2, 3, 5])
@pytest.mark.parametrize("params", [{}, {"C": 30.0}, {"C": 0.01}, {"class_weight": "balanced"}, {"fit_intercept": False}], ids=str)
def test_fast_shadows_are_converged_plain_ones(classes: int, params: dict[str, object]) -> None:
    work = job(records(classes=classes), **params)
    np.testing.assert_allclose(fast(work), converged(work), atol=2e-4)


def test_records_that_a_line_separates_have_a_solution_too() -> None:
    pool = records(120)
    separable = Records(pool.features, (np.nan_to_num(pool.features["x"].to_numpy()) > 0).astype(np.intp))
    work = job(separable, C=1_000.0)
    np.testing.assert_allclose(fast(work), converged(work), atol=5e-3)


def test_a_shadow_never_differs_by_a_bit_whoever_else_is_asked_for() -> None:
    pool = records(600)
    together = fast(job(pool, tuple(range(12))))
    for some in ((3,), (11, 3), (4, 5, 6, 7), (8, 0)):
        np.testing.assert_array_equal(fast(job(pool, some)), together[list(some)])


def test_a_half_without_one_of_the_classes_is_left_to_the_plain_loop() -> None:
    pool = records(200, classes=3)
    rare = Records(pool.features, np.where(np.arange(200) == 3, 2, np.minimum(pool.labels, 1)))
    work = job(rare, (0, 1))
    without = int(design.halves(rare, [0], 7)[0][3])
    np.testing.assert_array_equal(fast(work)[without], loop.train(work, prepare(pool.features, COLUMNS))[without])
    np.testing.assert_allclose(fast(work)[without][:, 2], log_odds(np.zeros(1))[0])


@pytest.mark.parametrize("params", [{"max_iter": 20}, {"tol": 0.1}], ids=str)
def test_a_target_that_stopped_early_is_imitated_by_stopping_early(params: dict[str, object]) -> None:
    pool = records(100)
    work = job(pool, (0,), **params)
    assert not logistic.takes(work, prepare(pool.features, COLUMNS))
    shadows = train(work.learner, COLUMNS, pool, 2, [0], 7, lambda fraction: None)
    np.testing.assert_array_equal(shadows, loop.train(work, prepare(pool.features, COLUMNS)))


def test_other_learners_and_very_wide_models_are_left_to_others() -> None:
    table = prepare(records(100).features, COLUMNS)
    work = job(records(100))
    assert not logistic.takes(replace(work, learner=check(Learner("mlp"))), table)
    assert not logistic.takes(replace(work, classes=1 + logistic.WIDEST // width_of(table)), table)


def test_progress_is_told_and_cancelling_stops_it() -> None:
    pool, seen = records(100), []
    logistic.train(replace(job(pool, (0, 1, 9)), checkpoint=seen.append), prepare(pool.features, COLUMNS))
    assert seen == [pytest.approx(part / 3) for part in (1, 2, 3)]

    def cancel(fraction: float) -> None:
        raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        logistic.train(replace(job(pool), checkpoint=cancel), prepare(pool.features, COLUMNS))


def test_one_matrix_serves_every_half() -> None:
    table = prepare(records().features, COLUMNS)
    coordinates = Coordinates.of(table)
    rng = np.random.default_rng(2)
    assert coordinates.matrix.shape == (400, width_of(table))
    for _ in range(3):
        rows = np.sort(rng.permutation(400)[:200])
        learned = Encoding.fit(table.take(rows), Numbers.SCALED)
        own = learned.apply(table)
        columns = np.flatnonzero(coordinates.map_of(rows).any(axis=0))
        theta = np.zeros(width_of(table))
        theta[columns] = rng.normal(size=len(columns))
        expected = own @ theta[columns[:-1]] + theta[-1]
        np.testing.assert_allclose(coordinates.matrix @ coordinates.map_of(rows) @ theta, expected, atol=1e-9)
