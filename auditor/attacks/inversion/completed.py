"""What the target answers about records completed by each value of an attribute: one set of questions for every attack.

All attacks complete the same records in the same way, so what one has asked is known to the others and costs nothing again.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from auditor.attacks.inversion.completion import (
    FEWEST_RECORDS,
    attacked_rows,
    attribute_of,
    auxiliary_of,
    candidates_of,
    check_attribute,
    completions,
    signal,
)
from auditor.domain.attack import Context, Needs, Scope
from auditor.domain.data import Records, Sensitive

BATCH = 500
SHARE = 0.6  # of an attack's time that asking is taken for

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Answers:
    """(m, V) each: log p_y of the true label, the predicted class, and the probability of that class."""

    own: Floats
    predicted: NDArray[np.intp]
    confidence: Floats


@dataclass(frozen=True, eq=False)
class Attacked:
    """The m attacked candidates (`rows` among all of them; their sensitive cells are blank) and what was answered about them."""

    sensitive: Sensitive
    auxiliary: Records
    rows: NDArray[np.intp]
    records: Records
    answers: Answers

    @property
    def matches(self) -> NDArray[np.bool_]:
        """(m, V): the target predicts the true label if the record has this value."""
        return np.asarray(self.answers.predicted == self.records.labels[:, None])


def completion_needs(scope: Scope, records: int, beside: int = 0) -> Needs:
    """Every attacked record once for each value, and up to `beside` auxiliary records. With fewer queries, fewer records are
    attacked, down to 50, beside 50 auxiliary ones."""
    values = sum(len(check_attribute(s).values) for s in scope.sensitive)
    rows, known = min(records, scope.candidates), min(beside, scope.auxiliary)
    return Needs(values * min(rows, FEWEST_RECORDS) + min(known, FEWEST_RECORDS), values * rows + known)


def ask(context: Context, records: int, beside: int = 0) -> Attacked:
    """Ask the target about the first `records` candidates, completed. `beside`: queries that are kept for something else."""
    sensitive, auxiliary = attribute_of(context), auxiliary_of(context)
    rows = attacked_rows(context, records, beside)
    attacked = candidates_of(context).take(rows)
    frames = candidates_of(context).features.iloc[rows]  # with the row index of the candidates, which the asker knows
    shape = len(rows), len(sensitive.values)
    answers = Answers(np.empty(shape), np.empty(shape, dtype=np.intp), np.empty(shape))
    for v, frame in enumerate(completions(frames, sensitive, auxiliary.features)):
        for first in range(0, len(frame), BATCH):
            batch = slice(first, first + BATCH)
            context.checkpoint(SHARE * (v + first / len(frame)) / len(sensitive.values))
            said = context.query(frame.iloc[batch])
            answers.own[batch, v] = signal(said, attacked.labels[batch], context.profile.clip)
            answers.predicted[batch, v], answers.confidence[batch, v] = predicted(said)
    return Attacked(sensitive, auxiliary, rows, attacked, answers)


def predicted(probabilities: Floats) -> tuple[NDArray[np.intp], Floats]:
    """(n,) the class that is answered, and its probability; of equals the first. Classes that were not returned are not it."""
    shown = np.nan_to_num(probabilities, nan=-1.0)
    classes = shown.argmax(axis=1)
    return classes, np.asarray(shown[np.arange(len(shown)), classes])


def ask_auxiliary(context: Context, attacked: Attacked, most: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """(k,) true labels and (k,) predicted classes of auxiliary records: how often, and how, the target is wrong. As many as the
    queries that are left allow, at most `most`, spread evenly over the file: the same ones for every attack."""
    left = context.query_limit - attacked.answers.own.size if context.query_limit else most
    count = min(most, max(0, left), len(attacked.auxiliary))
    chosen = np.unique(np.linspace(0, len(attacked.auxiliary) - 1, count).astype(np.intp))
    features, classes = attacked.auxiliary.features.iloc[chosen], []
    for first in range(0, len(chosen), BATCH):
        context.checkpoint(SHARE + 0.3 * first / len(chosen))
        classes.append(predicted(context.query(features.iloc[first : first + BATCH]))[0])
    return attacked.auxiliary.labels[chosen], np.concatenate([np.zeros(0, np.intp), *classes])
