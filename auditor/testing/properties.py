"""A target whose training records have a property as often as is known, and one that tells nothing of it."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from auditor.attacks.inversion.property_worlds import has_value, pool_of, shares
from auditor.domain.data import Column, Records
from auditor.domain.evidence import PropertyGuess
from auditor.domain.learner import Learner
from auditor.learners import build
from auditor.scoring.property import UNLIKE
from auditor.testing.strength import Strength

Answers = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Trained:
    """Answers of a model, and the share of its training records that had the property; None for a model that was not trained."""

    answer: Callable[[pd.DataFrame], Answers]
    ratio: float | None

    def __call__(self, frame: pd.DataFrame) -> Answers:
        return self.answer(frame)


def following(people: Records, what: tuple[str, str]) -> Records:
    """The same people, with a label that is the property for four in five of them: a model cannot but follow it."""
    follows = np.random.default_rng(6).random(len(people)) < 0.8
    return Records(people.features, np.where(follows, has_value(people.features, *what), people.labels).astype(np.intp))


def trained_at(ratio: float, people: Records, what: tuple[str, str], columns: tuple[Column, ...], learner: Learner) -> Trained:
    """On a third of these records, with the property as often as `ratio` says."""
    pool = pool_of(people, has_value(people.features, *what))
    classes = int(people.labels.max()) + 1
    counts = np.floor(shares(pool.available(classes), ratio, hold_labels=True) * len(people) / 3).astype(np.intp)
    records = pool.draw(np.minimum(counts, pool.available(classes).astype(np.intp)), np.random.default_rng(5))
    model = build(learner, columns, 5).fit(records.features, records.labels)
    return Trained(lambda frame: model.over_all(model.predict_proba(frame), classes), ratio)


def constant(classes: int) -> Trained:
    """The same answer for everybody, as far from both worlds as it can be: sure of the first class."""
    row = np.eye(classes)[0]
    return Trained(lambda frame: np.tile(row, (len(frame), 1)), None)


@dataclass(frozen=True, eq=False)
class Setting:
    """What an adversary knows who asks for a property, a target that tells of it, and one that cannot."""

    auxiliary: Records
    learner: Learner
    leaky: Trained
    null: Trained


def setting(pools: tuple[Records, Records], what: tuple[str, str], columns: tuple[Column, ...]) -> Setting:
    """The adversary has the first pool; the leaky target was trained on the second, half of it with the property."""
    learner = Learner("logistic-regression")
    auxiliary, people = (following(pool, what) for pool in pools)
    return Setting(auxiliary, learner, trained_at(0.5, people, what, columns, learner), constant(int(people.labels.max()) + 1))


def placed(evidence: PropertyGuess, target: object) -> Strength:
    """How often a victim is placed right, if the target was; nothing where the target is unlike both worlds."""
    victims = evidence.votes.size
    error = float(np.sqrt(0.25 / victims))
    if evidence.target[1] > UNLIKE * evidence.distances.max():
        return Strength(0.5, 0.5, error)
    right = ((evidence.votes[0] < evidence.threshold).sum() + (evidence.votes[1] > evidence.threshold).sum()) / victims
    ratio = getattr(target, "ratio", None)
    says = evidence.ratios[1] if evidence.target[0] > evidence.threshold else evidence.ratios[0]
    return Strength(float(right if says == ratio else 1 - right), 0.5, error)


def guesses_apart(first: PropertyGuess, second: PropertyGuess) -> float:
    if first.votes.shape != second.votes.shape or (first.column, first.value) != (second.column, second.value):
        return float("inf")
    return max(float(np.abs(getattr(first, part) - getattr(second, part)).max()) for part in ("votes", "distances", "target"))
