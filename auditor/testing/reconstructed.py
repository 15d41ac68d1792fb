"""Reconstructions held against what a world's model leads to."""

import numpy as np

from auditor.domain.data import Column
from auditor.domain.evidence import Evidence, Reconstructions
from auditor.scoring.grading import Originals
from auditor.scoring.rebuilt_records import columns_apart
from auditor.scoring.reconstruction import surest
from auditor.scoring.reconstruction_space import space_of
from auditor.testing.strength import Strength
from auditor.testing.world import World


def reconstructed(evidence: Reconstructions, world: World) -> Strength:
    """The share of records of the population that are farther from the prototype than the surest claim: one half by chance.
    Categories that are the same in every claim were not searched for."""
    space = space_of(world.data.auxiliary.features, tuple(c for c in world.data.columns if _is_searched(evidence, c)))
    assert space is not None  # noqa: S101 - the columns of a world change
    people, goals = space.points(world.data.auxiliary.features), space.points(world.prototypes.records)
    points, rows = space.points(evidence.records), surest(evidence)
    left = np.array([((points[rows[label]] - goals[label]) ** 2).sum() for label in sorted(rows)])
    drawn = ((people[:, None] - goals) ** 2).sum(axis=2)  # what a record of the population leaves of the way
    ranks = np.array([(own < others).mean() for own, others in zip(left, drawn.T, strict=True)])
    return Strength(float(ranks.mean()), 0.5, float(np.sqrt(1 / (12 * len(ranks)))))


def rebuilt(evidence: Reconstructions, world: World) -> Strength:
    """Of claims about single records: how often a claim is nearer to its own record than the next claim is, ties half."""
    assert evidence.rows is not None  # noqa: S101 - asked of such claims alone
    originals = Originals(world.data.candidates, world.data.columns)
    records = world.data.candidates.features.iloc[evidence.rows].reset_index(drop=True)
    other = evidence.records.iloc[np.roll(np.arange(len(records)), 1)].reset_index(drop=True)
    mine, others = (columns_apart(records, claims, originals).mean(axis=1) for claims in (evidence.records, other))
    return Strength(float((mine < others).mean() + (mine == others).mean() / 2), 0.5, float(np.sqrt(0.5 / len(mine))))


def _is_searched(evidence: Reconstructions, column: Column) -> bool:
    return column.type.is_numeric or evidence.records[column.name].nunique(dropna=False) > 1


def reconstructions_apart(first: Evidence, second: Evidence) -> float:
    """0 where both claim the same records, as surely; else the largest difference, infinite where cells are not numbers."""
    if not isinstance(first, Reconstructions) or not isinstance(second, Reconstructions) or len(first.labels) != len(second.labels):
        return float("inf")
    if not np.array_equal(first.rows if first.rows is not None else [], second.rows if second.rows is not None else []):
        return float("inf")
    if not np.array_equal(first.labels, second.labels) or list(first.records.columns) != list(second.records.columns):
        return float("inf")
    ours, theirs = first.records.select_dtypes("number"), second.records.select_dtypes("number")
    others = [name for name in first.records.columns if name not in ours.columns]
    if not first.records[others].equals(second.records[others]):
        return float("inf")
    gap = np.abs(ours.to_numpy(dtype=np.float64) - theirs.to_numpy(dtype=np.float64)).max(initial=0.0)
    return float(max(gap, np.abs(first.scores - second.scores).max(initial=0.0)))
