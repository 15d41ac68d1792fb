"""The entropy attack: a record is a member if the model is sure of its answer, whatever the answer is."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from auditor.attacks.membership.class_thresholds import LEAST_SHADOWS, Observed, thresholded
from auditor.attacks.membership.pairs import Floats, records_of
from auditor.attacks.signals import complete, entropy
from auditor.domain.attack import Context, Family, Needs, Scope
from auditor.domain.evidence import MembershipScores
from auditor.domain.threat import Knows, Sees, ThreatModel


@dataclass(frozen=True)
class Entropy:
    """Song and Mittal 2021, section 4.1.3. Score -H(p) - tau_c in nats, where tau_c is the threshold that has the best balanced
    accuracy among shadow answers that predict the same class c. The true label is not used, so a record that the model is surely
    wrong about looks like a member."""

    name: ClassVar[str] = "entropy"
    family: ClassVar[Family] = Family.MEMBERSHIP
    kind: ClassVar[str] = "membership"
    threat_model: ClassVar[ThreatModel] = ThreatModel(Sees.PROBABILITIES, frozenset({Knows.CANDIDATES, Knows.LEARNER}))
    reference: ClassVar[str] = (
        "Song, Mittal: Systematic Evaluation of Privacy Risks of Machine Learning Models, USENIX Security 2021 (arXiv:2003.10595)"
    )
    shows: ClassVar[str] = "whether a person's record was in the training data"

    def needs(self, scope: Scope) -> Needs:
        return Needs(0, 0, shadows=LEAST_SHADOWS)

    def run(self, context: Context) -> MembershipScores:
        candidates = records_of(context, self.name)
        clip = context.profile.clip

        def read(answers: Floats) -> Observed:
            return Observed(-entropy(answers, clip), np.asarray(complete(answers).argmax(axis=-1)))

        return thresholded(context, candidates, self.name, read)
