"""Neural shadows: scikit-learn's MLP with Adam, trained in 32 bits."""

from typing import cast

import numpy as np
from numpy.typing import NDArray

from auditor.domain.learner import Task
from auditor.learners.encode import Floats, Table
from auditor.shadows.trainers import adam, loop
from auditor.shadows.trainers.job import Job
from auditor.shadows.trainers.stored import log_odds

SMALL_BATCH = 200  # scikit-learn's batch_size "auto"


def takes(job: Job, table: Table) -> bool:
    """Adam without a held-out part."""
    return job.learner.name == "mlp" and job.learner.params["solver"] == "adam" and job.learner.params["early_stopping"] is False


def train(job: Job, table: Table) -> NDArray[np.float32]:
    """What the plain loop gives, on the same random numbers, up to what 32 bits round."""
    return loop.answered(job, table, _values if job.learner.task is Task.REGRESSION else _log_odds)


def _log_odds(job: Job, seed: int, matrix: Floats, rows: NDArray[np.intp]) -> NDArray[np.float32]:
    seen, labels = np.unique(job.pool.labels[rows], return_inverse=True)
    every = np.zeros((len(matrix), job.classes))
    if len(seen) == 1:
        every[:, seen] = 1.0
    elif len(seen) == 2:
        found = _fitted(job, "logistic", seed, matrix, rows, labels[:, None])
        every[:, seen] = np.hstack([1.0 - found, found])
    else:
        every[:, seen] = _fitted(job, "softmax", seed, matrix, rows, labels[:, None] == np.arange(len(seen)))
    return log_odds(every)


def _values(job: Job, seed: int, matrix: Floats, rows: NDArray[np.intp]) -> NDArray[np.float32]:
    return _fitted(job, "identity", seed, matrix, rows, loop.true_values(job.pool)[rows, None]).astype(np.float32)


def _fitted(
    job: Job, answers: str, seed: int, matrix: Floats, rows: NDArray[np.intp], truth: NDArray[np.generic]
) -> NDArray[np.float64]:
    """(n, c) what a network trained on `rows` answers for all rows of the pool."""
    plan = _plan(job, answers, len(rows))
    narrow = matrix.astype(np.float32)
    network = adam.fit(narrow[rows], truth.astype(np.float32), plan, seed % 2**31)
    return network.layers(narrow, plan)[-1].astype(np.float64)


def _plan(job: Job, answers: str, records: int) -> adam.Plan:
    params = job.learner.params
    batch = cast(int | None, params["batch_size"])
    return adam.Plan(
        hidden=cast(tuple[int, ...], params["hidden_layer_sizes"]),
        activation=str(params["activation"]),
        answers=answers,
        alpha=cast(float, params["alpha"]),
        rate=cast(float, params["learning_rate_init"]),
        batch=min(SMALL_BATCH if batch is None else batch, records),
        epochs=cast(int, params["max_iter"]),
        tolerance=cast(float, params["tol"]),
    )
