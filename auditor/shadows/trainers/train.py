"""Which trainer fits a batch of shadows: the fastest one that gives the models of the plain loop."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from auditor.domain.attack import Checkpoint
from auditor.domain.data import Column, Records
from auditor.domain.learner import Learner
from auditor.learners import check
from auditor.learners.encode import Table, prepare
from auditor.learners.estimators import single_threaded
from auditor.shadows.trainers import logistic, loop, network, torch_network, wide_logistic
from auditor.shadows.trainers.job import Job


@dataclass(frozen=True)
class Trainer:
    """`takes` says whether `train` gives the models of the plain loop for this job."""

    takes: Callable[[Job, Table], bool]
    train: Callable[[Job, Table], NDArray[np.float32]]


FAST = tuple(Trainer(way.takes, way.train) for way in (logistic, wide_logistic, torch_network, network))
PLAIN = Trainer(lambda job, table: True, loop.train)


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

    What a shadow answers depends on the pool, the learner, the seed and its own index alone: not on which others are asked for, nor
    in which order, nor on threads.
    """
    job = Job(check(learner), tuple(columns), pool, classes, tuple(indices), seed, checkpoint, threads)
    return train_job(job)


def train_job(job: Job) -> NDArray[np.float32]:
    """The same for a job whose learner has its defaults filled in."""
    table = prepare(job.pool.features, job.columns)
    single_threaded()
    job.checkpoint(0.0)
    trainer = next((fast for fast in FAST if fast.takes(job, table)), PLAIN)
    return trainer.train(job, table)
