"""UCI Adult (CC BY 4.0) as bits, one for each value of 13 attributes: few records with many columns can be overfitted."""

from pathlib import Path

import numpy as np
import pandas as pd

from auditor.demo import adult
from auditor.domain.data import AuditData, Column, ColumnType, Records

SIDE, SEED = 300, 7
CLASSES = adult.CLASSES
MONEY = ("capital-gain", "capital-loss")


def load() -> AuditData:
    """`SIDE` members and as many non-members, in shuffled order. The columns come from the whole data set: they are public."""
    frame = adult.load().drop(columns="fnlwgt", errors="ignore").drop_duplicates().reset_index(drop=True)
    rng = np.random.default_rng(SEED)
    rows = rng.permutation(len(frame))[: 2 * SIDE]
    labels = adult.labels(frame)[rows]
    bits = _bits(frame).iloc[rows].reset_index(drop=True)
    columns = tuple(Column(name, ColumnType.INTEGER) for name in bits.columns)
    nobody = Records(bits.iloc[:0], np.zeros(0, np.intp))
    return AuditData(columns, CLASSES, Records(bits, labels), rng.permutation(np.arange(2 * SIDE) < SIDE), nobody)


def write(data: AuditData, folder: Path) -> None:
    """members.csv and non_members.csv for the audit, data.npz for whoever trains."""
    named = data.candidates.features.assign(income=[CLASSES[label] for label in data.candidates.labels])
    named[data.is_member].to_csv(folder / "members.csv", index=False)
    named[~data.is_member].to_csv(folder / "non_members.csv", index=False)
    features = data.candidates.features.to_numpy().astype(np.uint8)
    np.savez_compressed(folder / "data.npz", features=features, labels=data.candidates.labels, is_member=data.is_member)


def _bits(frame: pd.DataFrame) -> pd.DataFrame:
    coarse = frame.drop(columns=adult.LABEL).assign(**{name: (frame[name] > 0).astype(str) for name in MONEY})
    return pd.get_dummies(coarse.astype(str), prefix_sep="=").astype(np.int64)
