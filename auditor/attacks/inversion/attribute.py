"""Attribute inference: can a person's unknown value be recovered from the model's answers?"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from auditor.attacks.inversion.completion import (
    FEWEST_RECORDS,
    attacked_rows,
    attribute_of,
    auxiliary_of,
    candidates_of,
    check_attribute,
    completions,
    signal,
)
from auditor.attacks.inversion.imputation import Imputation, check_records, fit_imputer
from auditor.attacks.inversion.tempering import temper
from auditor.domain.attack import Context, Family, Needs, Scope
from auditor.domain.data import Records, Sensitive
from auditor.domain.evidence import AttributeGuesses
from auditor.domain.seeds import derive
from auditor.domain.threat import Knows, Sees, ThreatModel

BATCH = 500


@dataclass(frozen=True)
class AttributeInference:
    """The target is asked for every possible value of the attribute; the value whose completed record it is surest about, on top
    of what the population makes likely, is claimed: a log p_imp(v | x_K, y) + b log p_y(x_K, v), weights by `tempering`.

    Yeom et al. 2018 (CSF; arXiv 1709.01604) section 5, combined with imputation as "BB.IP" by Jayaraman & Evans 2022.
    """

    records: int = 2_000

    name: ClassVar[str] = "attribute"
    family: ClassVar[Family] = Family.INVERSION
    kind: ClassVar[str] = "attribute"
    threat_model: ClassVar[ThreatModel] = ThreatModel(
        Sees.PROBABILITIES, frozenset({Knows.POPULATION, Knows.CANDIDATES, Knows.TRUE_LABEL, Knows.OTHER_ATTRIBUTES})
    )
    reference: ClassVar[str] = (
        "Yeom et al. 2018, Privacy Risk in Machine Learning (CSF; arXiv 1709.01604) section 5; "
        "Jayaraman & Evans 2022, Are Attribute Inference Attacks Just Imputation? (CCS; arXiv 2209.01292)"
    )
    shows: ClassVar[str] = "whether a person's unknown value can be recovered from the model's answers"

    def __post_init__(self) -> None:
        check_records("attacks.attribute.records", self.records)

    @property
    def baseline(self) -> Imputation:
        return Imputation(self.records)

    def needs(self, scope: Scope) -> Needs:
        """Every attacked record once for each value. With fewer queries, fewer records are attacked, down to 50."""
        values = sum(len(check_attribute(s).values) for s in scope.sensitive)
        rows = min(self.records, scope.candidates)
        return Needs(values * min(rows, FEWEST_RECORDS), values * rows)

    def run(self, context: Context) -> AttributeGuesses:
        """Evidence with scores (m, V), a weighted sum of log-probabilities. Raises InvalidInput for an attribute of fewer than 2 or
        more than 20 values and where auxiliary records are missing."""
        sensitive, auxiliary = attribute_of(context), auxiliary_of(context)
        rows = attacked_rows(context, self.records)
        attacked = candidates_of(context).features.iloc[rows], candidates_of(context).labels[rows]
        answered = _ask(context, sensitive, Records(*attacked), auxiliary)
        weights = temper(context, sensitive, auxiliary, answered)
        imputer = fit_imputer(auxiliary, sensitive, context.columns, derive(context.seed, "imputer"))
        imputed = imputer.log_probabilities(Records(*attacked))
        context.checkpoint(1.0)
        return AttributeGuesses(sensitive, rows, weights.imputed * imputed + weights.answered * answered)


def _ask(context: Context, sensitive: Sensitive, attacked: Records, auxiliary: Records) -> NDArray[np.float64]:
    """(m, V) log p_y of the target for each record completed by each value."""
    answers = np.empty((len(attacked), len(sensitive.values)))
    for v, frame in enumerate(completions(attacked.features, sensitive, auxiliary.features)):
        for first in range(0, len(frame), BATCH):
            batch = slice(first, first + BATCH)
            context.checkpoint(0.6 * (v + first / len(frame)) / len(sensitive.values))
            answers[batch, v] = signal(context.query(frame.iloc[batch]), attacked.labels[batch], context.profile.clip)
    return answers
