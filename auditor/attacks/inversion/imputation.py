"""What can be guessed about the attribute without ever asking the model: the baseline of attribute inference."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from auditor.attacks.inversion.completion import (
    FEWEST_RECORDS,
    MOST_VALUES,
    attacked_rows,
    attribute_of,
    auxiliary_of,
    candidates_of,
    check_attribute,
    value_indices,
)
from auditor.attacks.inversion.imputation_numbers import NumberModel, fit_number
from auditor.domain.attack import Context, Family, Needs, Scope
from auditor.domain.data import Column, ColumnType, Records, Sensitive
from auditor.domain.evidence import AttributeGuesses
from auditor.domain.learner import Learner
from auditor.domain.seeds import derive
from auditor.domain.threat import Knows, Sees, ThreatModel
from auditor.errors import InvalidInput
from auditor.learners import Model, build

IMPUTER = Learner("xgboost", {"n_estimators": 200, "max_depth": 4, "learning_rate": 0.05})
KNOWN = frozenset({Knows.POPULATION, Knows.CANDIDATES, Knows.TRUE_LABEL, Knows.OTHER_ATTRIBUTES})
FLOOR = 1e-6  # a value the imputer holds for impossible may still be the true one
MOST_RECORDS = 100_000


@dataclass(frozen=True, eq=False)
class Imputer:
    """p(v | x_K, y): gradient boosting on the columns that are known and on the label, of categories or of numbers."""

    sensitive: Sensitive
    label: str
    model: Model | NumberModel

    def log_probabilities(self, records: Records) -> NDArray[np.float64]:
        """(n, V) log p_imp of each value of the attribute, floored at log FLOOR."""
        known = _known(records, self.sensitive, self.label)
        if isinstance(self.model, NumberModel):
            return self.model.log_probabilities(known)
        seen = self.model.predict_proba(known)
        full = self.model.over_all(seen, len(self.sensitive.values))
        return np.asarray(np.log(np.clip(full, FLOOR, 1.0)))


def fit_imputer(records: Records, sensitive: Sensitive, columns: Sequence[Column], seed: int) -> Imputer:
    """Fitted on records whose attribute is known; records with any other value of it teach nothing and are left out."""
    values = value_indices(records.features, sensitive)
    known = records.take(values >= 0)
    if not sensitive.is_number:
        return fit_on(known, values[values >= 0], sensitive, columns, seed)
    label, kept = _label_and_columns(records, sensitive, columns)
    numbers = known.features[sensitive.columns[0]].to_numpy(dtype=np.float64)
    return Imputer(sensitive, label, fit_number(_known(known, sensitive, label), numbers, kept, sensitive, seed))


def fit_on(records: Records, values: NDArray[np.intp], sensitive: Sensitive, columns: Sequence[Column], seed: int) -> Imputer:
    """Fitted on records with these `values` (n,), indices into those of the attribute; their own sensitive cells are not read."""
    label, kept = _label_and_columns(records, sensitive, columns)
    return Imputer(sensitive, label, build(IMPUTER, kept, seed).fit(_known(records, sensitive, label), values))


def _label_and_columns(records: Records, sensitive: Sensitive, columns: Sequence[Column]) -> tuple[str, list[Column]]:
    label = _free_name("label", [c.name for c in columns])
    kind = ColumnType.CATEGORY if records.values is None else ColumnType.NUMBER
    return label, [c for c in columns if c.name not in sensitive.columns] + [Column(label, kind)]


def _known(records: Records, sensitive: Sensitive, label: str) -> pd.DataFrame:
    """The columns that the adversary knows, and the label: the true value where the target answers one."""
    frame = records.features.drop(columns=list(sensitive.columns))
    if records.values is not None:
        return frame.assign(**{label: records.values})
    return frame.assign(**{label: pd.Series([str(y) for y in records.labels], index=frame.index, dtype=object)})


def _free_name(wanted: str, taken: Sequence[str]) -> str:
    while wanted in taken:
        wanted += "_"
    return wanted


def check_records(field: str, records: object) -> None:
    if isinstance(records, bool) or not isinstance(records, int) or not FEWEST_RECORDS <= records <= MOST_RECORDS:
        raise InvalidInput(field, f"set records to a whole number from {FEWEST_RECORDS} to {MOST_RECORDS:,}, not {records!r}")


@dataclass(frozen=True)
class Imputation:
    """Scores are log p_imp(v | x_K, y) alone, for the same records as the attack's. Jayaraman & Evans 2022 (arXiv 2209.01292)
    showed that attacks must be held against it: what it guesses is known about the population, not leaked by the model."""

    records: int = 2_000

    name: ClassVar[str] = "imputation"
    family: ClassVar[Family] = Family.INVERSION
    kind: ClassVar[str] = "attribute"
    threat_model: ClassVar[ThreatModel] = ThreatModel(Sees.NOTHING, KNOWN)
    reference: ClassVar[str] = "Jayaraman & Evans 2022, Are Attribute Inference Attacks Just Imputation? (CCS; arXiv 2209.01292)"
    shows: ClassVar[str] = "what can be guessed about a person without the model"

    def __post_init__(self) -> None:
        check_records("attacks.imputation.records", self.records)

    def needs(self, scope: Scope) -> Needs:
        for sensitive in scope.sensitive:
            check_attribute(sensitive)
        return Needs(0, 0)

    def run(self, context: Context) -> AttributeGuesses:
        """Evidence with scores (m, V) = log p_imp. Raises InvalidInput for an attribute of fewer than 2 or more than 20 values."""
        sensitive, auxiliary = attribute_of(context), auxiliary_of(context)
        rows = attacked_rows(context, self.records)
        context.checkpoint(0.0)
        imputer = fit_imputer(auxiliary, sensitive, context.columns, derive(context.seed, "imputer"))
        context.checkpoint(0.9)
        scores = imputer.log_probabilities(candidates_of(context).take(rows))
        return AttributeGuesses(sensitive, rows, scores)


__all__ = ["IMPUTER", "MOST_VALUES", "Imputation", "Imputer", "check_records", "fit_imputer", "fit_on"]
