"""The first attacks on attributes: how common a value is, times how well the model's answer fits the known label with it."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from auditor.attacks.inversion.attribute_attack import AttributeAttack
from auditor.attacks.inversion.completed import ask, ask_auxiliary, completion_needs
from auditor.attacks.inversion.completed_values import answers_values, ask_values, auxiliary_residuals, log_density, smallest_unit
from auditor.attacks.inversion.completion import FEWEST_RECORDS
from auditor.attacks.inversion.imputation import KNOWN
from auditor.attacks.inversion.marginals import log_confusion, log_marginals
from auditor.domain.attack import Context, Needs, Scope
from auditor.domain.evidence import AttributeGuesses
from auditor.domain.threat import Sees, ThreatModel

MOST_AUXILIARY = 1_000  # asked to learn how the target errs


@dataclass(frozen=True)
class FredriksonMap(AttributeAttack):
    """log p(v) + log Pr[y | predicted class with v] (Fredrikson et al. 2014, figure 2, for a model of classes); of one that answers
    a number log p(v) + log N(y - f(x_K, v); 0, s^2), s the root mean square of what it is off by on auxiliary records.

    All other features are known, so the sum over unknown ones has one term. Marginals and the confusion matrix are those of
    auxiliary records: the owner's own, which the paper grants, would tell of the training data.
    """

    name: ClassVar[str] = "fredrikson-map"
    threat_model: ClassVar[ThreatModel] = ThreatModel(Sees.LABELS, KNOWN, or_value=True)
    reference: ClassVar[str] = (
        "Fredrikson, Lantz, Jha, Lin, Page, Ristenpart: Privacy in Pharmacogenetics: An End-to-End Case Study of Personalized "
        "Warfarin Dosing, USENIX Security 2014"
    )

    def needs(self, scope: Scope) -> Needs:
        return completion_needs(scope, self.records, MOST_AUXILIARY)

    def run(self, context: Context) -> AttributeGuesses:
        """Evidence with scores (m, V), log-probabilities up to a constant of the record."""
        if answers_values(context):
            return self._of_values(context)
        attacked = ask(context, self.records, FEWEST_RECORDS)
        confusion = log_confusion(*ask_auxiliary(context, attacked, MOST_AUXILIARY), context.classes)
        fits = confusion[attacked.answers.predicted, attacked.records.labels[:, None]]
        context.checkpoint(1.0)
        return AttributeGuesses(attacked.sensitive, attacked.rows, log_marginals(attacked.auxiliary, attacked.sensitive) + fits)

    def _of_values(self, context: Context) -> AttributeGuesses:
        off = ask_values(context, self.records, FEWEST_RECORDS)
        squares = auxiliary_residuals(context, off, MOST_AUXILIARY) ** 2
        unit = max(float(np.sqrt(squares.mean())), smallest_unit(off.auxiliary))
        context.checkpoint(1.0)
        scores = log_marginals(off.auxiliary, off.sensitive) + log_density(off.residuals, unit)
        return AttributeGuesses(off.sensitive, off.rows, scores)


@dataclass(frozen=True)
class FredriksonConfidence(AttributeAttack):
    """log p(v) + log p_y(x_K, v): the same with the confidence that the model itself states in place of a confusion matrix
    (Fredrikson et al. 2015, section 4: the error of an answer is weighed with the marginals)."""

    name: ClassVar[str] = "fredrikson-confidence"
    threat_model: ClassVar[ThreatModel] = ThreatModel(Sees.PROBABILITIES, KNOWN)
    reference: ClassVar[str] = (
        "Fredrikson, Jha, Ristenpart: Model Inversion Attacks that Exploit Confidence Information and Basic Countermeasures, "
        "CCS 2015"
    )

    def run(self, context: Context) -> AttributeGuesses:
        """Evidence with scores (m, V), log-probabilities up to a constant of the record."""
        attacked = ask(context, self.records)
        context.checkpoint(1.0)
        marginals = log_marginals(attacked.auxiliary, attacked.sensitive)
        return AttributeGuesses(attacked.sensitive, attacked.rows, marginals + attacked.answers.own)
