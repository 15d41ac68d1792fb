"""Yeom's attribute adversary: which value makes the error of the model one that it often makes?"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from auditor.attacks.inversion.attribute_attack import AttributeAttack
from auditor.attacks.inversion.completed import ask, ask_auxiliary, completion_needs
from auditor.attacks.inversion.completed_values import answers_values, ask_values, auxiliary_residuals, smallest_unit
from auditor.attacks.inversion.completion import FEWEST_RECORDS, refuse_number
from auditor.attacks.inversion.fredrikson import MOST_AUXILIARY
from auditor.attacks.inversion.imputation import KNOWN
from auditor.attacks.inversion.marginals import log_marginals, log_training_accuracy
from auditor.domain.attack import Context, Needs, Scope
from auditor.domain.evidence import AttributeGuesses
from auditor.domain.threat import Sees, ThreatModel


@dataclass(frozen=True)
class Yeom(AttributeAttack):
    """log p(v) + log g(error with v): Yeom et al. 2018, adversary 4, where a model of classes errs by 0 or 1. The paper
    grants the error on the training data; here half of the error on auxiliary records stands for it. Of a model that answers a
    number log p(v) - |r| / t: the smaller the residual with v, the likelier; t is half of its mean size on auxiliary records."""

    name: ClassVar[str] = "yeom"
    threat_model: ClassVar[ThreatModel] = ThreatModel(Sees.LABELS, KNOWN, or_value=True)
    reference: ClassVar[str] = (
        "Yeom, Giacomelli, Fredrikson, Jha: Privacy Risk in Machine Learning: Analyzing the Connection to Overfitting, CSF 2018 "
        "(arXiv 1709.01604), section 5"
    )

    def needs(self, scope: Scope) -> Needs:
        refuse_number(scope.sensitive, self.name)
        return completion_needs(scope, self.records, MOST_AUXILIARY)

    def run(self, context: Context) -> AttributeGuesses:
        """Evidence with scores (m, V), log-probabilities up to a constant of the record."""
        if answers_values(context):
            return self._of_values(context)
        attacked = ask(context, self.records, FEWEST_RECORDS)
        right, wrong = log_training_accuracy(*ask_auxiliary(context, attacked, MOST_AUXILIARY))
        context.checkpoint(1.0)
        marginals = log_marginals(attacked.auxiliary, attacked.sensitive)
        return AttributeGuesses(attacked.sensitive, attacked.rows, marginals + np.where(attacked.matches, right, wrong))

    def _of_values(self, context: Context) -> AttributeGuesses:
        off = ask_values(context, self.records, FEWEST_RECORDS)
        usual = 0.5 * float(np.abs(auxiliary_residuals(context, off, MOST_AUXILIARY)).mean())
        context.checkpoint(1.0)
        nearness = -np.abs(off.residuals) / max(usual, smallest_unit(off.auxiliary))
        return AttributeGuesses(off.sensitive, off.rows, log_marginals(off.auxiliary, off.sensitive) + nearness)
