"""Logistic regression with so many coefficients that halves cannot share a curvature: scikit-learn's own steps, in 32 bits.

Each step is two products of the half's matrix with all coefficients, which cost half as much in 32 bits. The path stays that of the
64-bit fit, and it ends at the same step, where the tolerance is coarse against what 32 bits round.
"""

import numpy as np
from numpy.typing import NDArray

from auditor.learners import build
from auditor.learners.encode import Floats, Table
from auditor.shadows.trainers import logistic, loop
from auditor.shadows.trainers.job import Job
from auditor.shadows.trainers.stored import log_odds

FINEST = 1e-4
"""The tolerance, scikit-learn's own, down to which 32 bits take the same steps."""


def takes(job: Job, table: Table) -> bool:
    params = job.learner.params
    return job.learner.name == "logistic-regression" and float(str(params["tol"])) >= FINEST and logistic.is_wide(job, table)


def train(job: Job, table: Table) -> NDArray[np.float32]:
    """What the plain loop gives, up to what 32 bits round."""
    return loop.answered(job, table, _log_odds)


def _log_odds(job: Job, seed: int, matrix: Floats, rows: NDArray[np.intp]) -> NDArray[np.float32]:
    model = build(job.learner, job.columns, seed).fit_matrix(matrix[rows].astype(np.float32), job.pool.labels[rows])
    # Coefficients in 32 bits, answers in 64: a probability near 1 would lose what tells it from 1.
    return log_odds(model.over_all(model.predict_matrix(matrix.astype(np.float64, copy=False)), job.classes))
