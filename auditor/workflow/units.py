"""Units: records of one household or user, which are trained on together or not at all. Pure."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from auditor.domain.data import AuditData
from auditor.domain.evidence import AttributeGuesses, Evidence, MembershipScores

ONE_OF_EACH = (
    "The {n:,} records belong to {units:,} groups. Records of a group are alike and trained on together, so limits that count them "
    "all would be too narrow: membership and attributes are graded on one record of each group, drawn at random."
)
CROSSING = "{n:,} groups have records on both sides: these were not trained on together."


def units_of(cells: Sequence[object]) -> NDArray[np.intp]:
    """(n,) a number a unit, from the cells of the column that names it; a record without one stands alone."""
    codes = np.asarray(pd.factorize(pd.Series(list(cells), dtype=object), use_na_sentinel=True)[0], dtype=np.intp)
    alone = codes < 0
    codes[alone] = len(codes) + np.arange(alone.sum())
    return codes


def with_units(data: AuditData, cells: Sequence[object], coin_flips: bool = False) -> AuditData:
    """The same audit with the units of its candidates; which records go together changes the halves, hence the digest."""
    units = units_of(cells)
    digest = hashlib.blake2b(data.digest.encode() + units.astype("<i8").tobytes(), digest_size=16).hexdigest()
    notes = data.notes if coin_flips else (*data.notes, *_told(units, data.is_member))
    return replace(data, candidates=replace(data.candidates, units=units), digest=digest, notes=notes)


def _told(units: NDArray[np.intp], is_member: NDArray[np.bool_]) -> list[str]:
    count, crossing = len(set(units)), len(set(units[is_member]) & set(units[~is_member]))
    told = [ONE_OF_EACH.format(units=count, n=len(units))] if count < len(units) else []
    return [*told, CROSSING.format(n=crossing)] if crossing else told


def one_of_each(units: NDArray[np.intp] | None, n: int) -> NDArray[np.intp]:
    """One of n records of each unit, ascending: the first among candidates, whose order knows nothing of membership."""
    return np.arange(n) if units is None else np.sort(np.unique(units, return_index=True)[1])


def of_independent(evidence: Evidence, units: NDArray[np.intp] | None) -> Evidence:
    """What is claimed about one record of each unit, where claims are about single candidates; other evidence as it is."""
    if isinstance(evidence, MembershipScores):
        return independent(evidence, units)
    if units is None or not isinstance(evidence, AttributeGuesses):
        return evidence
    kept = one_of_each(units[evidence.rows], len(evidence.rows))
    cases = None if evidence.cases is None else evidence.cases[kept]
    return replace(evidence, rows=evidence.rows[kept], scores=evidence.scores[kept], cases=cases)


def independent(evidence: MembershipScores, units: NDArray[np.intp] | None) -> MembershipScores:
    """The scores of one record of each unit among those that the attack was tried on. Membership is that of the unit, so its
    records are no independent draws, and limits that count them all are too narrow."""
    if units is None:
        return evidence
    tried = np.arange(len(units)) if evidence.rows is None else evidence.rows
    kept = one_of_each(units[tried], len(tried))
    return MembershipScores(evidence.target[kept], evidence.pseudo_targets[:, kept], evidence.membership[:, kept], tried[kept])
