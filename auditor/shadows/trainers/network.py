"""Neural shadows: scikit-learn's MLP with Adam, trained in 32 bits."""

from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray

from auditor.domain.learner import Learner, Task
from auditor.learners.encode import Floats, Table
from auditor.shadows.trainers import adam, loop
from auditor.shadows.trainers.adam import Floats32
from auditor.shadows.trainers.job import Job
from auditor.shadows.trainers.stored import log_odds

SMALL_BATCH = 200  # scikit-learn's batch_size "auto"


def takes(job: Job, table: Table) -> bool:
    return is_adam(job.learner)


def is_adam(learner: Learner) -> bool:
    """A network by Adam without a held-out part."""
    return learner.name == "mlp" and learner.params["solver"] == "adam" and learner.params["early_stopping"] is False


def train(job: Job, table: Table) -> NDArray[np.float32]:
    """What the plain loop gives, on the same random numbers, up to what 32 bits round."""
    return loop.answered(job, table, _answered)


@dataclass(frozen=True, eq=False)
class Lesson:
    """What the network of one half is to learn: `truth` (m, c) of its rows as `answers` go, and the classes `seen` in them."""

    answers: str
    truth: Floats32
    seen: NDArray[np.intp]

    @classmethod
    def of(cls, job: Job, rows: NDArray[np.intp]) -> "Lesson":
        if job.learner.task is Task.REGRESSION:
            return cls("identity", loop.true_values(job.pool)[rows, None].astype(np.float32), np.empty(0, dtype=np.intp))
        seen, labels = np.unique(job.pool.labels[rows], return_inverse=True)
        if len(seen) <= 2:
            return cls("logistic", labels[:, None].astype(np.float32), seen)
        return cls("softmax", (labels[:, None] == np.arange(len(seen))).astype(np.float32), seen)

    @property
    def is_constant(self) -> bool:
        """Of one class, there is nothing to learn."""
        return len(self.seen) == 1

    def stored(self, found: NDArray[np.float32], classes: int) -> NDArray[np.float32]:
        """What is kept of the answers `found` (n, c) of the network: of a constant lesson they are not looked at."""
        if self.answers == "identity":
            return found
        every, wide = np.zeros((len(found), classes)), found.astype(np.float64)
        if self.is_constant:
            every[:, self.seen] = 1.0
        else:
            every[:, self.seen] = np.hstack([1.0 - wide, wide]) if len(self.seen) == 2 else wide
        return log_odds(every)


def _answered(job: Job, seed: int, matrix: Floats, rows: NDArray[np.intp]) -> NDArray[np.float32]:
    lesson = Lesson.of(job, rows)
    if lesson.is_constant:
        return lesson.stored(np.empty((len(matrix), 1), dtype=np.float32), job.classes)
    plan, narrow = plan_of(job, lesson.answers, len(rows)), matrix.astype(np.float32)
    fitted = adam.fit(narrow[rows], lesson.truth, plan, network_seed(seed))
    return lesson.stored(fitted.layers(narrow, plan)[-1], job.classes)


def network_seed(seed: int) -> int:
    """The seed of a shadow as scikit-learn is given it."""
    return seed % 2**31


def plan_of(job: Job, answers: str, records: int) -> adam.Plan:
    """What scikit-learn would do with the parameters of this learner and so many records."""
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
