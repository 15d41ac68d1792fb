"""CSMIA: the model gives a value away by which completions it gets right, and how surely."""

from dataclasses import dataclass
from typing import ClassVar

from auditor.attacks.inversion.attribute_attack import AttributeAttack
from auditor.attacks.inversion.cases import cases_of, scores_of
from auditor.attacks.inversion.completed import ask
from auditor.attacks.inversion.completion import refuse_number
from auditor.attacks.inversion.imputation import KNOWN
from auditor.domain.attack import Context, Needs, Scope
from auditor.domain.evidence import AttributeGuesses
from auditor.domain.seeds import derive
from auditor.domain.threat import Sees, ThreatModel


@dataclass(frozen=True)
class Csmia(AttributeAttack):
    """Confidence-score-based attack of Mehnaz et al. 2022, section 4.1: three cases by the number of values with which the target
    predicts the true label. Where only labels are answered, cases 2 and 3 are ties and case 1 is what is left."""

    name: ClassVar[str] = "csmia"
    threat_model: ClassVar[ThreatModel] = ThreatModel(Sees.PROBABILITIES, KNOWN, or_top_k=True, or_labels=True)
    reference: ClassVar[str] = (
        "Mehnaz, Dibbo, Kabir, Li, Bertino: Are Your Sensitive Attributes Private? Novel Model Inversion Attribute Inference "
        "Attacks on Classification Models, USENIX Security 2022 (arXiv 2201.09370)"
    )

    def needs(self, scope: Scope) -> Needs:
        refuse_number(scope.sensitive, self.name)
        return super().needs(scope)

    def run(self, context: Context) -> AttributeGuesses:
        """Evidence with scores (m, V): the claimed value as sure as it is, 2 to 3 in case 1, 1 to 2 in case 2, 0 to 1 in case 3."""
        attacked = ask(context, self.records)
        found = cases_of(attacked, derive(context.seed, "ties"))
        context.checkpoint(1.0)
        scores = scores_of(found.claimed, found.sureness, len(attacked.sensitive.values))
        return AttributeGuesses(attacked.sensitive, attacked.rows, scores, found.case)
