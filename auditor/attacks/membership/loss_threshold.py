"""The loss threshold attack: a record is a member if the model is confident of its true label."""

from dataclasses import dataclass
from typing import ClassVar

from auditor.attacks.membership.pairs import Floats, candidates_of, scored_alone
from auditor.attacks.signals import log_confidence
from auditor.domain.attack import Context, Family, Needs, Scope
from auditor.domain.evidence import MembershipScores
from auditor.domain.threat import Knows, Sees, ThreatModel


@dataclass(frozen=True)
class LossThreshold:
    """Yeom et al. 2018, section 3.2. Score log p_y (nats), minus the loss of the record; one threshold for all records.

    Easy records look like members, so it has next to no power at low false-positive rates: a baseline and a smoke test."""

    name: ClassVar[str] = "loss-threshold"
    family: ClassVar[Family] = Family.MEMBERSHIP
    kind: ClassVar[str] = "membership"
    threat_model: ClassVar[ThreatModel] = ThreatModel(Sees.PROBABILITIES, frozenset({Knows.CANDIDATES, Knows.TRUE_LABEL}))
    reference: ClassVar[str] = "Yeom, Giacomelli, Fredrikson, Jha: Privacy Risk in Machine Learning, CSF 2018 (arXiv:1709.01604)"
    shows: ClassVar[str] = "whether a person's record was in the training data"

    def needs(self, scope: Scope) -> Needs:
        return Needs(0, 0)

    def run(self, context: Context) -> MembershipScores:
        candidates = candidates_of(context, self.name)
        clip = context.profile.clip

        def signal(answers: Floats) -> Floats:
            return log_confidence(answers, candidates.labels, clip)

        context.checkpoint(0.0)
        target = signal(context.query(candidates.features))
        context.checkpoint(0.5)
        evidence = scored_alone(target, context.shadows, signal)
        context.checkpoint(1.0)
        return evidence
