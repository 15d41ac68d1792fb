"""The modified entropy attack: a record is a member if the model is sure, and sure of the true class."""

from dataclasses import dataclass
from typing import ClassVar

from auditor.attacks.membership.class_thresholds import LEAST_SHADOWS, Observed, thresholded
from auditor.attacks.membership.pairs import Floats, candidates_of
from auditor.attacks.signals import modified_entropy
from auditor.domain.attack import Context, Family, Needs, Scope
from auditor.domain.evidence import MembershipScores
from auditor.domain.threat import Knows, Sees, ThreatModel


@dataclass(frozen=True)
class ModifiedEntropy:
    """Song and Mittal 2021, section 4.1.4. Score -Mentr - tau_y in nats, where tau_y is the threshold of class y that has the best
    balanced accuracy on shadows."""

    name: ClassVar[str] = "modified-entropy"
    family: ClassVar[Family] = Family.MEMBERSHIP
    kind: ClassVar[str] = "membership"
    threat_model: ClassVar[ThreatModel] = ThreatModel(
        Sees.PROBABILITIES, frozenset({Knows.CANDIDATES, Knows.LEARNER, Knows.TRUE_LABEL})
    )
    reference: ClassVar[str] = (
        "Song, Mittal: Systematic Evaluation of Privacy Risks of Machine Learning Models, USENIX Security 2021 (arXiv:2003.10595)"
    )
    shows: ClassVar[str] = "whether a person's record was in the training data"

    def needs(self, scope: Scope) -> Needs:
        return Needs(0, 0, shadows=LEAST_SHADOWS)

    def run(self, context: Context) -> MembershipScores:
        candidates = candidates_of(context, self.name)
        clip = context.profile.clip

        def read(answers: Floats) -> Observed:
            return Observed(-modified_entropy(answers, candidates.labels, clip), candidates.labels)

        return thresholded(context, candidates, self.name, read)
