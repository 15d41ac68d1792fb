"""What a batch of shadows is trained on."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from auditor.domain.attack import Checkpoint
from auditor.domain.data import Column, Records
from auditor.domain.learner import Learner
from auditor.domain.seeds import derive

CPU, CUDA = "cpu", "cuda"


@dataclass(frozen=True, eq=False)
class Job:
    """A pool, a learner, and which shadows; `classes` is 0 where the learner learns numbers. `device`: what networks are
    trained on."""

    learner: Learner
    columns: tuple[Column, ...]
    pool: Records
    classes: int
    indices: tuple[int, ...]
    seed: int
    checkpoint: Checkpoint
    threads: int = 1
    device: str = CPU

    def of(self, indices: Sequence[int]) -> "Job":
        """The same job for some of its shadows."""
        return replace(self, indices=tuple(indices))


def shadow_seed(seed: int, index: int) -> int:
    """The seed of the estimator of one shadow."""
    return derive(seed, "shadow-fit", index)
