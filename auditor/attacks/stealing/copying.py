"""Training a copy: from answered records to a model that answers like the target."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from auditor.domain.attack import Checkpoint
from auditor.domain.data import Column
from auditor.domain.learner import Learner
from auditor.domain.seeds import derive, generator
from auditor.learners import Model, build

HELD_OUT_SHARE = 0.1
NEGLIGIBLE = 0.005  # a class below this probability is not worth a row


@dataclass(frozen=True, eq=False)
class Answered:
    """Records and what was answered: `probabilities` (q, C), one-hot where only labels were seen."""

    features: pd.DataFrame
    probabilities: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.features)

    def take(self, rows: NDArray[np.intp]) -> "Answered":
        return Answered(self.features.iloc[rows].reset_index(drop=True), self.probabilities[rows])

    @property
    def labels(self) -> NDArray[np.intp]:
        return np.asarray(self.probabilities.argmax(axis=1))


def answered(features: pd.DataFrame, answers: NDArray[np.float64]) -> Answered:
    """Classes that were not returned count as 0; each row is scaled to sum to 1 (all zero: every class alike)."""
    known = np.clip(np.nan_to_num(answers, nan=0.0), 0.0, None)
    total = known.sum(axis=1, keepdims=True)
    return Answered(features, np.where(total > 0, known / np.where(total > 0, total, 1.0), 1.0 / known.shape[1]))


@dataclass(frozen=True)
class Workshop:
    """What a thief trains copies with: the declared learner, and one of another kind in case the declaration is wrong."""

    learners: tuple[Learner, ...]
    columns: tuple[Column, ...]
    seed: int
    checkpoint: Checkpoint
    progress: float = 0.0

    def copy(self, material: Answered) -> Model:
        """The learner that agrees best with the answers on a tenth of the records that it was not fitted on, fitted on all."""
        order = generator(self.seed, "held-out").permutation(len(material))
        held_out, kept = np.split(order, [max(1, round(HELD_OUT_SHARE * len(material)))])
        trial, judge = material.take(kept), material.take(held_out)
        agreement = [float((self._fit(learner, trial).predict(judge.features) == judge.labels).mean()) for learner in self.learners]
        return self._fit(self.learners[int(np.argmax(agreement))], material)

    def _fit(self, learner: Learner, material: Answered) -> Model:
        self.checkpoint(self.progress)
        features, labels, weights = weighted_rows(material)
        return build(learner, self.columns, derive(self.seed, "copy", learner.name)).fit(features, labels, weights)


def weighted_rows(material: Answered) -> tuple[pd.DataFrame, NDArray[np.intp], NDArray[np.float64]]:
    """Soft labels for learners of hard ones: each record once for every class it may have, weighted by the class's probability
    (the weighted loss is then the cross-entropy to the answer)."""
    rows, labels = np.nonzero(material.probabilities > NEGLIGIBLE)
    return material.features.iloc[rows].reset_index(drop=True), labels, material.probabilities[rows, labels]


def thief_learners(declared: Learner | None) -> tuple[Learner, ...]:
    """The declared learner first; beside it boosting, or a linear model where boosting was declared."""
    other = Learner("logistic-regression") if declared is not None and declared.name == "xgboost" else Learner("xgboost")
    return (other, Learner("logistic-regression")) if declared is None else (declared, other)


def classes_of(answers: NDArray[np.float64]) -> NDArray[np.intp]:
    """(n,) the class with the highest answer, the first of equals."""
    return np.asarray(np.nan_to_num(answers, nan=-1.0).argmax(axis=1))
