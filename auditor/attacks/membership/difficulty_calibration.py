"""Difficulty calibration: how much smaller is the loss than models have on this record without having seen it?"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from auditor.attacks.membership.pairs import Floats, Pairs, candidates_of, scored, shadows_of, signals_of
from auditor.attacks.signals import log_confidence
from auditor.domain.attack import Context, Family, Needs, Scope
from auditor.domain.evidence import MembershipScores
from auditor.domain.threat import Knows, Sees, ThreatModel

LEAST_SHADOWS = 2


@dataclass(frozen=True)
class DifficultyCalibration:
    """Watson et al. 2022, equation 2, with shadows as reference models. Score: mean loss over OUT shadows minus the loss on the
    target, in nats. Logarithms are averaged; offline RMIA with a = 1 averages probabilities, else it is the same."""

    name: ClassVar[str] = "difficulty-calibration"
    family: ClassVar[Family] = Family.MEMBERSHIP
    kind: ClassVar[str] = "membership"
    threat_model: ClassVar[ThreatModel] = ThreatModel(
        Sees.PROBABILITIES, frozenset({Knows.CANDIDATES, Knows.LEARNER, Knows.TRUE_LABEL})
    )
    reference: ClassVar[str] = (
        "Watson, Guo, Cormode, Sablayrolles: On the Importance of Difficulty Calibration in Membership Inference Attacks, "
        "ICLR 2022 (arXiv:2111.08440)"
    )
    shows: ClassVar[str] = "whether a person's record was in the training data"

    def needs(self, scope: Scope) -> Needs:
        return Needs(0, 0, shadows=LEAST_SHADOWS)

    def run(self, context: Context) -> MembershipScores:
        candidates = candidates_of(context, self.name)
        shadows = shadows_of(context, self.name, LEAST_SHADOWS)
        clip = context.profile.clip

        def signal(answers: Floats) -> Floats:
            return log_confidence(answers, candidates.labels, clip)

        context.checkpoint(0.0)
        target = signal(context.query(candidates.features))
        return scored(context, target, signals_of(shadows, signal), shadows.masks, calibrated)


def calibrated(observed: Floats, pairs: Pairs) -> Floats:
    """log p_y (n,) of whoever is attacked, minus its mean over the OUT shadows."""
    return np.asarray(observed - pairs.outside.mean(axis=0))
