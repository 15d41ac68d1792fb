"""Calibrated correctness: is the label right more often where models were trained on the record than where they were not?"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from auditor.attacks.membership.pairs import Floats, Pairs, candidates_of, scored, shadows_of, signals_of
from auditor.attacks.signals import correctness
from auditor.domain.attack import Context, Family, Needs, Scope
from auditor.domain.evidence import MembershipScores
from auditor.domain.threat import Knows, Sees, ThreatModel

LEAST_SHADOWS = 2
# Added to every rate: a few shadows that all agree do not make the next model certain.
SMOOTHING = 0.05
# Training on a record does not make a model less right about it: a smaller rise of the rate is noise of few shadows.
LEAST_RISE = 0.01


@dataclass(frozen=True)
class CalibratedCorrectness:
    """The gap attack with a likelihood ratio for each record, from how often IN and OUT shadows are right about it.

    The label-only reading of LiRA: one query for each record, which is asked already. docs/attacks/calibrated-correctness.md
    has the formula and what it gains over gap.
    """

    name: ClassVar[str] = "calibrated-correctness"
    family: ClassVar[Family] = Family.MEMBERSHIP
    kind: ClassVar[str] = "membership"
    threat_model: ClassVar[ThreatModel] = ThreatModel(Sees.LABELS, frozenset({Knows.CANDIDATES, Knows.LEARNER, Knows.TRUE_LABEL}))
    reference: ClassVar[str] = (
        "Choquette-Choo, Tramer, Carlini, Papernot: Label-Only Membership Inference Attacks, ICML 2021 (arXiv:2007.14321); "
        "likelihood ratio after Carlini et al. 2022 (arXiv:2112.03570)"
    )
    shows: ClassVar[str] = "whether a person's record was in the training data"

    def needs(self, scope: Scope) -> Needs:
        return Needs(0, 0, shadows=LEAST_SHADOWS)

    def run(self, context: Context) -> MembershipScores:
        candidates = candidates_of(context, self.name)
        shadows = shadows_of(context, self.name, LEAST_SHADOWS)

        def signal(answers: Floats) -> Floats:
            return correctness(answers, candidates.labels)

        context.checkpoint(0.0)
        target = signal(context.query(candidates.features))
        return scored(context, target, signals_of(shadows, signal), shadows.masks, ratio)


def ratio(observed: Floats, pairs: Pairs) -> Floats:
    """log P(observed | IN) - log P(observed | OUT), (n,), for observed (n,) 1 where the label is right, else 0."""
    outside = pairs.outside.mean(axis=0)
    inside = np.minimum(1.0, np.maximum(pairs.inside.mean(axis=0), outside + LEAST_RISE))
    right = np.log((inside + SMOOTHING) / (outside + SMOOTHING))
    wrong = np.log((1 - inside + SMOOTHING) / (1 - outside + SMOOTHING))
    return np.asarray(np.where(observed > 0, right, wrong))
