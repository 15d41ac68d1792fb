"""Mehnaz's three cases: with how many values of the attribute does the target predict the true label?"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from auditor.attacks.inversion.completed import Attacked, Floats
from auditor.attacks.record_keys import record_keys
from auditor.domain.seeds import generator

ONE, SEVERAL, NONE = 1, 2, 3
TIE = 1e-6  # what chance adds, below every difference of confidences that an answer can show


@dataclass(frozen=True, eq=False)
class Cases:
    """(m,) the case of each record: exactly one value gives its label, several do, or none; (m,) the value that is claimed, and
    (m,) how sure the claim is: case 1 above case 2 above case 3."""

    case: NDArray[np.intp]
    claimed: NDArray[np.intp]
    sureness: Floats


def cases_of(attacked: Attacked, seed: int) -> Cases:
    """CSMIA's choice (Mehnaz et al. 2022, section 4.1): the one value that gives the label; of several the one answered with the
    highest confidence; if none does, the one with the lowest. Ties fall by chance, which depends on the record and the seed."""
    count = attacked.matches.sum(axis=1)
    case = np.where(count == 1, ONE, np.where(count > 1, SEVERAL, NONE))
    confidence = attacked.answers.confidence + TIE * _chance(attacked, seed)
    wanted = np.where((case == NONE)[:, None], -confidence, np.where(attacked.matches, confidence, -np.inf))
    claimed = wanted.argmax(axis=1)
    return Cases(case, claimed, _sureness(case, wanted, claimed))


def _sureness(case: NDArray[np.intp], wanted: Floats, claimed: NDArray[np.intp]) -> Floats:
    """Within case 1 the confidence; in the others by how much it differs from that of the next value."""
    rows = np.arange(len(wanted))
    best = wanted[rows, claimed]
    others = wanted.copy()
    others[rows, claimed] = -np.inf
    margin = np.where(case == ONE, best, best - others.max(axis=1))
    return np.asarray(NONE - case + np.clip(margin, 0.0, 1.0))


def _chance(attacked: Attacked, seed: int) -> Floats:
    """(m, V) numbers in [0, 1) that belong to the record, wherever it stands among the others."""
    keys = record_keys(attacked.records.features)
    order = np.argsort(keys, kind="stable")
    drawn = np.empty(attacked.answers.confidence.shape)
    drawn[order] = generator(seed, "ties").random(drawn.shape)
    return drawn


def scores_of(claimed: NDArray[np.intp], sureness: Floats, values: int) -> Floats:
    """(m, V): each claimed value as sure as it is, every other value 0."""
    scores = np.zeros((len(claimed), values))
    scores[np.arange(len(claimed)), claimed] = sureness
    return scores
