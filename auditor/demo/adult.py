"""UCI Adult, cut into what the model is trained on, what it is not, and what an adversary may know."""

from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path

import numpy as np
import pandas as pd

from auditor.domain.data import Column, ColumnType

LABEL = "income"
CLASSES = ("<=50K", ">50K")
INTEGERS = ("age", "education-num", "capital-gain", "capital-loss", "hours-per-week")

SEED = 7  # of the demonstration's cut
MEMBERS, NON_MEMBERS, AUXILIARY = 5_000, 6_000, 10_000


@dataclass(frozen=True, eq=False)
class Split:
    """Distinct records; no record stands in two of the three frames."""

    members: pd.DataFrame
    non_members: pd.DataFrame
    auxiliary: pd.DataFrame


def load() -> pd.DataFrame:
    """All 48,842 records; numbers as int64, the rest as text (`?` is the data set's own word for unknown)."""
    with as_file(files("auditor.demo") / "data" / "adult.csv.gz") as path:
        return read(path)


def read(path: Path) -> pd.DataFrame:
    frame = pd.read_csv(path, keep_default_na=False, dtype=str).astype(object)
    return frame.astype(dict.fromkeys(INTEGERS, "int64"))


def split(frame: pd.DataFrame, seed: int, sides: tuple[int, int] = (MEMBERS, NON_MEMBERS)) -> Split:
    """Members and non-members as many as `sides` says. Duplicates go first: a record that stands on both sides would be member and
    non-member at once."""
    distinct = frame.drop_duplicates().reset_index(drop=True)
    order = np.random.default_rng(seed).permutation(len(distinct))
    ends = np.cumsum([*sides, AUXILIARY])
    parts = [distinct.iloc[rows].reset_index(drop=True) for rows in np.split(order, ends)[:3]]
    return Split(*parts)


def columns() -> tuple[Column, ...]:
    """The features in the order of the file."""
    names = [name for name in load().columns if name != LABEL]
    return tuple(Column(name, ColumnType.INTEGER if name in INTEGERS else ColumnType.CATEGORY) for name in names)


def labels(frame: pd.DataFrame) -> "np.ndarray[tuple[int], np.dtype[np.intp]]":
    return np.array([CLASSES.index(value) for value in frame[LABEL]], dtype=np.intp)
