"""What a batch of shadows needs of memory, told from the pool before anything is trained."""

from auditor.domain.learner import Task
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
    cell = 8 if job.learner.name in WIDE else 4
    outputs = 1 if job.learner.task is Task.REGRESSION else job.classes
    matrices = COPIES * len(table) * columns_of(table) * cell
    answers = len(table) * outputs * (4 * len(job.indices) + 8 * COPIES)
    return matrices + answers + _model(job) + _lanes(job, table)


def _lanes(job: Job, table: Table) -> int:
    """Logistic shadows that are fitted side by side: what each answers, and its curvature beside those of the pool."""
    if not logistic.takes(job, table):
        return 0
    outputs = 1 if job.classes == 2 else job.classes
    return 8 * (FITTED * logistic.LANES * len(table) * outputs + (logistic.LANES + FITTED) * (outputs * width_of(table)) ** 2)


def columns_of(table: Table) -> int:
    """The most columns that an encoding of this pool can have: numbers, their flags, and categories."""
    return 2 * int(table.numeric.shape[1]) + sum(min(MOST, len(known)) for known in table.categories)


def _model(job: Job) -> int:
    name = GROWN.get(job.learner.name)
    if name is None:
        return 0
    trees = int(str(job.learner.params[name])) if name else 1
    return trees * len(job.pool) * NODE
