"""A target that is a network of one hidden ReLU layer by construction: the control of attacks that copy such networks."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import softmax

from auditor.attacks.stealing.linear_design import LinearDesign
from auditor.domain.attack import Query
from auditor.domain.data import Column, Records
from auditor.domain.seeds import generator

UNITS, SPREAD = 8, 1.5


def relu_target(auxiliary: Records, columns: Sequence[Column], classes: int, seed: int) -> Query:
    """A random network of 8 ReLU units over the columns, with about evenly filled classes and scores of standard deviation SPREAD;
    without classes it answers its number, (n, 1)."""
    design = LinearDesign.of(auxiliary.features, columns)
    rng = generator(seed, "units")
    weights = rng.standard_normal((design.unknowns, UNITS)) / np.sqrt(len(columns))
    out = rng.standard_normal((UNITS, classes or 1))

    def raw(frame: pd.DataFrame) -> NDArray[np.float64]:
        return np.asarray(np.maximum(design.matrix(frame) @ weights, 0.0) @ out)

    seen = raw(auxiliary.features)
    spread = np.where(seen.std(axis=0) > 0, seen.std(axis=0), 1.0) / SPREAD
    centre = np.median(seen, axis=0)

    def query(frame: pd.DataFrame) -> NDArray[np.float64]:
        scores = (raw(frame) - centre) / spread
        return np.asarray(softmax(scores, axis=1) if classes else scores)

    return query
