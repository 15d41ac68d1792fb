"""What was recovered of single members, beside the truth and the guess without the model: the surest claims, for people to judge.

What is returned is about single people: it goes by pseudonym, to those who may read single records, and into no report.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from auditor.domain.data import Column, Records
from auditor.domain.evidence import AttributeGuesses, Evidence, Reconstructions
from auditor.errors import AttackFailed
from auditor.scoring.attribute import Guesses, aligned
from auditor.scoring.attribute_numbers import Numbers, closest, tolerance_of
from auditor.scoring.grading import Originals, Truth
from auditor.scoring.intervals import Floats
from auditor.scoring.precision import claimed
from auditor.scoring.rebuilt_records import EXACT, assigned

Indices = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Surest:
    """The k surest claims about members, the surest first. `rows` (k,) candidates; `claimed`, `guess` (k,) indices into the values
    of the attribute, of the attack and of imputation; `right`, `is_guess_right` (k,); `confidence` (k,) of the attack, in its own
    units: of a category the margin over the next value, of a number the probability that it is close."""

    rows: Indices
    claimed: Indices
    guess: Indices
    confidence: Floats
    right: NDArray[np.bool_]
    is_guess_right: NDArray[np.bool_]

    def take(self, places: Indices) -> "Surest":
        parts = (self.rows, self.claimed, self.guess)
        rows, found, guess = (part[places] for part in parts)
        return Surest(rows, found, guess, self.confidence[places], self.right[places], self.is_guess_right[places])


def surest_claims(evidence: AttributeGuesses, baseline: Evidence | None, truth: Truth, most: int) -> Surest:
    """The claims that `precision@k` counts first: never of the most common value, which says little of anybody; right as there.
    Raises AttackFailed for guesses that cannot be held against imputation's."""
    guesses, rows = aligned(evidence, baseline, truth), _common_rows(evidence, baseline)
    if evidence.attribute.is_number:
        known = ~np.isnan(guesses.numbers)
        guesses, rows = guesses.known(), rows[known]
        made = _of_numbers(evidence, guesses, rows)
    else:
        made = _of_categories(guesses, rows)
    inside = np.flatnonzero(guesses.is_member)
    return made.take(inside[np.argsort(-made.confidence[inside], kind="stable")[:most]])


def _of_categories(guesses: Guesses, rows: Indices) -> Surest:
    confidence, found = claimed(guesses.attack, guesses.common)
    imputed = guesses.imputer.argmax(axis=1)
    return Surest(rows, found, imputed, confidence, found == guesses.true, imputed == guesses.true)


def _of_numbers(evidence: AttributeGuesses, guesses: Guesses, rows: Indices) -> Surest:
    grid = np.array([cell for (cell,) in evidence.attribute.values], dtype=np.float64)
    numbers = Numbers(guesses.numbers, grid, tolerance_of(guesses.numbers, guesses.is_member))
    (confidence, found), (_, imputed) = (closest(scores, numbers) for scores in (guesses.attack, guesses.imputer))
    right, is_guess_right = (np.abs(grid[places] - numbers.true) <= numbers.tolerance for places in (found, imputed))
    return Surest(rows, found, imputed, confidence, right, is_guess_right)


def _common_rows(evidence: AttributeGuesses, baseline: Evidence | None) -> Indices:
    assert isinstance(baseline, AttributeGuesses)  # noqa: S101 - `aligned` refused any other
    return np.intersect1d(evidence.rows, baseline.rows)


@dataclass(frozen=True, eq=False)
class Rebuilt:
    """The k members that a claim of their own comes nearest to, the nearest first: `rows` (k,) candidates, `claims` (k,) records of
    the evidence, `exactly` (k,)."""

    rows: Indices
    claims: Indices
    exactly: NDArray[np.bool_]


def nearest_rebuilt(evidence: Reconstructions, truth: Truth, most: int) -> Rebuilt:
    """Claims that are records one by one, matched with members as their grade matches them."""
    if truth.originals is None:
        raise AttackFailed("Rebuilt records are held against the members, and these are missing.")
    members = np.flatnonzero(truth.is_member)
    features = truth.originals.candidates.take(members).features
    apart, places = assigned(features, evidence.records, truth.originals)
    order = np.argsort(np.where(places < 0, np.inf, apart), kind="stable")[:most]
    order = order[places[order] >= 0]
    return Rebuilt(members[order], places[order], apart[order] < EXACT)


def typical(originals: Originals) -> dict[str, object]:
    """The best single guess about anybody, under Gower's distance: of each column the median, or the most frequent category, of the
    auxiliary records. Empty where there are none."""
    auxiliary = originals.auxiliary
    return {} if auxiliary is None else {c.name: _typical(auxiliary, c) for c in originals.columns}


def _typical(auxiliary: Records, column: Column) -> object:
    present: pd.Series = auxiliary.features[column.name].dropna()
    if not len(present):
        return None
    if column.type.is_numeric:
        return float(np.quantile(present.to_numpy(dtype=np.float64), 0.5, method="lower"))
    counts = present.value_counts()
    return min(counts.index, key=lambda value: (-int(counts[value]), str(value)))
