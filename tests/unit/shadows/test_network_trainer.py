"""Neural shadows trained in 32 bits take the steps of scikit-learn's MLP."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from auditor.domain.data import Column, ColumnType, Records
from auditor.domain.learner import Learner, Task
from auditor.learners import check
from auditor.learners.encode import prepare
from auditor.shadows import design
from auditor.shadows.trainers import adam, loop, network, train
from auditor.shadows.trainers.job import Job

COLUMNS = (Column("x", ColumnType.NUMBER), Column("y", ColumnType.NUMBER), Column("s", ColumnType.STRING))
SMALL = {"hidden_layer_sizes": [12], "batch_size": 20, "learning_rate_init": 0.01}


def records(n: int = 200, classes: int = 2, seed: int = 0) -> Records:
    rng = np.random.default_rng(seed)
    x, y, s = rng.normal(size=n), rng.normal(size=n), rng.choice(["a", "b", "c"], n).astype(object)
    signal = x + (s == "a") + 0.5 * rng.normal(size=n)
    labels = np.digitize(signal, np.linspace(-0.5, 1.5, classes + 1)[1:-1]).astype(np.intp)
    x[::17] = np.nan
    frame = pd.DataFrame({"x": x, "y": y, "s": pd.Series(s, dtype=object)})
    return Records(frame, labels, 10 * signal)


def job(pool: Records, task: Task = Task.CLASSIFICATION, **params: object) -> Job:
    learner = check(Learner("mlp", {**SMALL, **params}, task))
    return Job(learner, COLUMNS, pool, int(pool.labels.max()) + 1, (0, 1), 7, lambda fraction: None)


def both(work: Job) -> tuple[np.ndarray, np.ndarray]:
    table = prepare(work.pool.features, COLUMNS)
    assert network.takes(work, table)
    return network.train(work, table), loop.train(work, table)


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"activation": "tanh"},
        {"activation": "logistic", "alpha": 0.5},
        {"activation": "identity"},
        {"hidden_layer_sizes": [9, 5, 7]},
        {"batch_size": None},
        {"batch_size": 33},
        {"batch_size": 100},
    ],
    ids=str,
)
@pytest.mark.parametrize(("task", "classes"), [(Task.CLASSIFICATION, 2), (Task.CLASSIFICATION, 4), (Task.REGRESSION, 2)], ids=str)
def test_after_some_epochs_both_are_where_the_other_is(task: Task, classes: int, params: dict[str, object]) -> None:
    ours, theirs = both(job(records(classes=classes), task, max_iter=6, **params))
    np.testing.assert_allclose(ours, theirs, atol=2e-4)


def test_training_ends_at_the_same_epoch() -> None:
    """Otherwise the answers would lie further apart than rounding takes them."""
    work = job(records(), max_iter=200, activation="tanh", tol=5e-3)
    ours, theirs = both(work)
    np.testing.assert_allclose(ours, theirs, atol=1e-2)
    longer, _ = both(job(records(), max_iter=200, activation="tanh", tol=0.0))
    assert np.abs(longer - ours).max() > 0.1


def test_trained_to_the_end_they_remember_as_much() -> None:
    """Paths part in the end, as those of two seeds do; what membership attacks live on is the same."""
    pool = records(160)
    work = replace(job(pool, hidden_layer_sizes=[64], max_iter=80), indices=tuple(range(6)))
    ours, theirs = both(work)
    masks = design.masks(160, range(6), 7)
    true = np.arange(160), pool.labels
    gaps = [
        np.mean([answers[k][true][mask].mean() - answers[k][true][~mask].mean() for k, mask in enumerate(masks)])
        for answers in (ours, theirs)
    ]
    assert gaps[1] > 0.3
    assert gaps[0] == pytest.approx(gaps[1], rel=0.1)
    assert np.corrcoef(ours.ravel(), theirs.ravel())[0, 1] > 0.98


def test_a_half_without_a_class_never_answers_it() -> None:
    pool = records(60, classes=2)
    rare = Records(pool.features, np.where(np.arange(60) == 3, 2, pool.labels))
    ours, theirs = both(job(rare, max_iter=3))
    np.testing.assert_allclose(ours, theirs, atol=2e-4)
    alone = Records(pool.features, (np.arange(60) == 3).astype(np.intp))
    ours, theirs = both(job(alone, max_iter=3))
    np.testing.assert_allclose(ours, theirs, atol=2e-4)


@pytest.mark.parametrize("params", [{"early_stopping": True}, {"solver": "sgd"}, {"solver": "lbfgs"}], ids=str)
def test_other_ways_of_training_are_left_to_the_plain_loop(params: dict[str, object]) -> None:
    work = job(records(), max_iter=2, **params)
    table = prepare(work.pool.features, COLUMNS)
    assert not network.takes(work, table)
    found = train(work.learner, COLUMNS, work.pool, 2, (0, 1), 7, lambda fraction: None)
    np.testing.assert_array_equal(found, loop.train(work, table))


def test_company_and_threads_change_no_bit() -> None:
    work, table = job(records(), max_iter=5), prepare(records().features, COLUMNS)
    together = network.train(replace(work, indices=(0, 1, 2, 3), threads=2), table)
    np.testing.assert_array_equal(network.train(replace(work, indices=(2,)), table)[0], together[2])


def test_the_gradient_is_that_of_the_loss() -> None:
    rng = np.random.default_rng(0)
    plan = adam.Plan((5, 4), "tanh", "softmax", 0.3, 0.01, 10, 1, 0.0)
    rows, truth = rng.normal(size=(30, 3)).astype(np.float32), np.eye(3, dtype=np.float32)[rng.integers(0, 3, 30)]
    net, slope = adam.Network.of((3, 5, 4, 3)), adam.Network.of((3, 5, 4, 3))
    net.draw(np.random.RandomState(1), "tanh")
    adam._slope(net, rows, truth, plan, slope)
    analytic = slope.flat.copy()
    for i in range(0, len(net.flat), 7):
        kept, losses = net.flat[i], []
        for change in (1e-2, -1e-2):
            net.flat[i] = kept + np.float32(change)
            losses.append(adam._slope(net, rows, truth, plan, slope))
        net.flat[i] = kept
        assert analytic[i] == pytest.approx((losses[0] - losses[1]) / 2e-2, abs=2e-4)
