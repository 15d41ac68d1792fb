"""What came of a changed answer, judged by a reader that shares no code with the client.

Nonsense is an accepted answer that breaks one of these: as many rows as records and as many columns as classes; finite numbers;
probabilities within [0, 1] that add up to 1 (top-k: to no more, and at least one class a record); labels of exactly one class;
every number one that stands in the body as a number, not as text, true or null, records in the order of the body, and none used
twice; every label a value of the body; no key twice in one object.
"""

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from auditor.domain.target import Output, Rows
from auditor.errors import TargetError
from auditor.querying.answers import SUM_TOLERANCE
from auditor.querying.reply import Reply
from benchmarks.fuzzing.exchanges import Form, Numbers

OUTCOMES = ("refused", "same", "as said", "nonsense", "crash")
LONGEST_SENTENCE = 500
PLAIN = re.compile(r"\s*[-+]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]+)?\s*", re.ASCII)


@dataclass(frozen=True)
class Outcome:
    """`name`: one of OUTCOMES. "as said": the changed body is a sound answer with other numbers, which were read."""

    name: str
    why: str = ""


def judged(form: Form, content: bytes, kind: str, meant: Numbers) -> Outcome:
    try:
        reply, result = form.read(content, kind)
    except TargetError as refusal:
        return _of_sentence(refusal.sentence)
    except Exception as error:  # whatever it is, it is what this looks for
        return Outcome("crash", f"{type(error).__name__}: {error}")
    why = next((why for why in broken(form, reply, result, content, kind) if why), "")
    if why:
        return Outcome("nonsense", why)
    return Outcome("same" if np.array_equal(result, meant, equal_nan=True) else "as said")


def _of_sentence(sentence: str) -> Outcome:
    is_one = sentence.isprintable() and sentence.endswith(".") and len(sentence) <= LONGEST_SENTENCE
    return Outcome("refused" if is_one else "nonsense", sentence)


def broken(form: Form, reply: Reply, result: Numbers, content: bytes, kind: str) -> Iterator[str]:
    width = 1 if form.output is Output.VALUE else len(form.classes)
    yield "" if result.shape == (form.records, width) else f"shape {result.shape}"
    yield off_range(form.output, result)
    try:
        leaves = list(_leaves(content, kind))
    except ValueError as error:
        yield f"the body is not well-formed: {error}"
        return
    numbers = [leaf for leaf in leaves if type(leaf) in (int, float)]
    if form.output is Output.LABELS:
        said = {_text(leaf) for leaf in leaves if leaf is not None}
        yield "" if set(reply.labels or ()) <= said else "a label that was not said"
    elif reply.numbers is not None:
        used = reply.numbers[:, -1:] if form.adapter is not None and form.adapter.score_of else reply.numbers
        yield "" if _is_in_order(used, numbers, form.rows is Rows.COLUMNS) else "a number that was not said, or rows out of order"


def off_range(output: Output, result: Numbers) -> str:
    given = np.nan_to_num(result) if output is Output.TOP_K else result
    if not np.isfinite(given).all():
        return "not finite"
    if output is Output.VALUE:
        return ""
    sums = given.sum(axis=1)
    if given.min() < 0 or given.max() > 1 or np.signbit(given).any():
        return "outside [0, 1]"
    if output is Output.TOP_K:
        empty = np.isnan(result).all(axis=1).any()
        return "more than 1" if (sums > 1 + SUM_TOLERANCE).any() else "no class" if empty else ""
    if output is Output.LABELS and not ((given == 1).sum(axis=1) == 1).all():
        return "not one class"
    return "" if np.allclose(sums, 1.0, rtol=0, atol=SUM_TOLERANCE) else "no distribution"


def _leaves(content: bytes, kind: str) -> Iterator[Any]:
    """Numbers, texts, booleans and nulls in the order of the body, keys among the texts; raises ValueError."""
    kind = kind.partition(";")[0]
    if kind == "text/csv":
        cells = (cell for row in csv.reader(io.StringIO(content.decode("utf-8-sig"))) for cell in row)
        yield from (float(cell) if PLAIN.fullmatch(cell) else cell for cell in cells)
    elif kind == "application/jsonlines":
        for line in content.decode("utf-8-sig").split("\n"):
            if line.strip():
                yield from _of_json(json.loads(line, object_pairs_hook=_Pairs))
    else:
        document = json.loads(content, object_pairs_hook=_Pairs)
        if isinstance(document, str):  # JSON in JSON
            document = json.loads(document, object_pairs_hook=_Pairs)
        yield from _of_json(document)


class _Pairs(tuple[tuple[str, Any], ...]):
    """An object as its pairs, so that none is lost."""

    __slots__ = ()


def _of_json(value: Any) -> Iterator[Any]:
    if isinstance(value, _Pairs):
        if len({key for key, _ in value}) < len(value):
            raise ValueError("a key stands twice")
        for key, inner in value:
            yield key
            yield from _of_json(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _of_json(inner)
    else:
        yield value


def _text(leaf: Any) -> str:
    if isinstance(leaf, bool):
        return str(leaf).lower()
    return str(int(leaf)) if isinstance(leaf, float) and leaf.is_integer() else str(leaf)


def _is_in_order(used: Numbers, numbers: Sequence[float], by_column: bool) -> bool:
    """Row after row, each from numbers of the body that come after those of the row before."""
    rows = [used.ravel()] if by_column else list(used)
    rest = iter(numbers)
    for row in rows:
        wanted = Counter(row[~np.isnan(row)].tolist())
        while wanted.total():
            number = next(rest, None)
            if number is None:
                return False
            if wanted[_float(number)] > 0:
                wanted[_float(number)] -= 1
    return True


def _float(number: float) -> float:
    try:
        return float(number)
    except OverflowError:
        return float("inf")
