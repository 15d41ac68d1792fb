"""The shadow-model attack that began it all: a classifier for each class learns from shadows what answers for members look like."""

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from auditor.attacks.membership.in_out import Classifier, learned, players
from auditor.attacks.membership.pairs import Floats, candidates_of, shadows_of
from auditor.attacks.signals import complete, log_confidence, logit_confidence
from auditor.domain.attack import Context, Family, Needs, Scope
from auditor.domain.evidence import MembershipScores
from auditor.domain.threat import Knows, Sees, ThreatModel

Mask = NDArray[np.bool_]
Labels = NDArray[np.intp]

LEAST_SHADOWS = 2
DECIMALS = 5  # of a probability: shadow answers are stored in 32 bits and have to tie with equal ones of the target
# Sure answers for members of an easy class look like sure answers for others of it, so an attack model may learn that surer means
# OUT, and then miss a target that is surer of its members than any shadow was. Beyond this share of OUT answers it is not asked.
ORDINARY = 0.99
LEAST = 50  # a class with fewer answers shares the classifier of all classes together


@dataclass(frozen=True)
class Shokri:
    """Shokri et al. 2017, section V. Score: log-odds of IN that the attack model of the record's class gives to the answer, which
    is the probability of the true class, those of the others in descending order, and log p_y.

    The attack model is logistic regression: boosted trees found no more, at five times the cost. Above what nearly all answers for
    OUT records show, the score rises with phi. Half of the shadows' pairs teach, the others play the target.
    """

    name: ClassVar[str] = "shokri"
    family: ClassVar[Family] = Family.MEMBERSHIP
    kind: ClassVar[str] = "membership"
    threat_model: ClassVar[ThreatModel] = ThreatModel(
        Sees.PROBABILITIES, frozenset({Knows.CANDIDATES, Knows.LEARNER, Knows.TRUE_LABEL})
    )
    reference: ClassVar[str] = (
        "Shokri, Stronati, Song, Shmatikov: Membership Inference Attacks Against Machine Learning Models, "
        "IEEE S&P 2017 (arXiv:1610.05820)"
    )
    shows: ClassVar[str] = "whether a person's record was in the training data"

    def needs(self, scope: Scope) -> Needs:
        return Needs(0, 0, shadows=LEAST_SHADOWS)

    def run(self, context: Context) -> MembershipScores:
        candidates = candidates_of(context, self.name)
        labels = candidates.labels
        shadows = shadows_of(context, self.name, LEAST_SHADOWS)
        clip = context.profile.clip
        context.checkpoint(0.0)
        target = read(context.query(candidates.features), labels, clip)
        context.checkpoint(0.3)
        teachers = 2 * math.ceil(len(shadows) / 4)
        taught = np.stack([read(shadows.answers(k), labels, clip) for k in range(teachers)])
        models = models_of(taught, labels, shadows.masks[:teachers])
        context.checkpoint(0.8)
        chosen = players(len(shadows), teachers)
        pseudo = np.empty((len(chosen), len(labels)))
        for row, shadow in enumerate(chosen):
            pseudo[row] = attacked(read(shadows.answers(shadow), labels, clip), labels, models)
        context.checkpoint(1.0)
        return MembershipScores(attacked(target, labels, models), pseudo, shadows.masks[chosen])


def read(answers: Floats, labels: Labels, clip: float) -> Floats:
    """What the attack model sees of answers (n, C), and phi: (n, C + 2)."""
    known = np.round(complete(answers), DECIMALS)
    others = np.where(np.arange(known.shape[-1]) == labels[:, None], -np.inf, known)
    ranked = -np.sort(-others, axis=1)[:, :-1]
    losses = log_confidence(answers, labels, clip), logit_confidence(answers, labels, clip)
    return np.column_stack([known[np.arange(len(labels)), labels], ranked, *losses])


def models_of(taught: Floats, labels: Labels, masks: Mask) -> dict[int, Classifier]:
    """An attack model for each class of `labels` (n,), from shadows (K, n, d) with their `masks` (K, n)."""
    everyones: Classifier | None = None
    models = {}
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        inside = masks[:, rows].ravel()
        if len(inside) >= LEAST:
            models[int(label)] = model_of(taught[:, rows].reshape(len(inside), -1), inside)
            continue
        everyones = everyones or model_of(taught.reshape(masks.size, -1), masks.ravel())
        models[int(label)] = everyones
    return models


def attacked(observed: Floats, labels: Labels, models: dict[int, Classifier]) -> Floats:
    """Scores (n,) of what was observed (n, d), each by the model of its class."""
    scores = np.empty(len(labels))
    for label, model in models.items():
        rows = np.flatnonzero(labels == label)
        scores[rows] = model(observed[rows])
    return scores


def model_of(known: Floats, inside: Mask) -> Classifier:
    """The attack model of known answers (m, C + 2). What phi is above that of ORDINARY answers for OUT records is added."""
    classify, line = learned(known[:, :-1], inside), np.quantile(known[~inside, -1], ORDINARY)
    return lambda asked: classify(asked[:, :-1]) + np.maximum(asked[:, -1] - line, 0.0)
