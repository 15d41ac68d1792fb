"""The best guess about a class that never asks the model: the mean of the auxiliary records of that class."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from auditor.domain.attack import Context, Family, Needs, Scope
from auditor.domain.data import Column, ColumnType, Records
from auditor.domain.evidence import Reconstructions
from auditor.domain.threat import Knows, Sees, ThreatModel
from auditor.errors import InvalidInput

FEWEST_RECORDS = 2


@dataclass(frozen=True)
class ClassGuess:
    """Means of numbers and most frequent categories: of the auxiliary records of the class, or of all of them where it has none."""

    name: ClassVar[str] = "class-guess"
    family: ClassVar[Family] = Family.INVERSION
    kind: ClassVar[str] = "reconstruction"
    threat_model: ClassVar[ThreatModel] = ThreatModel(Sees.NOTHING, frozenset({Knows.POPULATION}))
    reference: ClassVar[str] = (
        "Fredrikson, Jha & Ristenpart 2015, Model Inversion Attacks that Exploit Confidence Information (CCS)"
    )
    shows: ClassVar[str] = "how near to the training records of a class one gets without the model"

    def needs(self, scope: Scope) -> Needs:
        return Needs(0, 0)

    def run(self, context: Context) -> Reconstructions:
        """One record a class. Raises InvalidInput without auxiliary records."""
        population = population_of(context)
        rows = [typical(_of_class(population, label), context.columns) for label in range(context.classes)]
        context.checkpoint(1.0)
        records = pd.concat(rows, ignore_index=True)
        return Reconstructions(records, np.arange(context.classes), np.zeros(context.classes))


def population_of(context: Context) -> Records:
    """Raises InvalidInput for a target without classes and without auxiliary records."""
    if not context.classes:
        raise InvalidInput("attacks.class-inversion", "take it out; a target that answers a value has no classes to invert")
    population = context.auxiliary
    if population is None or len(population) < FEWEST_RECORDS:
        raise InvalidInput("data.auxiliary", "class inversion needs auxiliary records, for the ranges of the columns; give some")
    return population


def typical(records: pd.DataFrame, columns: tuple[Column, ...]) -> pd.DataFrame:
    """One row: the mean of each number, whole where the column is, and the most frequent category."""
    return pd.DataFrame({c.name: _typical(records[c.name], c) for c in columns})


def _typical(cells: pd.Series, column: Column) -> pd.Series:
    present = cells.dropna()
    if column.type.is_numeric:
        mean = float(present.mean()) if len(present) else 0.0
        return pd.Series([round(mean)] if column.type is ColumnType.INTEGER else [mean])
    counts = present.value_counts()
    most = min(counts.index, key=lambda value: (-int(counts[value]), repr(value))) if len(counts) else None
    return pd.Series([most], dtype=object)


def _of_class(population: Records, label: int) -> pd.DataFrame:
    own = population.features[population.labels == label]
    return own if len(own) else population.features
