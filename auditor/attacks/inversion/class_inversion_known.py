"""Targets whose ideal records are known: prototypes that answers lead to, and a linear rule whose corners are computed."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from auditor.attacks.inversion.feature_space import FeatureSpace, Points, feature_space
from auditor.domain.attack import Query
from auditor.domain.data import Column, Records
from auditor.domain.seeds import generator

NEAR = 0.1
MOST = 1 - 1e-6


@dataclass(frozen=True, eq=False)
class Prototypes:
    """`records`: one a class. `answers`: a nearest-prototype model whose certainty is highest exactly there."""

    records: pd.DataFrame
    answers: Query


def prototypes(auxiliary: Records, columns: tuple[Column, ...], classes: int, seed: int) -> Prototypes:
    """One record a class, unrelated to the labels of the auxiliary records and halfway between two of them drawn at random (the
    categories are the first one's): what no record is, and yet like records that exist.

    p of the nearest class is 1 / C + (1 - 1 / C) / (1 + d^2 / NEAR^2), d^2 the mean over columns of squared differences in units of
    their ranges (categories: 1 where they differ); the other classes share the rest.
    """
    space = feature_space(auxiliary.features, columns, {})
    rng = generator(seed, "prototypes")
    first, second = (space.points(auxiliary.features.iloc[rng.integers(len(auxiliary), size=classes)]) for _ in range(2))
    points = Points((first.numbers + second.numbers) / 2, first.codes)
    records = space.frame(points)
    return Prototypes(records, _nearest(space, space.points(records), classes))


def _nearest(space: FeatureSpace, centres: Points, classes: int) -> Callable[[pd.DataFrame], NDArray[np.float64]]:
    axes = max(1, len(space.numbers) + len(space.choices))

    def query(frame: pd.DataFrame) -> NDArray[np.float64]:
        points = space.points(frame)
        away = ((points.numbers[:, None] - centres.numbers) ** 2).sum(axis=2) + (points.codes[:, None] != centres.codes).sum(axis=2)
        squared = away / axes
        nearest = squared.argmin(axis=1)
        rows = np.arange(len(frame))
        sure = MOST * (1 / classes + (1 - 1 / classes) / (1 + squared[rows, nearest] / NEAR**2))
        answers = np.repeat(((1 - sure) / max(1, classes - 1))[:, None], classes, axis=1)
        answers[rows, nearest] = sure
        return np.asarray(answers)

    return query
