"""Grading of rebuilt training records: each member beside a claim of its own, against claims that never saw the model."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from auditor.domain.data import Column
from auditor.domain.evidence import Reconstructions
from auditor.domain.finding import Estimate
from auditor.domain.seeds import generator
from auditor.errors import AttackFailed
from auditor.scoring.estimates import estimate
from auditor.scoring.grading import NOTHING, Assessment, Grading, Originals, Truth
from auditor.scoring.intervals import Floats, around, clopper_pearson
from auditor.scoring.resampling import weights

DRAWS = 20
"""Sets of claims drawn from the marginals of the auxiliary records, as many claims as the attack made in each."""
EXACT = 1e-9  # a member this near to its claim was rebuilt exactly


@dataclass(frozen=True, eq=False)
class Matched:
    """(m,) the error of each member: of the claims, of the random ones (the mean over the draws)."""

    claimed: Floats
    random: Floats


def assess_rebuilt(evidence: Reconstructions, truth: Truth, grading: Grading) -> Assessment:
    """Score: 100 max(0, 1 - err / err_random), err the mean Gower distance of members and claims, one to one by the assignment that
    makes it smallest. Limits: a bootstrap over members. Raises AttackFailed for claims that cannot be graded."""
    originals = truth.originals
    if originals is None or originals.auxiliary is None or not truth.is_member.any():
        raise AttackFailed(
            "Rebuilt records are held against members, beside guesses from auxiliary records; one of the two is missing."
        )
    lacking = [c.name for c in originals.columns if c.name not in evidence.records.columns]
    if lacking or not len(evidence.records):
        raise AttackFailed(
            f"The reconstructions lack {f'the column {lacking[0]!r}' if lacking else 'records'}; they need every feature."
        )
    members = originals.candidates.take(truth.is_member).features
    matched = Matched(
        errors(members, evidence.records, originals), _random_errors(members, len(evidence.records), originals, grading)
    )
    told = replace(evidence, notes=(*evidence.notes, *_partly(len(members), len(evidence.records), originals.left_out)))
    return _graded(matched, _other(evidence, truth, originals, grading), told, grading)


def _graded(matched: Matched, other: tuple[Estimate, ...], evidence: Reconstructions, grading: Grading) -> Assessment:
    n, rng = len(matched.claimed), generator(grading.seed, "rebuilt")
    drawn = np.concatenate([w @ np.column_stack([matched.claimed, matched.random]) for w in weights(n, rng)]) / n
    listed = [
        estimate(name, around(float(values.mean()), drawn[:, side], grading.marginal_alpha), n, grading)
        for side, (name, values) in enumerate(
            (("reconstruction_error", matched.claimed), ("reconstruction_error_random", matched.random))
        )
    ]
    exact = clopper_pearson(int((matched.claimed < EXACT).sum()), n, grading.marginal_alpha)
    estimates = (*listed, *other, estimate("rebuilt_exactly", exact, n, grading))
    if matched.random.sum() < 1e-12:
        return Assessment(estimates, 0.0, 0.0, 0.0, (*evidence.notes, "Random guesses are right already."), driver=NOTHING)
    shares = 1 - drawn[:, 0] / np.maximum(drawn[:, 1], 1e-12)
    value = float(1 - matched.claimed.sum() / matched.random.sum())
    low, value, high = (100.0 * min(1.0, max(0.0, share)) for share in around(value, shares, grading.alpha).as_tuple())
    return Assessment(estimates, value, low, high, evidence.notes)


def _partly(members: int, claims: int, left_out: int) -> tuple[str, ...]:
    if members == claims:
        return ()
    told = f"{claims:,} records were rebuilt and {members:,} members are known; each member is held against a claim of its own."
    gone = (
        "Left out of the members, since they stand among the non-members too or more than once in the data: "
        f"{left_out:,}. Rebuilding these counts for nothing."
    )
    return (told, gone) if left_out else (told,)


def _other(evidence: Reconstructions, truth: Truth, originals: Originals, grading: Grading) -> tuple[Estimate, ...]:
    """The same error of non-members: claims that are as near to them tell of the population, not of the training records."""
    others = originals.candidates.take(~truth.is_member).features
    if not len(others):
        return ()
    found = errors(others.iloc[: int(truth.is_member.sum())], evidence.records, originals)
    return (Estimate("reconstruction_error_non_members", float(found.mean()), n=len(found)),)


def errors(records: pd.DataFrame, claims: pd.DataFrame, originals: Originals) -> Floats:
    """(m,) Gower distance of each record to its claim. With fewer claims than records those left over count 1."""
    return assigned(records, claims, originals)[0]


def assigned(records: pd.DataFrame, claims: pd.DataFrame, originals: Originals) -> tuple[Floats, NDArray[np.intp]]:
    """(m,) the same, and (m,) which claim is each record's, -1 where none is left."""
    from scipy.optimize import linear_sum_assignment

    apart = _apart(records, claims, originals)
    rows, places = linear_sum_assignment(apart)
    found, chosen = np.ones(len(records)), np.full(len(records), -1, dtype=np.intp)
    found[rows], chosen[rows] = apart[rows, places], places
    return found, chosen


def columns_apart(records: pd.DataFrame, claims: pd.DataFrame, originals: Originals) -> Floats:
    """(m, columns) the same of each record and its own claim, column by column."""
    apart = [_between(_cells(records, c), _cells(claims, c), c, originals) for c in originals.columns]
    return np.asarray(np.column_stack(apart), dtype=np.float64)


def _apart(records: pd.DataFrame, claims: pd.DataFrame, originals: Originals) -> Floats:
    """(m, k) Gower's distance (1971): a number counts in units of its column's range, a category is the same or is not."""
    total = np.zeros((len(records), len(claims)))
    for column in originals.columns:
        total += _between(_cells(records, column)[:, None], _cells(claims, column), column, originals)
    return total / len(originals.columns)


def _cells(frame: pd.DataFrame, column: Column) -> NDArray[Any]:
    cells = frame[column.name]
    return cells.to_numpy(dtype=np.float64, na_value=np.nan) if column.type.is_numeric else cells.map(str).to_numpy()


def _between(ours: NDArray[Any], theirs: NDArray[Any], column: Column, originals: Originals) -> NDArray[Any]:
    """How far cells of one column are apart, 0 to 1 (truth values for categories), in the shape that the two broadcast to."""
    if not column.type.is_numeric:
        return np.asarray(ours != theirs)
    distance = np.abs(ours - theirs) / _width(column, originals)
    return np.asarray(np.minimum(1.0, np.where(np.isnan(distance), 1.0, distance)))


def _width(column: Column, originals: Originals) -> float:
    seen = originals.candidates.features[column.name].to_numpy(dtype=np.float64, na_value=np.nan)
    low, high = originals.bounds.get(column.name, (np.nanmin(seen), np.nanmax(seen)))
    return float(high - low) if high > low else 1.0


def _random_errors(members: pd.DataFrame, claims: int, originals: Originals, grading: Grading) -> Floats:
    assert originals.auxiliary is not None  # noqa: S101 - checked by the caller
    rng, known = generator(grading.seed, "marginals"), originals.auxiliary.features
    sets = [
        pd.DataFrame({name: known[name].iloc[rng.integers(len(known), size=claims)].to_numpy() for name in known.columns})
        for _ in range(DRAWS)
    ]
    return np.asarray(np.mean([errors(members, drawn, originals) for drawn in sets], axis=0))
