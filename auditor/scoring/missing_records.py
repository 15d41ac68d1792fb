"""Grading of claims about single training records, each beside the record that it is about and the guess without the model."""

from dataclasses import dataclass

import numpy as np

from auditor.domain.evidence import Evidence, Reconstructions
from auditor.domain.finding import Estimate
from auditor.domain.seeds import generator
from auditor.errors import AttackFailed
from auditor.scoring.estimates import estimate
from auditor.scoring.grading import NOTHING, Assessment, Grading, Originals, Truth
from auditor.scoring.intervals import Floats, around, clopper_pearson
from auditor.scoring.rebuilt_records import columns_apart
from auditor.scoring.resampling import weights

CLOSE = {0.01: "rebuilt_within@0.01", 1e-6: "rebuilt_within@1e-06"}
"""Records that are called rebuilt: categories right, numbers to within this share of their range."""


@dataclass(frozen=True, eq=False)
class Errors:
    """(m,) Gower distances of claims and of guesses to their records; `worst` (m,): the largest of a claim's columns."""

    claimed: Floats
    guessed: Floats
    worst: Floats


def assess_missing(evidence: Reconstructions, baseline: Evidence | None, truth: Truth, grading: Grading) -> Assessment:
    """Score: 100 max(0, 1 - err / err_guess), err the mean Gower distance of a claim to the one record that it is about. Limits: a
    bootstrap over records. Raises AttackFailed for claims that cannot be graded."""
    found = _errors(evidence, baseline, truth)
    n = len(found.claimed)
    rng = generator(grading.seed, "missing")
    drawn = np.concatenate([w @ np.column_stack([found.claimed, found.guessed]) for w in weights(n, rng)]) / n
    listed = []
    for side, (name, errors) in enumerate((("reconstruction_error", found.claimed), ("reconstruction_error_guess", found.guessed))):
        listed.append(estimate(name, around(float(errors.mean()), drawn[:, side], grading.marginal_alpha), n, grading))
    for within, name in CLOSE.items():
        share = clopper_pearson(int((found.worst <= within).sum()), n, grading.marginal_alpha)
        listed.append(estimate(name, share, n, grading))
    estimates = (*listed, *(Estimate(name, value, n=n) for name, value in evidence.figures.items()))
    if found.guessed.sum() < 1e-12:
        return Assessment(estimates, 0.0, 0.0, 0.0, (*evidence.notes, "The guess is right already."), driver=NOTHING)
    shares = 1 - drawn[:, 0] / np.maximum(drawn[:, 1], 1e-12)
    score = around(float(1 - found.claimed.sum() / found.guessed.sum()), shares, grading.alpha)
    low, value, high = (100.0 * min(1.0, max(0.0, share)) for share in score.as_tuple())
    return Assessment(estimates, value, low, high, evidence.notes)


def _errors(evidence: Reconstructions, baseline: Evidence | None, truth: Truth) -> Errors:
    originals = truth.originals
    if originals is None or evidence.rows is None or not isinstance(baseline, Reconstructions) or baseline.rows is None:
        raise AttackFailed("Claims about single records are held against these and against guesses; one of the two is missing.")
    if not len(evidence.rows) or not np.array_equal(evidence.rows, baseline.rows):
        raise AttackFailed("The claims and the guesses are about different records.")
    if not truth.is_member[evidence.rows].all():
        raise AttackFailed("A claim is about a record that was not trained on.")
    claimed, guessed = (_apart(one, originals) for one in (evidence, baseline))
    return Errors(claimed.mean(axis=1), guessed.mean(axis=1), claimed.max(axis=1))


def _apart(evidence: Reconstructions, originals: Originals) -> Floats:
    """(m, columns) how far each claim is from its record, in each column."""
    assert evidence.rows is not None  # noqa: S101 - checked by the caller
    lacking = [c.name for c in originals.columns if c.name not in evidence.records.columns]
    if lacking:
        raise AttackFailed(f"The reconstructions lack the column {lacking[0]!r}; they need every feature.")
    records = originals.candidates.take(evidence.rows).features
    return columns_apart(records, evidence.records, originals)
