"""The trainer of every learner: fit on the IN rows, answer for all rows, keep the answers and drop the model.

One path serves all learners. xgboost could share one quantile matrix over the pool and mask rows by weight, but its cuts
would then have seen the other half, and the trees would not be those of a model trained on this half alone.
"""

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed

import numpy as np
from numpy.typing import NDArray

from auditor.domain.attack import Checkpoint
from auditor.domain.data import Column, Records
from auditor.domain.learner import Learner, Task
from auditor.domain.seeds import derive
from auditor.errors import InvalidInput
from auditor.learners import Model, ValueModel, build, build_for_values
from auditor.learners.encode import Floats, prepare
from auditor.learners.estimators import numbers_of, quiet
from auditor.learners.pool_matrix import PoolMatrix
from auditor.shadows import design

# Answers of exactly 0 or 1 (forests, saturated boosting) are stored as this and its complement: log-odds of +-16.1, finite
# in 32 bits, and not above `Profile.clip`, so no signal can tell the difference.
SMALLEST = 1e-7


def train(
    learner: Learner,
    columns: Sequence[Column],
    pool: Records,
    classes: int,
    indices: Sequence[int],
    seed: int,
    checkpoint: Checkpoint,
    threads: int = 1,
) -> NDArray[np.float32]:
    """(len(indices), n, classes) log-odds of each class for every record of the pool; for regression (len(indices), n, 1) values.

    Shadow `index` is the model that `learners.build` gives for the rows of its half and `shadow_seed`. Fits release the
    interpreter lock, so `threads` fits run side by side; neither their number nor the order changes a result.
    """
    matrix = PoolMatrix(prepare(pool.features, columns), numbers_of(learner))
    halves = design.masks(len(pool), indices, seed)
    width = 1 if learner.task is Task.REGRESSION else classes
    results = np.empty((len(indices), len(pool), width), dtype=np.float32)

    def fit(position: int) -> None:
        rows, model_seed = np.flatnonzero(halves[position]), shadow_seed(seed, indices[position])
        if learner.task is Task.REGRESSION:
            results[position] = _values(build_for_values(learner, columns, model_seed), matrix.encoded(rows), pool, rows)
        else:
            results[position] = _log_odds(build(learner, columns, model_seed), matrix.encoded(rows), pool, rows, classes)

    checkpoint(0.0)
    with quiet(), ThreadPoolExecutor(max_workers=threads) as executor:
        _watch([executor.submit(fit, position) for position in range(len(indices))], checkpoint)
    return results


def _log_odds(model: Model, matrix: Floats, pool: Records, rows: NDArray[np.intp], classes: int) -> NDArray[np.float32]:
    model.fit_matrix(matrix[rows], pool.labels[rows])
    return log_odds(model.over_all(model.predict_matrix(matrix), classes))


def _values(model: ValueModel, matrix: Floats, pool: Records, rows: NDArray[np.intp]) -> NDArray[np.float32]:
    if pool.values is None:
        raise InvalidInput("data.label", "a model of numbers needs the true number of each record; name their column")
    model.fit_matrix(matrix[rows], pool.values[rows])
    return model.predict_matrix(matrix).astype(np.float32)[:, None]


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


def shadow_seed(seed: int, index: int) -> int:
    """The seed of the estimator of one shadow."""
    return derive(seed, "shadow-fit", index)


def log_odds(probabilities: NDArray[np.float64]) -> NDArray[np.float32]:
    """log p - log(1 - p), clipped so that it is finite. Probabilities in 16 bits, or as 32-bit p near 1, would lose the tail."""
    clipped = np.clip(probabilities, SMALLEST, 1 - SMALLEST)
    return np.asarray(np.log(clipped) - np.log1p(-clipped), dtype=np.float32)
