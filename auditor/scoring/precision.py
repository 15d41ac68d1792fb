"""Precision of the k surest claims about an attribute, and its paired bootstrap over records."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from auditor.scoring.intervals import Floats
from auditor.scoring.resampling import weights


@dataclass(frozen=True, eq=False)
class Claims:
    """One claim a record: how sure it is (m,) and whether it is right (m,)."""

    confidence: Floats
    correct: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.correct)

    def take(self, rows: NDArray[np.bool_]) -> "Claims":
        return Claims(self.confidence[rows], self.correct[rows])


def claims(scores: Floats, true: NDArray[np.intp], common: int) -> Claims:
    """For each record the strongest value other than `common`, as sure as its margin over every other value.

    `scores` (m, V), `true` (m,) with -1 for a value that cannot be claimed. A guess of the commonest value discloses little about
    anybody, so it is never a claim; its score still counts against the claim (ATTACKS 3: log p(v*) - max over v != v*).
    """
    confidence, found = claimed(scores, common)
    return Claims(confidence, found == true)


def claimed(scores: Floats, common: int) -> tuple[Floats, NDArray[np.intp]]:
    """(m,) how sure each claim is, and (m,) which value is claimed."""
    rows = np.arange(len(scores))
    rare = scores.copy()
    rare[:, common] = -np.inf
    found = rare.argmax(axis=1)
    others = scores.copy()
    others[rows, found] = -np.inf
    return scores[rows, found] - others.max(axis=1), found


def precision_at(made: Claims, k: float, weighed: Floats | None = None) -> Floats:
    """Precision of the k surest claims under each row of `weighed` (B, m) -> (B,); unweighted (1,) by default.

    Claims tied at the k-th place are taken in equal parts, so the order of records favours no side.
    """
    order = np.argsort(-made.confidence, kind="stable")
    starts = np.flatnonzero(np.append(True, np.diff(made.confidence[order]) != 0))
    ranked = (np.ones((1, len(made))) if weighed is None else weighed)[:, order]
    size = np.add.reduceat(ranked, starts, axis=1)
    right = np.add.reduceat(ranked * made.correct[order], starts, axis=1)
    taken = np.clip(k - (np.cumsum(size, axis=1) - size), 0.0, size)
    found = (taken * right / np.maximum(size, 1e-12)).sum(axis=1)
    return np.asarray(found / np.maximum(1e-12, taken.sum(axis=1)))


def resampled(arms: tuple[tuple[Claims, float], ...], rng: np.random.Generator) -> Floats:
    """(len(arms), B) precisions of claims about the *same* records under the same resamples of them, each arm with its k."""
    batches = weights(len(arms[0][0]), rng)
    return np.concatenate([np.stack([precision_at(made, k, drawn) for made, k in arms]) for drawn in batches], axis=1)
