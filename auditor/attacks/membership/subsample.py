"""Which candidates an attack is tried on that is too dear for all of them."""

import numpy as np
from numpy.typing import NDArray

from auditor.attacks.membership.pairs import unplayed
from auditor.attacks.record_keys import record_keys
from auditor.domain.data import Records
from auditor.domain.evidence import MembershipScores
from auditor.domain.seeds import generator

LEAST_RECORDS = 100


def subsample(candidates: Records, count: int, seed: int) -> NDArray[np.intp]:
    """(min(count, n),) rows in a random order that depends on the set of records and the seed, not on how the records are ordered.
    Fewer of the same seed are the first of more."""
    order = np.lexsort((candidates.labels, record_keys(candidates.features)))
    return np.asarray(order[generator(seed, "subsample").permutation(len(order))[:count]])


def scored_on(rows: NDArray[np.intp], scores: NDArray[np.float64]) -> MembershipScores:
    """Evidence about these rows, in any order. Shadows are not there to be asked, so nobody plays the target."""
    order = np.argsort(rows)
    return unplayed(scores[order], rows[order])
