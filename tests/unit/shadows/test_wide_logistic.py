"""Wide logistic shadows in 32 bits are those of the plain loop."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from auditor.domain.data import Column, ColumnType, Records
from auditor.domain.learner import Learner
from auditor.learners import check
from auditor.learners.encode import prepare
from auditor.shadows import design
from auditor.shadows.trainers import logistic, loop, train, wide_logistic
from auditor.shadows.trainers.job import Job

BITS, CLASSES = 130, 10
COLUMNS = tuple(Column(f"x{i}", ColumnType.INTEGER) for i in range(BITS))


def records(n: int = 400, classes: int = CLASSES) -> Records:
    """Each class visits places of its own more often, as Location-30's do."""
    rng = np.random.default_rng(0)
    labels = np.arange(n) % classes
    often = rng.random((classes, BITS)) * 0.6
    bits = (rng.random((n, BITS)) < often[labels]).astype(np.int64)
    return Records(pd.DataFrame(bits, columns=[c.name for c in COLUMNS]), labels.astype(np.intp))


def job(pool: Records, indices: tuple[int, ...] = (0, 1, 4), **params: object) -> Job:
    learner = check(Learner("logistic-regression", params))
    return Job(learner, COLUMNS, pool, int(pool.labels.max()) + 1, indices, 7, lambda fraction: None)


@pytest.mark.parametrize(
    "params", [{}, {"C": 100.0}, {"class_weight": "balanced"}, {"fit_intercept": False}, {"max_iter": 5}], ids=str
)
def test_shadows_in_32_bits_are_those_of_the_plain_loop(params: dict[str, object]) -> None:
    work = job(records(), **params)
    table = prepare(work.pool.features, COLUMNS)
    assert wide_logistic.takes(work, table)
    found, plain = wide_logistic.train(work, table), loop.train(work, table)
    assert (found.shape, found.dtype) == ((3, 400, CLASSES), np.float32)
    np.testing.assert_allclose(found, plain, atol=1e-3)
    assert np.abs(found - plain).mean() < 2e-5
    assert np.ptp(plain) > 5.0


def test_what_is_nearly_sure_keeps_its_tail() -> None:
    """The answers are computed in 64 bits: a probability near 1 in steps of 6e-8 would be off by up to 6 % of its odds here."""
    work = job(records(), tuple(range(6)), C=1e4)
    table = prepare(work.pool.features, COLUMNS)
    found, plain = wide_logistic.train(work, table), loop.train(work, table)
    sure = (plain > 10.0) & (plain < 15.0)
    assert sure.sum() >= 20
    np.testing.assert_allclose(found[sure], plain[sure], atol=5e-4)


def test_a_shadow_is_the_same_whoever_else_is_asked_for_and_the_loop_of_all_trainers_takes_it() -> None:
    work = job(records())
    together = wide_logistic.train(work, prepare(work.pool.features, COLUMNS))
    alone = train(work.learner, COLUMNS, work.pool, CLASSES, [4], 7, lambda fraction: None)
    np.testing.assert_array_equal(together[2], alone[0])


def test_a_half_without_one_of_the_classes_works() -> None:
    pool = records(200)
    few = Records(pool.features, np.where(np.arange(200) == 3, CLASSES, pool.labels))
    work = job(few, (0, 1))
    found = wide_logistic.train(work, prepare(few.features, COLUMNS))
    without = 0 if not design.halves(few, [0], 7)[0][3] else 1
    assert np.ptp(found[without][:, CLASSES]) == 0
    assert np.isfinite(found).all()


def test_narrow_models_finer_tolerances_and_other_learners_are_left_to_others() -> None:
    work = job(records())
    table = prepare(work.pool.features, COLUMNS)
    assert not logistic.takes(work, table)
    assert not wide_logistic.takes(replace(work, learner=check(Learner("logistic-regression", {"tol": 1e-6}))), table)
    assert not wide_logistic.takes(replace(work, learner=check(Learner("mlp"))), table)
    two = job(records(classes=2))
    assert not wide_logistic.takes(two, table)
    assert logistic.takes(two, table)
