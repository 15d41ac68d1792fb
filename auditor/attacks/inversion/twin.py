"""A target that remembers: the positive control of attribute inference."""

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from auditor.attacks.inversion.completion import value_indices
from auditor.attacks.record_keys import record_keys
from auditor.domain.attack import Query
from auditor.domain.data import AuditData, Sensitive

REMEMBERED = 1.0 - 1e-6


def lookup_answers(data: AuditData) -> Query:
    """Answers p_y = 1 - 1e-6 when all features are those of a member with label y, and the class shares otherwise. Members
    that differ in the label only, or within one cell of the grid of a sensitive number, share the certainty. Of a target that
    answers values: the member's own (of such members the mean of theirs), and the mean of all candidates otherwise."""
    numbers = [one for one in data.sensitive if one.is_number]
    if data.candidates.values is not None:
        return _lookup_of_values(data, data.candidates.values, numbers)
    prior = np.bincount(data.candidates.labels, minlength=len(data.classes)) / len(data.candidates)
    remembered = dict(_remembered(data, numbers))

    def query(frame: pd.DataFrame) -> NDArray[np.float64]:
        keys = record_keys(_on_grids(frame, numbers)).tolist()
        return np.array([remembered.get(key, prior) for key in keys]).reshape(len(frame), len(data.classes))

    return query


def _lookup_of_values(data: AuditData, values: NDArray[np.float64], numbers: Sequence[Sensitive]) -> Query:
    members = data.candidates.take(data.is_member)
    keys = record_keys(_on_grids(members.features, numbers))
    remembered = pd.Series(values[data.is_member]).groupby(keys).mean().to_dict()
    usual = float(values.mean())

    def query(frame: pd.DataFrame) -> NDArray[np.float64]:
        asked = record_keys(_on_grids(frame, numbers)).tolist()
        return np.array([remembered.get(key, usual) for key in asked]).reshape(len(frame), 1)

    return query


def _on_grids(frame: pd.DataFrame, numbers: Sequence[Sensitive]) -> pd.DataFrame:
    """The records with each sensitive number at its nearest grid point: nobody asks for any other."""
    return frame.assign(**{one.columns[0]: value_indices(frame, one).astype(np.float64) for one in numbers}) if numbers else frame


def _remembered(data: AuditData, numbers: Sequence[Sensitive]) -> Iterator[tuple[int, NDArray[np.float64]]]:
    members = data.candidates.take(data.is_member)
    keys = pd.Series(record_keys(_on_grids(members.features, numbers)))
    classes = len(data.classes)
    for key, labels in pd.Series(members.labels).groupby(keys):
        shares = np.bincount(labels.to_numpy(), minlength=classes) / len(labels)
        yield int(str(key)), shares * REMEMBERED + (1.0 - REMEMBERED) / classes
