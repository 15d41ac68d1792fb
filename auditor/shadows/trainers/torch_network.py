"""Neural shadows on an accelerator: scikit-learn's MLP with Adam, many networks in one batched product of PyTorch."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from auditor.domain.learner import Task
from auditor.errors import Unavailable
from auditor.learners.encode import MOST, Table
from auditor.learners.estimators import numbers_of
from auditor.learners.pool_matrix import PoolMatrix
from auditor.shadows import design
from auditor.shadows.trainers import device, torch_adam
from auditor.shadows.trainers.adam import Floats32, Plan
from auditor.shadows.trainers.job import CUDA, Job, shadow_seed
from auditor.shadows.trainers.network import Lesson, is_adam, network_seed, plan_of
from auditor.shadows.trainers.torch_adam import Bench, Lane

LANES = 16
"""Networks side by side: as many as a step trains at most."""
LARGEST = 4 * 2**30  # bytes of what all of them learn from


def takes(job: Job, table: Table) -> bool:
    return job.device == CUDA and is_adam(job.learner)


def train(job: Job, table: Table) -> NDArray[np.float32]:
    """What `network.train` gives, on the same random numbers, up to what 32 bits round. Raises InvalidInput where PyTorch or its
    device is missing, Unavailable where the device has too little memory."""
    device.require(job.device)
    from torch.cuda import OutOfMemoryError

    try:
        return _trained(job, table)
    except OutOfMemoryError:
        raise Unavailable(
            "The accelerator has too little memory free for these shadow models; run fewer workers on it, or set AUDITOR_DEVICE=cpu"
            " and start the audit anew."
        ) from None


@dataclass(frozen=True, eq=False)
class _Shadow:
    """Its place among those asked for, its rows, and what it learns from them."""

    place: int
    rows: NDArray[np.intp]
    lesson: Lesson


def _trained(job: Job, table: Table) -> NDArray[np.float32]:
    matrix, bench = PoolMatrix(table, numbers_of(job.learner)), _bench(table, job.device)
    outputs = 1 if job.learner.task is Task.REGRESSION else job.classes
    results = np.empty((len(job.indices), len(table), outputs), dtype=np.float32)
    halves = design.halves(job.pool, job.indices, job.seed)
    shadows = [_Shadow(k, rows, Lesson.of(job, rows)) for k, rows in enumerate(map(np.flatnonzero, halves))]
    done = 0
    for plan, group in _alike(job, shadows, bench.lanes):
        report = partial(_report, job, done, len(group))
        found = torch_adam.answers([_lane(job, matrix, shadow) for shadow in group], plan, bench, report)
        for shadow, answers in zip(group, found, strict=True):
            results[shadow.place] = shadow.lesson.stored(answers, job.classes)
        done += len(group)
    for shadow in shadows:
        if shadow.lesson.is_constant:
            results[shadow.place] = shadow.lesson.stored(np.empty((len(table), 1), dtype=np.float32), job.classes)
    job.checkpoint(1.0)
    return results


def _report(job: Job, done: int, fitting: int, share: float) -> None:
    job.checkpoint((done + fitting * share) / len(job.indices))


def _alike(job: Job, shadows: Sequence[_Shadow], most: int) -> Iterator[tuple[Plan, list[_Shadow]]]:
    """Shadows whose networks have one plan and as many answers, so many at a time. Halves that hold other classes have others."""
    groups: dict[tuple[Plan, int], list[_Shadow]] = {}
    for shadow in shadows:
        if not shadow.lesson.is_constant:
            plan = plan_of(job, shadow.lesson.answers, len(shadow.rows))
            groups.setdefault((plan, shadow.lesson.truth.shape[1]), []).append(shadow)
    for (plan, _), alike in groups.items():
        yield from ((plan, alike[first : first + most]) for first in range(0, len(alike), most))


def _lane(job: Job, matrix: PoolMatrix, shadow: _Shadow) -> Lane:
    def encoded() -> Floats32:
        return matrix.encoded(shadow.rows).astype(np.float32)

    return Lane(encoded, shadow.rows, shadow.lesson.truth, network_seed(shadow_seed(job.seed, job.indices[shadow.place])))


def _bench(table: Table, name: str) -> Bench:
    """Sizes that the pool alone decides: neither the shadows asked for nor the memory of this machine may change a digit."""
    gaps = int(np.isnan(table.numeric).any(axis=0).sum())
    width = table.numeric.shape[1] + gaps + sum(min(MOST, len(known)) for known in table.categories)
    return Bench(max(1, min(LANES, LARGEST // (4 * len(table) * max(1, width)))), width, name)
