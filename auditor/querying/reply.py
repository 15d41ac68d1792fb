"""One answer of the target in its own terms, before anyone knows what it should have been."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from auditor.errors import BadAnswer

DEEPEST = 4
"""Lists in lists in which numbers may stand; a record has one number or one list of them."""
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
        return Reply(labels=_of_one_kind(rows))
    return from_numbers(rows)


def _of_one_kind(rows: Sequence[Any]) -> tuple[str, ...]:
    labels = tuple(map(label_text, rows))
    if len(set(map(type, rows))) > 1:
        raise BadAnswer("The target answers some records with text and others without; it must answer all alike.")
    return labels


def from_numbers(rows: Sequence[Any], width: int | None = None) -> Reply:
    """Numbers as (n,), (n, 1) or (n, k), given nested, or flat with `width` columns."""
    given = _finite(rows)
    if sum(size > 1 for size in given.shape[1:]) > 1:
        raise BadAnswer(
            f"The target answers {' x '.join(map(str, given.shape[1:]))} numbers a record; one list a record is needed."
        )
    numbers = given.reshape(-1, width) if width is not None else given.reshape(len(rows), -1)
    whole = numbers.shape[1] == 1 and bool((numbers == np.rint(numbers)).all())
    labels = tuple(str(int(v)) for v in numbers[:, 0]) if whole else None
    return Reply(numbers, labels)


def _finite(rows: Sequence[Any]) -> NDArray[np.float64]:
    """Numbers that were sent as numbers: numpy would take "0.5" and true for them too."""
    if not _types(rows) <= {int, float}:
        raise BadAnswer(f"The target's answer holds {_odd(rows)} where numbers of one shape are needed.")
    try:
        numbers = np.array(rows, dtype=np.float64)
    except (ValueError, TypeError, OverflowError):
        raise BadAnswer(f"The target's answer holds {_odd(rows)} where numbers of one shape are needed.") from None
    if not numbers.size:
        raise BadAnswer("The target's answer holds no numbers; it must answer each record with its scores or its label.")
    if not np.isfinite(numbers).all():
        raise BadAnswer("The target's answer holds NaN, null or infinite numbers; it must answer every record with finite ones.")
    return numbers


def _types(cells: Sequence[Any]) -> set[type]:
    """The types of what stands in lists of lists; a null is a number that is missing."""
    found = set(map(type, cells))
    for _ in range(DEEPEST):
        if list not in found:
            break
        cells = list(chain.from_iterable(cell if type(cell) is list else (cell,) for cell in cells))
        found = set(map(type, cells))
    return {float if kind is type(None) else kind for kind in found}


def _odd(rows: Sequence[Any]) -> str:
    cells = list(chain.from_iterable(row if isinstance(row, list) else [row] for row in rows))
    odd = next((cell for cell in cells if type(cell) not in (int, float, type(None))), None)
    if isinstance(odd, str):
        return f"the text {odd[:40]!r}"
    return "rows of different lengths" if odd is None else f"{str(odd)[:40]!r}"


def label_text(value: object) -> str:
    """A label as text: 1 and 1.0 are "1", true is "true"."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, str) and value.isascii():
        return value
    if isinstance(value, str | int | float) and _is_sound(value):
        return str(value)
    raise BadAnswer(f"The target's answer holds {str(value)[:40]!r} where a label is needed.")


def _is_sound(value: str | float) -> bool:
    """Text that can be written in UTF-8, a number that is one."""
    if not isinstance(value, str):
        return isinstance(value, int) or math.isfinite(value)
    return not any("\ud800" <= c <= "\udfff" for c in value)


def keyed(pairs: Iterable[tuple[Any, Any]]) -> dict[str, Any]:
    """Scores by label; raises BadAnswer for a label that stands twice."""
    given = [(label_text(label), score) for label, score in pairs]
    found = dict(given)
    if len(found) < len(given):
        raise BadAnswer("The target gives a class of a record twice; it must name each class once.")
    return found


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
    names = next((key for key in NAMES if any(isinstance(row.get(key), list) for row in rows)), None)
    if names is None:
        return from_numbers([row.get(scores) for row in rows])
    listed = [(row.get(names), row.get(scores)) for row in rows]
    if not all(isinstance(a, list) and isinstance(b, list) and len(a) == len(b) for a, b in listed):
        raise BadAnswer(f"The target's {names!r} and {scores!r} do not go together in every record; it must answer all alike.")
    return _scored([keyed(zip(a, b, strict=True)) for a, b in listed])


def _scored(rows: Sequence[Mapping[str, Any]]) -> Reply:
    """One mapping of label to score a record; a label that is absent from a record was not returned."""
    names = tuple(sorted({label_text(name) for row in rows for name in row}))
    if not names:
        raise BadAnswer("The target's answer holds no numbers; it must answer each record with its scores or its label.")
    numbers = _finite([[row.get(name, 0.0) for name in names] for row in rows])
    if numbers.ndim != 2:
        raise BadAnswer(f"The target's answer holds a list as {names[0][:40]!r} where one score a class is needed.")
    absent = np.array([[name not in row for name in names] for row in rows], dtype=bool)
    return Reply(np.where(absent, math.nan, numbers), names=names)
