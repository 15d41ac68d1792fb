"""The plain trainer, for every learner: fit on the IN rows, answer for all rows, keep the answers and drop the model."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed

import numpy as np
from numpy.typing import NDArray

from auditor.domain.attack import Checkpoint
from auditor.domain.data import Records
from auditor.domain.learner import Learner, Task
from auditor.errors import InvalidInput
from auditor.learners import build, build_for_values
from auditor.learners.encode import Floats, Table
from auditor.learners.estimators import numbers_of, quiet
from auditor.learners.pool_matrix import PoolMatrix
from auditor.shadows import design
from auditor.shadows.trainers.job import Job, shadow_seed
from auditor.shadows.trainers.stored import log_odds

Answer = Callable[[Job, int, Floats, NDArray[np.intp]], NDArray[np.float32]]


def train(job: Job, table: Table) -> NDArray[np.float32]:
    """(len(indices), n, classes) log-odds, or (len(indices), n, 1) values.

    Shadow `index` is the model that `learners.build` gives for the rows of its half and `shadow_seed`.
    """
    return answered(job, table, _values if job.learner.task is Task.REGRESSION else _log_odds)


def answered(job: Job, table: Table, answer: Answer) -> NDArray[np.float32]:
    """What `answer` gives for each shadow from its seed, the encoded pool and its rows. Fits release the interpreter lock, so
    `threads` of them run side by side; neither their number nor the order changes a result."""
    matrix = PoolMatrix(table, numbers_of(job.learner))
    halves = design.halves(job.pool, job.indices, job.seed)
    shared = matrix.with_absent() if _ignores_constants(job.learner) else None
    width = 1 if job.learner.task is Task.REGRESSION else job.classes
    results = np.empty((len(job.indices), len(table), width), dtype=np.float32)

    def fit(position: int) -> None:
        rows = np.flatnonzero(halves[position])
        results[position] = answer(
            job, shadow_seed(job.seed, job.indices[position]), matrix.encoded(rows) if shared is None else shared, rows
        )

    with quiet():
        if job.threads == 1:
            _in_turn(fit, len(job.indices), job.checkpoint)
        else:
            with ThreadPoolExecutor(max_workers=job.threads) as executor:
                _watch([executor.submit(fit, position) for position in range(len(job.indices))], job.checkpoint)
    return results


def _ignores_constants(learner: Learner) -> bool:
    """A column that is constant in a half is never split on, and changes nothing where columns are not drawn (tested)."""
    sampled = ("colsample_bytree", "colsample_bylevel", "colsample_bynode")
    return learner.name == "xgboost" and all(learner.params[name] == 1.0 for name in sampled)


def _log_odds(job: Job, seed: int, matrix: Floats, rows: NDArray[np.intp]) -> NDArray[np.float32]:
    model = build(job.learner, job.columns, seed).fit_matrix(matrix[rows], job.pool.labels[rows])
    return log_odds(model.over_all(model.predict_matrix(matrix), job.classes))


def _values(job: Job, seed: int, matrix: Floats, rows: NDArray[np.intp]) -> NDArray[np.float32]:
    model = build_for_values(job.learner, job.columns, seed).fit_matrix(matrix[rows], true_values(job.pool)[rows])
    return model.predict_matrix(matrix).astype(np.float32)[:, None]


def true_values(pool: Records) -> NDArray[np.float64]:
    if pool.values is None:
        raise InvalidInput("data.label", "a model of numbers needs the true number of each record; name their column")
    return pool.values


def _in_turn(fit: Callable[[int], None], count: int, checkpoint: Checkpoint) -> None:
    for position in range(count):
        fit(position)
        checkpoint((position + 1) / count)


def _watch(fits: Sequence[Future[None]], checkpoint: Checkpoint) -> None:
    """Reports progress as fits end; when one fails, or the audit is cancelled, those not yet started never start."""
    try:
        for done, fit in enumerate(as_completed(fits), start=1):
            fit.result()
            checkpoint(done / len(fits))
    except BaseException:
        for fit in fits:
            fit.cancel()
        raise
