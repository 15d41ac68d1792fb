"""What a batch of shadows is trained on."""

from collections.abc import Sequence
from dataclasses import dataclass

from auditor.domain.attack import Checkpoint
from auditor.domain.data import Column, Records
from auditor.domain.learner import Learner
from auditor.domain.seeds import derive


@dataclass(frozen=True, eq=False)
class Job:
    """A pool, a learner, and which shadows; `classes` is 0 where the learner learns numbers."""

    learner: Learner
    columns: tuple[Column, ...]
    pool: Records
    classes: int
    indices: tuple[int, ...]
    seed: int
    checkpoint: Checkpoint
    threads: int = 1

    def of(self, indices: Sequence[int]) -> "Job":
        """The same job for some of its shadows."""
        return Job(self.learner, self.columns, self.pool, self.classes, tuple(indices), self.seed, self.checkpoint, self.threads)


def shadow_seed(seed: int, index: int) -> int:
    """The seed of the estimator of one shadow."""
    return derive(seed, "shadow-fit", index)
