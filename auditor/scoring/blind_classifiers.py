"""Three classifiers that never see the model, each fitted to many labellings of the same records at once.

A permutation test refits everything for every permutation. What depends on the records alone (a factorisation, a neighbour graph,
the answers to yes-no questions) is computed once and shared; labellings (n, p) are columns of one matrix.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from auditor.scoring.blind_features import BlindTable

Floats32 = NDArray[np.float32]
Rows = NDArray[np.intp]
NEIGHBOURS = 10
RIDGE = 10.0
ROUNDS, RATE, QUESTIONS_A_ROUND = 50, 0.25, 100


@dataclass(frozen=True, eq=False)
class Fold:
    """Records to fit on, records to score, and a source of numbers that belongs to this fold."""

    fit: Rows
    score: Rows
    rng: np.random.Generator


Classifier = Callable[[BlindTable, Fold, Floats32], Floats32]


def linear(table: BlindTable, fold: Fold, labellings: Floats32) -> Floats32:
    """Ridge regression of the label: the first Newton step of logistic regression from zero. (n, p) -> (len(score), p)."""
    fitted, scored = table.linear[fold.fit], table.linear[fold.score]
    gram = fitted.T @ fitted + RIDGE * np.eye(fitted.shape[1])
    centred = labellings[fold.fit] - labellings[fold.fit].mean(axis=0)
    return np.asarray(scored @ np.linalg.solve(gram, fitted.T @ centred), dtype=np.float32)


def neighbours(table: BlindTable, fold: Fold, labellings: Floats32) -> Floats32:
    """Mean label of the nearest records (Euclidean on standardised columns), nearer ones weighing more."""
    near, distance = nearest(table.linear[fold.score], table.linear[fold.fit])
    weights = (1.0 / (distance + 0.1 * distance.mean() + 1e-9)).astype(np.float32)
    weights /= weights.sum(axis=1, keepdims=True)
    found = np.zeros((len(fold.score), labellings.shape[1]), dtype=np.float32)
    for k in range(near.shape[1]):
        found += weights[:, k, None] * labellings[fold.fit[near[:, k]]]
    return found


def nearest(scored: NDArray[np.float64], fitted: NDArray[np.float64]) -> tuple[Rows, NDArray[np.float64]]:
    """Indices and distances of the NEIGHBOURS nearest fitted records of each scored one, (s, k) each."""
    k = min(NEIGHBOURS, len(fitted))
    squares = (scored**2).sum(axis=1)[:, None] + (fitted**2).sum(axis=1) - 2 * scored @ fitted.T
    near = np.argpartition(squares, k - 1, axis=1)[:, :k]
    return near, np.sqrt(np.maximum(0.0, np.take_along_axis(squares, near, axis=1)))


def boosting(table: BlindTable, fold: Fold, labellings: Floats32) -> Floats32:
    """Gradient boosting of squared error with trees of four leaves, grown greedily for every labelling at once.

    Each round looks at a random draw of questions, the same for all labellings; which of them a labelling's tree asks is its own.
    """
    answers = table.questions.astype(np.float32)
    residual = labellings[fold.fit] - labellings[fold.fit].mean(axis=0)
    found = np.zeros((len(fold.score), labellings.shape[1]), dtype=np.float32)
    for _ in range(ROUNDS):
        drawn = np.sort(fold.rng.permutation(answers.shape[1])[:QUESTIONS_A_ROUND])
        seen = np.ascontiguousarray(answers[np.ix_(fold.fit, drawn)])
        tree = _grow(seen, residual)
        residual -= tree.values(seen)
        found += tree.values(answers[np.ix_(fold.score, drawn)])
    return found


CLASSIFIERS: dict[str, Classifier] = {"linear": linear, "neighbours": neighbours, "boosting": boosting}


@dataclass(frozen=True, eq=False)
class _Trees:
    """One tree a labelling: the question at the root (p,), one at each side, and the value of each leaf."""

    root: Rows
    yes: Rows
    no: Rows
    leaves: Floats32  # (4, p): yes-yes, yes-no, no-yes, no-no

    def values(self, answers: Floats32) -> Floats32:
        """(n, q) answers -> (n, p) values, already scaled by the learning rate."""
        root, yes, no = answers[:, self.root], answers[:, self.yes], answers[:, self.no]
        a, b, c, d = self.leaves
        return np.asarray(root * (b + yes * (a - b)) + (1 - root) * (d + no * (c - d)))


def _grow(answers: Floats32, residual: Floats32) -> _Trees:
    sums, counts = answers.T @ residual, np.repeat(answers.sum(axis=0)[:, None], residual.shape[1], axis=1)
    total, size = residual.sum(axis=0), np.full(residual.shape[1], float(len(answers)), dtype=np.float32)
    root = _best(sums, counts, total, size)
    inside = answers[:, root]
    yes_sums, yes_counts = answers.T @ (residual * inside), answers.T @ inside
    here = np.arange(residual.shape[1])
    yes_total, yes_size = sums[root, here], counts[root, here]
    yes = _best(yes_sums, yes_counts, yes_total, yes_size)
    no = _best(sums - yes_sums, counts - yes_counts, total - yes_total, size - yes_size)
    leaf_yes = yes_sums[yes, here], yes_counts[yes, here]
    leaf_no = (sums - yes_sums)[no, here], (counts - yes_counts)[no, here]
    pairs = [
        leaf_yes,
        (yes_total - leaf_yes[0], yes_size - leaf_yes[1]),
        leaf_no,
        (total - yes_total - leaf_no[0], size - yes_size - leaf_no[1]),
    ]
    return _Trees(root, yes, no, np.stack([RATE * s / (n + RIDGE) for s, n in pairs]).astype(np.float32))


def _best(sums: Floats32, counts: Floats32, total: Floats32, size: Floats32) -> Rows:
    """(q, p) sums and counts of those who answer yes -> (p,) the question that reduces squared error most."""
    gain = sums**2 / (counts + RIDGE) + (total - sums) ** 2 / (size - counts + RIDGE)
    return np.asarray(gain.argmax(axis=0))
