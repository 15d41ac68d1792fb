"""What a batch of shadows needs of memory, told from the pool before anything is trained."""

from dataclasses import dataclass

from auditor.domain.learner import Learner, Task
from auditor.learners.encode import MOST, Table, prepare
from auditor.shadows.trainers import logistic
from auditor.shadows.trainers.coordinates import width_of
from auditor.shadows.trainers.job import Job

WIDE = {"logistic-regression", "linear-regression", "mlp", "k-nearest-neighbours", "svm", "naive-bayes"}
"""Learners whose cells take 64 bits; trees take 32."""
COPIES = 4
"""The pool, the pool as one half sees it, the rows of that half, and what a library makes of them."""
NODE = 150
"""Bytes of a node of a tree, with its share of the lists around it; a tree that remembers has two nodes a record."""
FITTED = 3
"""Answers of all lanes at once, and what steps make of them."""
GROWN = {"random-forest": "n_estimators", "extra-trees": "n_estimators", "decision-tree": ""}


def needed(job: Job) -> int:
    """Bytes at the peak, roughly: the matrices, the answers of all shadows of the batch, and one model."""
    table = prepare(job.pool.features, job.columns)
    size = Size(len(table), columns_of(table), job.classes)
    return at_least(job.learner, size, len(job.indices)) + _lanes(job, table)


@dataclass(frozen=True)
class Size:
    """Of a pool: its records, the columns of their encoding, the classes."""

    records: int
    columns: int
    classes: int


def at_least(learner: Learner, size: Size, shadows: int) -> int:
    """Bytes for a batch of so many shadows of a learner with its defaults filled in, where only the size of the pool is known."""
    cell = 8 if learner.name in WIDE else 4
    outputs = 1 if learner.task is Task.REGRESSION else size.classes
    matrices = COPIES * size.records * size.columns * cell
    answers = size.records * outputs * (4 * shadows + 8 * COPIES)
    return matrices + answers + _model(learner, size.records)


def _lanes(job: Job, table: Table) -> int:
    """Logistic shadows that are fitted side by side: what each answers, and its curvature beside those of the pool."""
    if not logistic.takes(job, table):
        return 0
    outputs = 1 if job.classes == 2 else job.classes
    return 8 * (FITTED * logistic.LANES * len(table) * outputs + (logistic.LANES + FITTED) * (outputs * width_of(table)) ** 2)


def columns_of(table: Table) -> int:
    """The most columns that an encoding of this pool can have: numbers, their flags, and categories."""
    return 2 * int(table.numeric.shape[1]) + sum(min(MOST, len(known)) for known in table.categories)


def _model(learner: Learner, records: int) -> int:
    name = GROWN.get(learner.name)
    if name is None:
        return 0
    trees = int(str(learner.params[name])) if name else 1
    return trees * records * NODE
