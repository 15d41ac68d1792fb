"""Units: records of one household or user, which are trained on together or not at all. Pure."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from auditor.domain.data import AuditData


def units_of(cells: Sequence[object]) -> NDArray[np.intp]:
    """(n,) a number a unit, from the cells of the column that names it; a record without one stands alone."""
    codes = np.asarray(pd.factorize(pd.Series(list(cells), dtype=object), use_na_sentinel=True)[0], dtype=np.intp)
    alone = codes < 0
    codes[alone] = len(codes) + np.arange(alone.sum())
    return codes


def with_units(data: AuditData, cells: Sequence[object]) -> AuditData:
    """The same audit with the units of its candidates; which records go together changes the halves, hence the digest."""
    units = units_of(cells)
    digest = hashlib.blake2b(data.digest.encode() + units.astype("<i8").tobytes(), digest_size=16).hexdigest()
    crossing = set(units[data.is_member]) & set(units[~data.is_member])
    notes = data.notes
    if crossing:
        notes = (*notes, f"{len(crossing):,} groups have records on both sides; intervals take records for independent.")
    return replace(data, candidates=replace(data.candidates, units=units), digest=digest, notes=notes)
