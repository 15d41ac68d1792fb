"""Which learner the target most resembles, for `learner: auto`."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from auditor.domain.attack import Checkpoint
from auditor.domain.data import Column, Records
from auditor.domain.learner import Learner
from auditor.domain.seeds import derive, generator
from auditor.domain.target import Output, Profile
from auditor.errors import InvalidInput
from auditor.learners import build, build_for_values
from auditor.learners.encode import Table, prepare
from auditor.learners.estimators import quiet
from auditor.shadows.pool import as_shown

FOLDS = 3
CLIP = 1e-7


def distances(
    learners: Sequence[Learner],
    columns: Sequence[Column],
    auxiliary: Records,
    classes: int,
    target_probabilities: NDArray[np.float64],
    seed: int,
    checkpoint: Checkpoint,
) -> dict[str, float]:
    """For each learner, by name, the Kolmogorov-Smirnov distance (0 to 1, lower is closer) between the target's signal and
    the learner's, on auxiliary records that neither was trained on: the learner is cross-fitted on them.

    `target_probabilities` (n, classes) are the target's answers on the auxiliary records, in any channel: labels (0/1),
    rounded, or with classes that were not returned as NaN. The learner's answers pass through the same channel, read off
    the answers. Learners of numbers are compared by `distances_of_values`.
    """
    table = prepare(auxiliary.features, columns)
    channel = _channel(target_probabilities)
    theirs = _signal(target_probabilities, auxiliary.labels)
    found = {}
    with quiet():
        for position, learner in enumerate(learners):
            checkpoint(position / len(learners))
            ours = _cross_fitted(learner, columns, table, auxiliary.labels, classes, seed)
            found[learner.name] = ks_distance(theirs, _signal(as_shown(ours, channel), auxiliary.labels))
    checkpoint(1.0)
    return found


def distances_of_values(
    learners: Sequence[Learner],
    columns: Sequence[Column],
    auxiliary: Records,
    target_values: NDArray[np.float64],
    seed: int,
    checkpoint: Checkpoint,
) -> dict[str, float]:
    """The same for learners of numbers, by the distance between signed residuals (answer minus truth). `target_values` (n, 1)."""
    if auxiliary.values is None:
        raise InvalidInput("data.label", "learners of numbers are compared on the true number of each record; name their column")
    table = prepare(auxiliary.features, columns)
    theirs = target_values[:, 0] - auxiliary.values
    found = {}
    with quiet():
        for position, learner in enumerate(learners):
            checkpoint(position / len(learners))
            ours = _cross_fitted_values(learner, columns, table, auxiliary.values, seed)
            found[learner.name] = ks_distance(theirs, ours - auxiliary.values)
    checkpoint(1.0)
    return found


def ks_distance(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """The largest gap between two empirical distribution functions."""
    values = np.concatenate([first, second])
    values.sort()
    gaps = np.searchsorted(np.sort(first), values, "right") / len(first) - np.searchsorted(np.sort(second), values, "right") / len(
        second
    )
    return float(np.abs(gaps).max())


def _cross_fitted(
    learner: Learner, columns: Sequence[Column], table: Table, labels: NDArray[np.intp], classes: int, seed: int
) -> NDArray[np.float64]:
    """(n, classes): every record answered by a model that was not trained on it."""
    fold = _folds(len(labels), seed)
    answers = np.empty((len(labels), classes))
    for number in range(FOLDS):
        model = build(learner, columns, derive(seed, "choose-fit", learner.name, number))
        model.fit_table(table.take(fold != number), labels[fold != number])
        answers[fold == number] = model.over_all(model.predict_table(table.take(fold == number)), classes)
    return answers


def _cross_fitted_values(
    learner: Learner, columns: Sequence[Column], table: Table, values: NDArray[np.float64], seed: int
) -> NDArray[np.float64]:
    """(n,): every record answered by a model that was not trained on it."""
    fold = _folds(len(values), seed)
    answers = np.empty(len(values))
    for number in range(FOLDS):
        model = build_for_values(learner, columns, derive(seed, "choose-fit", learner.name, number))
        model.fit_table(table.take(fold != number), values[fold != number])
        answers[fold == number] = model.predict_table(table.take(fold == number))
    return answers


def _folds(n: int, seed: int) -> NDArray[np.intp]:
    return np.asarray(generator(seed, "choose-folds").permutation(n) % FOLDS, dtype=np.intp)


def _signal(probabilities: NDArray[np.float64], labels: NDArray[np.intp]) -> NDArray[np.float64]:
    """Log of the true label's probability over the others' (the logit-scaled confidence of LiRA)."""
    known = np.nan_to_num(probabilities, nan=0.0)
    true = known[np.arange(len(labels)), labels]
    return np.asarray(np.log(np.maximum(true, CLIP)) - np.log(np.maximum(known.sum(axis=1) - true, CLIP)))


def _channel(answers: NDArray[np.float64]) -> Profile:
    """What the answers show: 0/1 only is labels; otherwise how many classes are returned, and how many decimals."""
    names = tuple(str(c) for c in range(answers.shape[1]))
    present = answers[~np.isnan(answers)]
    if np.isin(present, (0.0, 1.0)).all():
        return Profile(Output.LABELS, names)
    decimals = next((d for d in range(1, 7) if np.allclose(present, np.round(present, d), rtol=0, atol=1e-9)), None)
    top = int((~np.isnan(answers)).sum(axis=1).max())
    return Profile(Output.TOP_K if top < len(names) else Output.PROBABILITIES, names, decimals, top=top)
