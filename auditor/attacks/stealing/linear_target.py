"""A target that is linear by construction: the control of attacks that copy linear models."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import softmax

from auditor.attacks.stealing.linear_design import LinearDesign
from auditor.domain.attack import Query
from auditor.domain.data import Column, Records
from auditor.domain.seeds import generator

SPREAD = 1.5


def linear_target(auxiliary: Records, columns: Sequence[Column], classes: int, seed: int) -> Query:
    """A random (multinomial) logistic regression over the columns, with about evenly filled classes and log-odds of standard
    deviation SPREAD; without classes a random linear regression, (n, 1)."""
    design = LinearDesign.of(auxiliary.features, columns)
    seen = design.matrix(auxiliary.features)
    weights = generator(seed, "weights").standard_normal((design.unknowns, classes or 1))
    weights[0] = 0.0
    scores = seen @ weights
    spread = np.where(scores.std(axis=0) > 0, scores.std(axis=0), 1.0)
    weights, centre = SPREAD * weights / spread, SPREAD * np.median(scores, axis=0) / spread

    def query(frame: pd.DataFrame) -> NDArray[np.float64]:
        answers = design.matrix(frame) @ weights - centre
        return np.asarray(softmax(answers, axis=1) if classes else answers)

    return query
