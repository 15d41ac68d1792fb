"""ML-Leaks: the attack of Shokri with almost nothing left of what its adversary has to know."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from auditor.attacks.membership.in_out import learned, players
from auditor.attacks.membership.pairs import Floats, records_of, scored_alone, shadows_of
from auditor.attacks.signals import complete
from auditor.domain.attack import Context, Family, Needs, Scope
from auditor.domain.evidence import MembershipScores
from auditor.domain.shadow import ShadowOutputs
from auditor.domain.threat import Knows, Sees, ThreatModel
from auditor.errors import InvalidInput

LEAST_SHADOWS = 2
TOP = 3
ADVERSARIES = (1, 3)
DECIMALS = 5  # of a probability: shadow answers are stored in 32 bits and have to tie with equal ones of the target


@dataclass(frozen=True)
class Salem:
    """Salem et al. 2019. Nobody knows the true label, and only the three largest probabilities are seen.

    `adversary`: 1 (section III) learns from one pair of shadows, one attack model for all classes, what answers for members look
    like; score: log-odds of IN. 3 (section V) trains nothing; score: the largest probability.
    """

    adversary: int = 1

    name: ClassVar[str] = "salem"
    family: ClassVar[Family] = Family.MEMBERSHIP
    kind: ClassVar[str] = "membership"
    threat_model: ClassVar[ThreatModel] = ThreatModel(Sees.TOP_K, frozenset({Knows.CANDIDATES, Knows.LEARNER}))
    reference: ClassVar[str] = (
        "Salem, Zhang, Humbert, Berrang, Fritz, Backes: ML-Leaks: Model and Data Independent Membership Inference Attacks and "
        "Defenses on Machine Learning Models, NDSS 2019 (arXiv:1806.01246)"
    )
    shows: ClassVar[str] = "whether a person's record was in the training data"

    def __post_init__(self) -> None:
        if isinstance(self.adversary, bool) or self.adversary not in ADVERSARIES:
            raise InvalidInput("attacks.salem.adversary", f"choose 1 or 3, not {self.adversary!r}")
        if self.adversary == 3:  # trains nothing, so does not know how to
            object.__setattr__(self, "threat_model", ThreatModel(Sees.TOP_K, frozenset({Knows.CANDIDATES})))

    def needs(self, scope: Scope) -> Needs:
        return Needs(0, 0, shadows=LEAST_SHADOWS if self.adversary == 1 else 0)

    def run(self, context: Context) -> MembershipScores:
        candidates = records_of(context, self.name)
        shadows = shadows_of(context, self.name, LEAST_SHADOWS) if self.adversary == 1 else context.shadows
        context.checkpoint(0.0)
        answers = context.query(candidates.features)
        context.checkpoint(0.5)
        if self.adversary == 3 or shadows is None:
            evidence = scored_alone(surest(answers), shadows, surest)
        else:
            evidence = from_one_pair(context, answers, shadows)
        context.checkpoint(1.0)
        return evidence


def surest(answers: Floats) -> Floats:
    """The largest probability (n,) of answers (n, C)."""
    return np.asarray(np.round(np.nanmax(answers, axis=1), DECIMALS))


def read(answers: Floats) -> Floats:
    """What the attack model sees of answers (n, C): the three largest probabilities, or all where there are fewer classes."""
    return np.round(-np.sort(-complete(answers), axis=1)[:, :TOP], DECIMALS)


def from_one_pair(context: Context, answers: Floats, shadows: ShadowOutputs) -> MembershipScores:
    """The first pair of shadows is learned from; the others stand where the target stands."""
    known = np.concatenate([read(shadows.answers(k)) for k in range(LEAST_SHADOWS)])
    classify = learned(known, shadows.masks[:LEAST_SHADOWS].ravel())
    context.checkpoint(0.7)
    chosen = players(len(shadows), LEAST_SHADOWS)
    pseudo = np.empty((len(chosen), len(answers)))
    for row, shadow in enumerate(chosen):
        pseudo[row] = classify(read(shadows.answers(shadow)))
    return MembershipScores(classify(read(answers)), pseudo, shadows.masks[chosen])
