"""One answer of the target in its own terms, before anyone knows what it should have been."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from auditor.errors import BadAnswer

SCORES = ("probabilities", "predict_proba", "probability", "proba", "scores", "logits")
NAMES = ("classes", "labels", "class_names")
LABELS = ("predicted_label", "label", "class", "prediction", "predicted_class")


@dataclass(frozen=True, eq=False)
class Reply:
    """`numbers` (n, k): scores or values, NaN where a class was not returned. `labels` (n,): one label a record.

    Whole numbers, one a record, are both: only the declared output can tell a class from a probability.
    `names` (k,): the classes of the columns, if the target says them. `tensor`: the output they came from.
    """

    numbers: NDArray[np.float64] | None = None
    labels: tuple[str, ...] | None = None
    names: tuple[str, ...] | None = None
    tensor: str = ""

    def __len__(self) -> int:
        if self.numbers is not None:
            return len(self.numbers)
        return len(self.labels or ())


def from_rows(rows: Sequence[Any], n: int) -> Reply:
    """A reply from one JSON value a record: a number, a label, a list of numbers or a mapping; raises BadAnswer."""
    if len(rows) != n:
        raise BadAnswer(f"The target gave {len(rows):,} answers for {n:,} records; it must answer each record once.")
    first = rows[0]
    if isinstance(first, Mapping):
        return _from_mappings(rows)
    if isinstance(first, list) and len(first) == 1 and isinstance(first[0], str | bool):
        rows = [row[0] if isinstance(row, list) and len(row) == 1 else row for row in rows]
        first = rows[0]
    if isinstance(first, str | bool):
        return Reply(labels=tuple(map(label_text, rows)))
    return from_numbers(rows)


def from_numbers(rows: Sequence[Any], width: int | None = None) -> Reply:
    """Numbers as (n,), (n, 1) or (n, k), given nested, or flat with `width` columns."""
    given = _finite(rows)
    numbers = given.reshape(-1, width) if width is not None else given.reshape(len(rows), -1)
    whole = numbers.shape[1] == 1 and bool((numbers == np.rint(numbers)).all())
    labels = tuple(str(int(v)) for v in numbers[:, 0]) if whole else None
    return Reply(numbers, labels)


def _finite(rows: Sequence[Any]) -> NDArray[np.float64]:
    try:
        numbers = np.array(rows, dtype=np.float64)
    except (ValueError, TypeError, OverflowError):
        raise BadAnswer(f"The target's answer holds {_odd(rows)} where numbers of one shape are needed.") from None
    if not numbers.size:
        raise BadAnswer("The target's answer holds no numbers; it must answer each record with its scores or its label.")
    if not np.isfinite(numbers).all():
        raise BadAnswer("The target's answer holds NaN, null or infinite numbers; it must answer every record with finite ones.")
    return numbers


def _odd(rows: Sequence[Any]) -> str:
    cells = [cell for row in rows for cell in (row if isinstance(row, list) else [row])]
    odd = next((cell for cell in cells if not isinstance(cell, int | float)), None)
    return "rows of different lengths" if odd is None and None not in cells else f"{str(odd)[:40]!r}"


def label_text(value: object) -> str:
    """A label as text: 1 and 1.0 are "1", true is "true"."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, str | int | float):
        return str(value)
    raise BadAnswer(f"The target's answer holds {str(value)[:40]!r} where a label is needed.")


def _from_mappings(rows: Sequence[Any]) -> Reply:
    """{"a": .9, "b": .1}, {"label": "a"}, {"classes": [...], "scores": [...]} or {"label": ..., "probabilities": [...]}."""
    if not all(isinstance(row, Mapping) for row in rows):
        raise BadAnswer("The target answers some records with fields and others without; it must answer all alike.")
    first = rows[0]
    scores = next((key for key in SCORES if isinstance(first.get(key), list)), None)
    if scores is not None:
        return _listed(rows, scores)
    label = next((key for key in LABELS if isinstance(first.get(key), str | int | float)), None)
    if label is not None:
        return from_rows([row.get(label) for row in rows], len(rows))
    return _scored(rows)


def _listed(rows: Sequence[Any], scores: str) -> Reply:
    names = next((key for key in NAMES if isinstance(rows[0].get(key), list)), None)
    if names is None:
        return from_numbers([row.get(scores) for row in rows])
    try:
        pairs = [dict(zip(map(label_text, row[names]), row[scores], strict=True)) for row in rows]
    except (KeyError, TypeError, ValueError):
        raise BadAnswer(f"The target's {names!r} and {scores!r} do not go together in every record.") from None
    return _scored(pairs)


def _scored(rows: Sequence[Mapping[str, Any]]) -> Reply:
    """One mapping of label to score a record; a label that is absent from a record was not returned."""
    names = tuple(sorted({name for row in rows for name in row}))
    numbers = _finite([[row.get(name, 0.0) for name in names] for row in rows])
    if numbers.ndim != 2:
        raise BadAnswer(f"The target's answer holds a list as {names[0][:40]!r} where one score a class is needed.")
    absent = np.array([[name not in row for name in names] for row in rows], dtype=bool)
    return Reply(np.where(absent, math.nan, numbers), names=names)
