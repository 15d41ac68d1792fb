"""Attribute inference: can a person's unknown value be recovered from the model's answers?"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from auditor.attacks.inversion.attribute_attack import AttributeAttack
from auditor.attacks.inversion.completed import Attacked, Floats, ask
from auditor.attacks.inversion.completed_values import Off, answers_values, ask_values, log_density, usual_error
from auditor.attacks.inversion.imputation import KNOWN, fit_imputer
from auditor.attacks.inversion.marginals import log_marginals
from auditor.attacks.inversion.tempering import UNLEARNED, Weights, signals_of, temper
from auditor.domain.attack import Context
from auditor.domain.evidence import AttributeGuesses
from auditor.domain.seeds import derive
from auditor.domain.threat import Sees, ThreatModel


@dataclass(frozen=True)
class AttributeInference(AttributeAttack):
    """The target is asked for every possible value of the attribute; the value whose completed record it is surest about, on top
    of what the population makes likely, is claimed: a log p_imp(v | x_K, y) + b log p_y(x_K, v) + c (log p_y - log q_y)(x_K, v).
    Weights and the reference model q, which no candidate trained, are learned on shadow members (`tempering`).

    Yeom et al. 2018 (CSF; arXiv 1709.01604) section 5, combined with imputation as "BB.IP" by Jayaraman & Evans 2022; the last term
    is the membership signal of the completed record.
    """

    name: ClassVar[str] = "attribute"
    threat_model: ClassVar[ThreatModel] = ThreatModel(Sees.PROBABILITIES, KNOWN, or_value=True)
    reference: ClassVar[str] = (
        "Yeom et al. 2018, Privacy Risk in Machine Learning (CSF; arXiv 1709.01604) section 5; "
        "Jayaraman & Evans 2022, Are Attribute Inference Attacks Just Imputation? (CCS; arXiv 2209.01292)"
    )

    def run(self, context: Context) -> AttributeGuesses:
        """Evidence with scores (m, V), a weighted sum of log-probabilities. Raises InvalidInput for an attribute of fewer than 2 or
        more than 20 values and where auxiliary records are missing."""
        attacked, answered, unit = self._asked(context)
        sensitive = attacked.sensitive
        weights = temper(context, sensitive, attacked.auxiliary, answered, unit)
        imputed = _imputed(context, attacked, weights)
        scores = weights.imputed * imputed + weights.answered * answered
        if weights.reference is not None:
            reference = signals_of(weights.reference, context, sensitive, attacked.records, unit)
            scores = scores + weights.remembered * (answered - reference)
        context.checkpoint(1.0)
        return AttributeGuesses(sensitive, attacked.rows, scores)

    def _asked(self, context: Context) -> tuple[Attacked | Off, Floats, float]:
        """What was attacked, its signals (m, V), and the unit of residuals where those are residuals."""
        if not answers_values(context):
            attacked = ask(context, self.records)
            return attacked, attacked.answers.own, 1.0
        off = ask_values(context, self.records)
        unit = usual_error(context, off.auxiliary)
        return off, log_density(off.residuals, unit), unit


def _imputed(context: Context, attacked: Attacked | Off, weights: Weights) -> Floats:
    """(m, V) log p_imp; the shares of the values alone where auxiliary records are too few to weigh an imputer with."""
    if weights.family == UNLEARNED:
        marginals = log_marginals(attacked.auxiliary, attacked.sensitive)
        return np.tile(marginals, (len(attacked.rows), 1))
    imputer = fit_imputer(attacked.auxiliary, attacked.sensitive, context.columns, derive(context.seed, "imputer"))
    return imputer.log_probabilities(attacked.records)
