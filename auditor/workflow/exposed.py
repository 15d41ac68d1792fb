"""Whom a leak concerns: groups and single records, read from one attack that is chosen before anything is known.

All attacks together would name somebody by chance; one that is chosen because it found most would too.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from auditor.domain.data import Records
from auditor.domain.evidence import MembershipScores
from auditor.domain.finding import Exposure, Subgroup
from auditor.domain.seeds import derive
from auditor.scoring.assess import Grading, Truth
from auditor.scoring.exposure import assess_exposure, outlier_ranks
from auditor.scoring.subgroups import assess_subgroups, attributes
from auditor.scoring.vulnerability import FEWEST, ShadowSignals
from auditor.workflow.look import Look
from auditor.workflow.material import Material

REGISTERED = ("stacked", "rmia", "lira", "proxy", "loss-threshold")
Table = dict[str, NDArray[np.generic]]


@dataclass(frozen=True, eq=False)
class Exposed:
    subgroups: tuple[Subgroup, ...]
    exposure: Exposure | None
    table: Table | None


def reader(labels: Sequence[str]) -> int:
    """Which of the graded membership attacks is read: the first registered one, else the first at all."""
    names = [label.partition("#")[0] for label in labels]
    return next((names.index(name) for name in REGISTERED if name in names), 0)


def exposed(look: Look, scores: tuple[MembershipScores, MembershipScores], truth: Truth, grading: Grading) -> Exposed:
    """Subgroups, and single records with a table (an artifact of its own: it is about people). `scores`: of records that are
    independent of each other, which limits of groups need, and of everybody, each of whom is told of."""
    independent, evidence = scores
    tried = truth.of(evidence)
    alone = replace(grading, family_size=1)
    cells = _groups(look.material, independent.rows)
    groups = assess_subgroups(independent, truth.of(independent).is_member, cells, alone)
    found = assess_exposure(evidence, tried.is_member, *_records(look, evidence), alone)
    if found is None:
        return Exposed(groups, None, None)
    exposure, table = found
    if evidence.rows is not None:
        table = {**table, "row": evidence.rows[table["row"].astype(np.intp)]}
    return Exposed(groups, exposure, table)


def _groups(material: Material, rows: NDArray[np.intp] | None) -> dict[str, Any]:
    """The cells of each column to be reported apart, and of the label, for the candidates that the attack was tried on."""
    data = material.data
    named = data.candidates.features.iloc[:, :0] if data.groups is None else data.groups
    records = Records(named, data.candidates.labels, data.candidates.values)
    cells = attributes(records, list(named.columns), material.spec.data.label, data.classes)
    return cells if rows is None else {name: values[rows] for name, values in cells.items()}


def _records(look: Look, evidence: MembershipScores) -> tuple[ShadowSignals | None, NDArray[np.intp] | None]:
    """The shadows' signals; from as many shadows on as tell how exposed a record is, also how unusual each is."""
    signals, data = look.checks.signals, look.material.data
    if signals is None or evidence.rows is not None:
        return None, None
    if len(signals) < FEWEST:
        return signals, None
    seed = derive(look.material.spec.seed, "outliers")
    return signals, outlier_ranks(data.candidates.features, data.candidates.labels, seed)
