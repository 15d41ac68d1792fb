"""The best guess of a missing training record that never sees the model: what is usual among the others."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from auditor.attacks.record_keys import record_keys
from auditor.domain.attack import Context, Family, Needs, Scope, Training
from auditor.domain.data import Column, ColumnType, Records
from auditor.domain.evidence import Reconstructions
from auditor.domain.threat import Knows, Sees, ThreatModel
from auditor.errors import AttackFailed

MOST_RECORDS = 2_000
FEWEST_KNOWN = 20


@dataclass(frozen=True)
class RecordGuess:
    """Medians of numbers and most frequent categories: of all records, of which the missing one moves neither."""

    records: int = 100

    name: ClassVar[str] = "record-guess"
    family: ClassVar[Family] = Family.INVERSION
    kind: ClassVar[str] = "missing-record"
    threat_model: ClassVar[ThreatModel] = ThreatModel(Sees.NOTHING, frozenset({Knows.OTHER_RECORDS}))
    reference: ClassVar[str] = (
        "Balle, Cherubin & Hayes 2022, Reconstructing Training Data with Informed Adversaries (S&P) section 3"
    )
    shows: ClassVar[str] = "how near to a training record one gets with all the others and without the model"

    def needs(self, scope: Scope) -> Needs:
        return Needs(0, 0)

    def run(self, context: Context) -> Reconstructions:
        """The same claim about each record that the attack is asked about."""
        training = ordered(context)
        rows = training.rows[asked_about(training, self.records)]
        context.checkpoint(1.0)
        frame = pd.concat([usual_record(training.records, context.columns)] * len(rows), ignore_index=True)
        return Reconstructions(frame, np.full(len(rows), -1), np.zeros(len(rows)), is_each=True, rows=rows)


def ordered(context: Context) -> Training:
    """The training records in an order that follows from the records alone. Raises AttackFailed for too few."""
    training = context.training
    if training is None or len(training.records) < FEWEST_KNOWN:
        raise AttackFailed(f"All training records but one are needed, {FEWEST_KNOWN} or more.")
    order = np.lexsort((training.records.labels, record_keys(training.records.features)))
    return Training(training.records.take(order), training.rows[order])


def asked_about(training: Training, records: int) -> NDArray[np.intp]:
    """(m,) places of the candidates among the training records that are taken for the missing one; keys are as good as drawn."""
    return np.flatnonzero(training.rows >= 0)[:records]


def usual_record(records: Records, columns: tuple[Column, ...]) -> pd.DataFrame:
    """One row."""
    return pd.DataFrame({c.name: _usual(records.features[c.name], c) for c in columns})


def _usual(cells: pd.Series, column: Column) -> pd.Series:
    present = cells.dropna()
    if column.type.is_numeric:
        middle = float(np.median(present)) if len(present) else 0.0
        return pd.Series([round(middle)] if column.type is ColumnType.INTEGER else [middle])
    counts = present.value_counts()
    most = min(counts.index, key=lambda value: (-int(counts[value]), repr(value))) if len(counts) else None
    return pd.Series([most], dtype=object)
