"""The gap attack: a record is a member if the model gets it right."""

from dataclasses import dataclass
from typing import ClassVar

from auditor.attacks.membership.pairs import candidates_of, scored_alone
from auditor.attacks.signals import correctness
from auditor.domain.attack import Context, Family, Needs, Scope
from auditor.domain.evidence import MembershipScores
from auditor.domain.threat import Knows, Sees, ThreatModel


@dataclass(frozen=True)
class Gap:
    """Yeom et al. 2018, section 3.2. Score 1 where the predicted label is right, else 0; its advantage is the gap between
    training and test accuracy. The baseline that every other attack must beat."""

    name: ClassVar[str] = "gap"
    family: ClassVar[Family] = Family.MEMBERSHIP
    kind: ClassVar[str] = "membership"
    threat_model: ClassVar[ThreatModel] = ThreatModel(Sees.LABELS, frozenset({Knows.CANDIDATES, Knows.TRUE_LABEL}))
    reference: ClassVar[str] = "Yeom, Giacomelli, Fredrikson, Jha: Privacy Risk in Machine Learning, CSF 2018 (arXiv:1709.01604)"
    shows: ClassVar[str] = "whether a person's record was in the training data"

    def needs(self, scope: Scope) -> Needs:
        return Needs(0, 0)

    def run(self, context: Context) -> MembershipScores:
        candidates = candidates_of(context, self.name)
        context.checkpoint(0.0)
        target = correctness(context.query(candidates.features), candidates.labels)
        context.checkpoint(0.5)
        evidence = scored_alone(target, context.shadows, lambda answers: correctness(answers, candidates.labels))
        context.checkpoint(1.0)
        return evidence
