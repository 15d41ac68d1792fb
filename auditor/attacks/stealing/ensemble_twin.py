"""A target that is a sum of stumps by construction: the control of the attack on ensembles."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from auditor.attacks.stealing.ensemble_link import Link
from auditor.attacks.stealing.leaf_axes import Axes, Points
from auditor.domain.attack import Query
from auditor.domain.data import Column, Records
from auditor.domain.seeds import generator

STUMPS = 40
SPREAD = 2.0


def known_stumps(auxiliary: Records, columns: Sequence[Column], classes: int, seed: int) -> Query:
    """STUMPS random stumps over the columns, summed on the log-odds, with about evenly filled classes: a number is above or below
    that of an auxiliary record, a category is one level or another. Without classes it answers the sum, (n, 1)."""
    axes = Axes.of(auxiliary.features, columns)
    seen = axes.points(auxiliary.features)
    rng = generator(seed, "stumps")
    stumps = [(j, int(seen[rng.integers(len(seen)), j])) for j in rng.integers(len(axes), size=STUMPS)]
    weights = rng.standard_normal((STUMPS, max(1, classes - 1)))
    raw = _sides(axes, stumps, seen) @ weights
    spread = np.where(raw.std(axis=0) > 0, raw.std(axis=0), 1.0)
    centre, link = np.median(raw, axis=0), Link(classes > 0)

    def query(frame: pd.DataFrame) -> NDArray[np.float64]:
        return link.answers(SPREAD * (_sides(axes, stumps, axes.points(frame)) @ weights - centre) / spread)

    return query


def _sides(axes: Axes, stumps: Sequence[tuple[int, int]], points: Points) -> NDArray[np.float64]:
    """(n, STUMPS) 1 where a record is on a stump's right side."""
    sides = [points[:, j] > place if axes.axes[j].is_ordered else points[:, j] == place for j, place in stumps]
    return np.column_stack(sides).astype(np.float64)
