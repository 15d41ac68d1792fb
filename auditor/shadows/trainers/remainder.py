"""Shadows that are trained on what the target was trained on beside the records in question.

An adversary who knows the rest of the training data is the one that differential privacy promises to withstand, and models that
share it differ in the records in question alone, so that these are seen best (docs/canaries.md has the measurements).
"""

from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from auditor.domain.data import Records
from auditor.shadows.design import WithRemainder
from auditor.shadows.trainers.job import Job
from auditor.shadows.trainers.train import train_job


def train(job: Job, remainder: Records) -> NDArray[np.float32]:
    """As `trainers.train` for the records of `job.pool`, each shadow trained on its half of them and on all of `remainder`."""
    return train_job(whole(job, remainder))[:, : len(job.pool)]


def whole(job: Job, remainder: Records) -> Job:
    """The same shadows over the pool with its remainder: what has to fit into memory."""
    return replace(job, pool=joined(job.pool, remainder))


def joined(pool: Records, remainder: Records) -> WithRemainder:
    values = None if pool.values is None or remainder.values is None else np.concatenate([pool.values, remainder.values])
    features = pd.concat([pool.features, remainder.features], ignore_index=True)
    units = None if pool.units is None else np.concatenate([pool.units, np.full(len(remainder), -1)])
    return WithRemainder(features, np.concatenate([pool.labels, remainder.labels]), values, units, len(remainder))
