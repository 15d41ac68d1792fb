"""Small worlds of mixed records for the tests of attribute inference and stealing."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from auditor.domain.attack import Context, Query
from auditor.domain.data import AuditData, Column, ColumnType, Records, Sensitive
from auditor.domain.learner import Learner
from auditor.domain.target import Output, Profile

COLUMNS = (
    Column("age", ColumnType.INTEGER),
    Column("height", ColumnType.NUMBER),
    Column("dose", ColumnType.NUMBER),
    Column("job", ColumnType.STRING),
    Column("retired", ColumnType.BOOLEAN),
    Column("illness", ColumnType.CATEGORY),
)
ILLNESS = Sensitive("illness", ("illness",), (("asthma",), ("gout",), ("none",)))
JOBS = np.array(["baker", "miner", "nurse"], dtype=object)
PROFILE = Profile(Output.PROBABILITIES, ("ill", "well"))


def people(n: int, seed: int, illness: str = "independent") -> Records:
    """Records whose attribute is `independent` of the other columns, or a `function` of the job."""
    rng = np.random.default_rng(seed)
    jobs = rng.integers(3, size=n)
    sick = jobs if illness == "function" else rng.choice(3, size=n, p=[0.3, 0.2, 0.5])
    age = rng.integers(20, 90, size=n)
    dose = np.round(rng.normal(size=n), 4)
    features = pd.DataFrame(
        {
            "age": age,
            "height": np.round(rng.normal(170, 10, size=n), 6),
            "dose": np.where(rng.random(n) < 0.05, np.nan, dose),
            "job": pd.Series(np.where(rng.random(n) < 0.03, None, JOBS[jobs]), dtype=object),
            "retired": pd.Series([bool(a > 65) for a in age], dtype=object),
            "illness": pd.Series([("asthma", "gout", "none")[s] for s in sick], dtype=object),
        }
    )
    if illness == "function":
        features["job"] = pd.Series(JOBS[jobs], dtype=object)
    labels = (0.03 * (age - 55) + dose + rng.normal(scale=0.5, size=n) > 0).astype(np.intp)
    return Records(features, labels)


@dataclass
class World:
    """An audit in memory: `data` with its truth, and `context` as an attack gets it."""

    candidates: int = 400
    auxiliary: int = 300
    seed: int = 5
    illness: str = "independent"
    fractions: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        everybody = people(self.candidates, self.seed, self.illness)
        is_member = np.random.default_rng(self.seed + 1).random(self.candidates) < 0.5
        extra = people(self.auxiliary, self.seed + 2, self.illness)
        self.data = AuditData(COLUMNS, PROFILE.classes, everybody, is_member, extra, (ILLNESS,))

    @property
    def values(self) -> np.ndarray:
        """The true value of each candidate's attribute as an index."""
        known = [value for (value,) in ILLNESS.values]
        return np.array([known.index(v) for v in self.data.candidates.features["illness"]])

    def context(self, query: Query, seed: int = 3, limit: int = 0, profile: Profile = PROFILE) -> Context:
        """For attribute inference: the sensitive cells of the candidates are blank."""
        blank = pd.Series([None] * self.candidates, dtype=object)
        hidden = Records(self.data.candidates.features.assign(illness=blank), self.data.candidates.labels)
        return Context(
            seed, profile, COLUMNS, query, self.fractions.append, hidden, None, self.data.auxiliary, None, ILLNESS, limit
        )

    def stealing(self, query: Query, learner: str | None = "logistic-regression", seed: int = 3, limit: int = 0) -> Context:
        """For stealing: full candidates without labels."""
        hidden = Records(self.data.candidates.features, np.full(self.candidates, -1))
        declared = None if learner is None else Learner(learner)
        return Context(
            seed, PROFILE, COLUMNS, query, self.fractions.append, hidden, None, self.data.auxiliary, declared, None, limit
        )


def constant(frame: pd.DataFrame) -> np.ndarray:
    """A target that answers the same for everybody."""
    return np.tile([0.3, 0.7], (len(frame), 1))


class Recorded:
    """A query that remembers what was put to it."""

    def __init__(self, answers: Query) -> None:
        self.answers = answers
        self.frames: list[pd.DataFrame] = []

    def __call__(self, frame: pd.DataFrame) -> np.ndarray:
        self.frames.append(frame)
        return self.answers(frame)

    @property
    def asked(self) -> pd.DataFrame:
        return pd.concat(self.frames)
