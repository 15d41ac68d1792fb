"""Counterfactuals through the one door: asked side by side, held against their bounds, recorded, never asked twice."""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from auditor.domain.counterfactual import Bounds, Counterfactuals
from auditor.domain.data import Column, ColumnType
from auditor.domain.target import Profile
from auditor.errors import BadAnswer
from auditor.querying.answers import positions
from auditor.querying.asking import Door
from auditor.querying.batches import Course
from auditor.querying.digests import first_rows, record_digests
from auditor.querying.questions import questions
from auditor.querying.reply import Reply, label_text

Floats = NDArray[np.float64]
SLACK = 1e-6
"""By how much of its range a number may pass its bounds: services round."""
BEYOND = "the service must keep to the bounds that it is asked with; correct target.counterfactual.body"


@dataclass(frozen=True, eq=False)
class CounterfactualClient:
    """Calling it answers n records with their counterfactuals; each costs one query, and one that was asked before is free.

    An answer is kept as numbers: whether there is one, the class of the record (NaN: not said), then of each column the number, or
    which of the levels that were allowed it is."""

    door: Door
    columns: tuple[Column, ...]
    profile: Profile

    def __call__(self, records: pd.DataFrame, bounds: Sequence[Bounds]) -> Counterfactuals:
        """Raises BudgetExhausted, Cancelled or a TargetError; answers that arrived before it are recorded."""
        frame = questions(records, bounds, self.columns)
        digests = record_digests(frame)
        told = dict(self.door.ledger.answered(digests))
        first = first_rows(digests)
        fresh = sorted(row for digest, row in first.items() if digest not in told)

        def keep(rows: NDArray[np.intp], reply: Reply) -> None:
            for row, text in zip(rows.tolist(), reply.labels or (), strict=True):
                told[digests[row]] = self._read(text, bounds[row])
            asked = [digests[row] for row in rows.tolist()]
            self.door.ledger.record(asked, np.array([told[digest] for digest in asked]))

        Course(self.door, frame, 1, keep).run(np.array(fresh, dtype=np.intp))
        return self._assembled(records, bounds, np.array([told[digest] for digest in digests]))

    def _read(self, text: str, bounds: Bounds) -> Floats:
        document = json.loads(text)
        label = math.nan if document["label"] is None else positions([document["label"]], self.profile.classes)[document["label"]]
        if document["record"] is None:
            return np.array([0.0, label, *(0.0 for _ in self.columns)])
        cells = _in_order(document["record"], self.columns)
        return np.array([1.0, label, *(_place(cell, c, bounds) for cell, c in zip(cells, self.columns, strict=True))])

    def _assembled(self, records: pd.DataFrame, bounds: Sequence[Bounds], told: Floats) -> Counterfactuals:
        if not len(records):
            return Counterfactuals(records, np.zeros(0, dtype=bool), np.zeros(0, dtype=np.intp))
        found = told[:, 0] > 0
        cells = {}
        for j, column in enumerate(self.columns, start=2):
            own = records[column.name].reset_index(drop=True)
            if column.type.is_numeric:
                cells[column.name] = pd.Series(np.where(found, told[:, j], own.to_numpy(dtype=np.float64)))
            else:
                levels = [within.levels[column.name][int(place)] for within, place in zip(bounds, told[:, j], strict=True)]
                mixed = np.where(found, np.array(levels, dtype=object), own.to_numpy(dtype=object))
                cells[column.name] = pd.Series(mixed, dtype=object)
        labels = np.where(np.isnan(told[:, 1]), -1, np.nan_to_num(told[:, 1])).astype(np.intp)
        return Counterfactuals(pd.DataFrame(cells), found, labels)


def _in_order(record: Any, columns: Sequence[Column]) -> list[Any]:
    """The cells of a counterfactual by column; raises BadAnswer for one without all of them."""
    if isinstance(record, dict):
        lacks = next((column.name for column in columns if column.name not in record), None)
        if lacks is not None:
            raise BadAnswer(f"The counterfactual lacks the column {lacks[:40]!r}; correct target.counterfactual.record.")
        return [record[column.name] for column in columns]
    if not isinstance(record, list) or len(record) != len(columns):
        seen = f"{len(record)} cells" if isinstance(record, list) else repr(str(record)[:40])
        raise BadAnswer(
            f"The counterfactual has {seen} where {len(columns)} are needed, one a column in their order, or fields by their names;"
            " correct target.counterfactual.record."
        )
    return record


def _place(cell: Any, column: Column, bounds: Bounds) -> float:
    """A number within its bounds, or which of the levels that were allowed it is."""
    if column.type.is_numeric:
        return _number(cell, column, bounds.numbers[column.name])
    levels = bounds.levels[column.name]
    if column.type is ColumnType.BOOLEAN and isinstance(cell, int | float):
        cell = bool(cell)
    texts = [None if level is None else label_text(level) for level in levels]
    text = None if cell is None else label_text(cell)
    if text not in texts:
        shown = ", ".join(str(known)[:20] for known in texts[:5])
        raise BadAnswer(f"The counterfactual has {column.name[:40]!r} = {str(cell)[:40]!r}, which is none of {shown}; {BEYOND}.")
    return float(texts.index(text))


def _number(cell: Any, column: Column, ends: tuple[float, float]) -> float:
    if isinstance(cell, bool) or not isinstance(cell, int | float) or not math.isfinite(cell):
        raise BadAnswer(f"The counterfactual has {str(cell)[:40]!r} as {column.name[:40]!r}, which is no number.")
    low, high = ends
    slack = SLACK * max(high - low, abs(low), abs(high))
    if not low - slack <= cell <= high + slack:
        raise BadAnswer(
            f"The counterfactual has {column.name[:40]!r} = {cell:.6g}, which is not between {low:.6g} and {high:.6g}; {BEYOND}."
        )
    return float(min(max(cell, low), high))
