"""The shadow-model attack that began it all: a classifier for each class learns from shadows what answers for members look like."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from auditor.attacks.membership.in_out import Classifier, learned
from auditor.attacks.membership.pairs import Floats, candidates_of, playing, shadows_of
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
    OUT records show, the score rises with phi.
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
        played = np.stack([read(answers, labels, clip) for answers in shadows.probabilities])
        chosen = playing(len(shadows)) if len(shadows) > 2 else []
        claim = attacked(target, labels, played, shadows.masks)
        pseudo = np.empty((len(chosen), len(claim)))
        for row, shadow in enumerate(chosen):
            context.checkpoint((row + 1) / (len(chosen) + 1))
            rest = np.arange(len(shadows)) // 2 != shadow // 2
            pseudo[row] = attacked(played[shadow], labels, played[rest], shadows.masks[rest])
        context.checkpoint(1.0)
        return MembershipScores(claim, pseudo, shadows.masks[chosen])


def read(answers: Floats, labels: Labels, clip: float) -> Floats:
    """What the attack model sees of answers (n, C), and phi: (n, C + 2)."""
    known = np.round(complete(answers), DECIMALS)
    others = np.where(np.arange(known.shape[-1]) == labels[:, None], -np.inf, known)
    ranked = -np.sort(-others, axis=1)[:, :-1]
    losses = log_confidence(answers, labels, clip), logit_confidence(answers, labels, clip)
    return np.column_stack([known[np.arange(len(labels)), labels], ranked, *losses])


def attacked(observed: Floats, labels: Labels, played: Floats, masks: Mask) -> Floats:
    """Scores (n,) of what was observed (n, d), by attack models learned from shadows (K, n, d) with their `masks` (K, n)."""
    everyones: Classifier | None = None
    scores = np.empty(len(labels))
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        inside = masks[:, rows].ravel()
        if len(inside) >= LEAST:
            scores[rows] = model_of(played[:, rows].reshape(len(inside), -1), inside)(observed[rows])
            continue
        everyones = everyones or model_of(played.reshape(masks.size, -1), masks.ravel())
        scores[rows] = everyones(observed[rows])
    return scores


def model_of(known: Floats, inside: Mask) -> Classifier:
    """The attack model of known answers (m, C + 2). What phi is above that of ORDINARY answers for OUT records is added."""
    classify, line = learned(known[:, :-1], inside), np.quantile(known[~inside, -1], ORDINARY)
    return lambda asked: classify(asked[:, :-1]) + np.maximum(asked[:, -1] - line, 0.0)
