"""Answers as servers of many kinds write them: a value a record, fields a record, or a list a column."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from auditor.domain.target import Output
from auditor.errors import BadAnswer
from auditor.querying.reply import LABELS, SCORES, Reply, from_rows, keyed, label_text

SCORE = "score"
ALONE = ("probability", "proba")
"""A number under these names is the second class's, unless a label stands beside it: then it may be the label's."""


def read(found: Any, n: int, output: Output, wanted: str = "") -> Reply:
    """The answers to n records. `wanted` names one of several columns of answers. Raises BadAnswer."""
    rows = _from_columns(found, output, wanted) if isinstance(found, Mapping) else found
    if not isinstance(rows, list) or not rows:
        raise BadAnswer(f"The target's answer has no list of predictions but {_seen(found)}; check target.protocol.")
    return from_rows(_scores_or_labels(rows, output), n)


def part(document: Any, key: str) -> Any:
    """What stands under a key of the answer; raises BadAnswer."""
    if not isinstance(document, Mapping) or key not in document:
        raise BadAnswer(f"The target's answer has no list of predictions as {key!r} but {_seen(document)}; check target.protocol.")
    return document[key]


def _seen(found: Any) -> str:
    if isinstance(found, Mapping):
        return "the keys " + ", ".join(repr(str(key)[:40]) for key in list(found)[:5]) if found else "nothing"
    return "nothing" if found is None or found == [] else repr(str(found)[:40])


def _from_columns(found: Mapping[str, Any], output: Output, wanted: str) -> Any:
    """The column that fits the declared output; columns of numbers alone are one class each."""
    if wanted:
        return part(found, wanted)
    lists = {key: column for key, column in found.items() if isinstance(column, list)}
    fitting = (*LABELS, "labels", "classes") if output is Output.LABELS else SCORES
    named = next((key for key in fitting if key in lists), None)
    if named is not None or len(lists) == 1:
        return lists[named or next(iter(lists))]
    if len(lists) < 2 or len(lists) < len(found) or not _are_numbers(lists.values()):
        return None
    return [dict(zip(lists, cells, strict=True)) for cells in zip(*lists.values(), strict=True)]


def _are_numbers(columns: Any) -> bool:
    alike = len({len(column) for column in columns}) == 1
    return alike and all(type(cell) in (int, float) for column in columns for cell in column)


def _scores_or_labels(rows: Sequence[Any], output: Output) -> Sequence[Any]:
    """Where a record is answered with a label and a score, what the declared output wants of them."""
    if all(isinstance(row, list) and row and all(_is_pair(cell) for cell in row) for row in rows):
        return [keyed((cell["label"], cell[SCORE]) for cell in row) for row in rows]
    if not all(isinstance(row, Mapping) for row in rows):
        return rows
    label = next((key for key in LABELS if key in rows[0]), None)
    if output is Output.LABELS and label is not None:
        return [row.get(label) for row in rows]
    if all(_is_pair(row) for row in rows):
        return [{label_text(row["label"]): row[SCORE]} for row in rows]
    if SCORE in rows[0]:
        return [row.get(SCORE) for row in rows]
    alone = next((key for key in ALONE if label is None and isinstance(rows[0].get(key), int | float)), None)
    return rows if alone is None else [row.get(alone) for row in rows]


def _is_pair(row: Any) -> bool:
    return isinstance(row, Mapping) and "label" in row and isinstance(row.get(SCORE), int | float)


def named(reply: Reply, names: Any) -> Reply:
    """The reply with the classes of its columns, where the target names as many as there are."""
    if reply.numbers is None or reply.names is not None or not isinstance(names, list) or not names:
        return reply
    texts = tuple(label_text(name) for name in names)
    if len(texts) != reply.numbers.shape[1] or len(set(texts)) < len(texts):
        raise BadAnswer(
            f"The target names {len(set(texts))} classes but answers {reply.numbers.shape[1]} numbers a record; name each once."
        )
    return replace(reply, names=texts)


def score_of(reply: Reply, positive: str, classes: Sequence[str], output: Output) -> Reply:
    """A single number a record as two columns, where it belongs to `positive` and not to the second class."""
    numbers = reply.numbers
    if numbers is None or numbers.shape[1] != 1 or not positive:
        return reply
    other = [name for name in classes if name != positive]
    if len(other) != 1 or len(classes) != 2:
        raise BadAnswer(
            "One number a record was answered; list two classes under target.classes, one of them target.adapter.score_of."
        )
    rest = np.zeros_like(numbers) if output is Output.LOGITS else 1.0 - numbers
    return Reply(np.hstack([rest, numbers]), names=(other[0], positive))
