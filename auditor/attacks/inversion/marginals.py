"""How common each value of an attribute is, and how a target errs: what the classical attacks weigh its answers with."""

import numpy as np
from numpy.typing import NDArray

from auditor.attacks.inversion.completion import value_indices
from auditor.domain.data import Records, Sensitive

Floats = NDArray[np.float64]
TRUST = 10.0
HALF = 0.5  # added to every count (Krichevsky and Trofimov 1981): what was not seen among few records is not impossible


def log_marginals(auxiliary: Records, sensitive: Sensitive) -> Floats:
    """(V,) log share of each value among auxiliary records."""
    seen = value_indices(auxiliary.features, sensitive)
    counts = np.bincount(seen[seen >= 0], minlength=len(sensitive.values)) + HALF
    return np.asarray(np.log(counts / counts.sum()))


def log_confusion(labels: NDArray[np.intp], predicted: NDArray[np.intp], classes: int) -> Floats:
    """(C, C) log Pr[true label | predicted class], a row for each predicted class. TRUST is added to each row as if the class had
    been seen so often before, right nine times out of ten: a class that is predicted of members alone is no coin."""
    counts = np.full((classes, classes), 0.1 * TRUST / max(1, classes - 1))
    np.fill_diagonal(counts, 0.9 * TRUST)
    np.add.at(counts, (predicted, labels), 1.0)
    return np.asarray(np.log(counts / counts.sum(axis=1, keepdims=True)))


def log_training_accuracy(labels: NDArray[np.intp], predicted: NDArray[np.intp]) -> tuple[float, float]:
    """Logs of how often the target is right, and wrong, about what it was trained on: half as often wrong as about auxiliary
    records. The true error there would tell of the members, and it is smaller; by how much nobody outside knows."""
    wrong = 0.5 * (float((labels != predicted).sum()) + HALF) / (len(labels) + 1)
    return float(np.log1p(-wrong)), float(np.log(wrong))
