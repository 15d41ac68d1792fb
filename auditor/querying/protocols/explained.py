"""Counterfactual services, which have no protocol in common: a JSON template for one record and its bounds, JMESPath to the answer.

The placeholders hold what explainers take: `$ranges` is DiCE's `permitted_range` (interpretml/DiCE,
dice_ml/explainer_interfaces/explainer_base.py), `$lower-row` and `$upper-row` are Alibi's `feature_range`. KServe's explainers
answer Alibi's explanation as it is (SeldonIO/alibi, alibi/api/defaults.py: `data.cf`, null where there is none, `data.orig_class`).
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from auditor.domain.data import Column
from auditor.domain.target import Explainer, Target
from auditor.errors import BadAnswer, InvalidInput
from auditor.querying.endpoint import Endpoint
from auditor.querying.faults import BatchTooLarge
from auditor.querying.protocols.cells import first_text
from auditor.querying.protocols.jmes import compiled, keys_of, searched
from auditor.querying.protocols.media import JSON, as_json
from auditor.querying.questions import Question, question_of
from auditor.querying.reply import Reply, label_text

FIELD = "target.counterfactual"
DEEPEST = 20
FIRST_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
WORDS: Mapping[str, Callable[[Question], Any]] = {
    "$record": lambda q: dict(zip(q.names, q.cells, strict=True)),
    "$row": lambda q: q.cells,
    "$numbers": lambda q: [_number(cell) for cell in q.cells],
    "$lower": lambda q: {name: ends[0] for name, ends in q.ends.items()},
    "$upper": lambda q: {name: ends[1] for name, ends in q.ends.items()},
    "$lower-row": lambda q: [_number(low) for low, _ in q.edges],
    "$upper-row": lambda q: [_number(high) for _, high in q.edges],
    "$levels": lambda q: q.levels,
    "$ranges": lambda q: {name: list(q.ends[name]) if name in q.ends else q.levels[name] for name in q.names},
    "$names": lambda q: q.names,
}
RECORDS = ("$record", "$row", "$numbers")
BOUNDS = (("$ranges",), ("$lower", "$upper"), ("$lower-row", "$upper-row"))
NUMERIC = ("$numbers", "$lower-row", "$upper-row")


@dataclass(frozen=True, eq=False)
class ExplainedWire:
    """One question a request: `encode` takes a frame of one question (querying.questions), `decode` gives the text of a JSON object
    with `record` (null where there is none) and `label`."""

    path: str
    body: Any
    columns: tuple[Column, ...]
    record: Any
    label: Any
    keys: tuple[str, ...]
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = JSON
    most_rows: int | None = 1

    def encode(self, frame: pd.DataFrame) -> bytes:
        if len(frame) > 1:
            raise BatchTooLarge("Counterfactuals are asked for one by one.")
        return as_json(_filled(self.body, question_of(frame, self.columns)))

    def decode(self, document: Any, n: int) -> Reply:
        for key in self.keys:
            _check_key(document, key)
        found = _unwrapped(searched(self.record, document))
        told = None if self.label is None else searched(self.label, document)
        label = None if told is None else label_text(told)
        return Reply(labels=(json.dumps({"record": found or None, "label": label}),))


def explained_wire(target: Target, explainer: Explainer, columns: tuple[Column, ...], endpoint: Endpoint) -> ExplainedWire:
    """Raises InvalidInput for a body or a path that is wrong."""
    words = list(_words(explainer.body, 0))
    _check_words(words)
    text = first_text(columns)
    wide = next((word for word in words if word in NUMERIC), None)
    if text is not None and wide is not None:
        raise InvalidInput(
            f"{FIELD}.body", f"column {text[:40]!r} holds text, which {wide} cannot carry; write $record and $ranges"
        )
    record = compiled(explainer.record, f"{FIELD}.record")
    label = compiled(explainer.label, f"{FIELD}.label") if explainer.label else None
    keys = tuple(m.group() for path in (explainer.record, explainer.label) if (m := FIRST_KEY.match(path)))
    return ExplainedWire(endpoint.path, explainer.body, columns, record, label, keys)


def _words(template: Any, depth: int) -> Iterator[str]:
    if depth > DEEPEST:
        raise InvalidInput(f"{FIELD}.body", f"nest the body at most {DEEPEST} deep")
    if isinstance(template, str) and template.startswith("$") and not template.startswith("$$"):
        yield template
    parts = template.values() if isinstance(template, Mapping) else template if isinstance(template, list) else ()
    for part in parts:
        yield from _words(part, depth + 1)


def _check_words(words: list[str]) -> None:
    odd = next((word for word in words if word not in WORDS), None)
    if odd is not None:
        known = ", ".join(WORDS)
        raise InvalidInput(f"{FIELD}.body", f"there is no placeholder {odd[:40]!r}; choose from {known}, or write $$ for a $")
    if not {*words} & {*RECORDS}:
        raise InvalidInput(f"{FIELD}.body", "the body holds no record; write $record, $row or $numbers where it belongs")
    if not any({*pair} <= {*words} for pair in BOUNDS):
        change = "write $ranges, $lower and $upper, or $lower-row and $upper-row where the service takes its bounds"
        raise InvalidInput(f"{FIELD}.body", f"the body tells no bounds, without which no box can be closed; {change}")


def _filled(template: Any, question: Question) -> Any:
    if isinstance(template, str):
        if template.startswith("$$"):
            return template[1:]
        return WORDS[template](question) if template.startswith("$") else template
    if isinstance(template, list):
        return [_filled(part, question) for part in template]
    if isinstance(template, Mapping):
        return {key: _filled(part, question) for key, part in template.items()}
    return template


def _number(cell: Any) -> float | None:
    return None if cell is None else float(cell)


def _check_key(document: Any, key: str) -> None:
    """A path that leads nowhere is a mistake; a null at its end is an answer."""
    if isinstance(document, Mapping) and key in document:
        return
    seen = keys_of(document) or "nothing"
    raise BadAnswer(f"{FIELD}.record finds no {key[:40]!r} in the service's answer, which has {seen}; correct the path.")


def _unwrapped(found: Any) -> Any:
    """A list of one record is that record."""
    while isinstance(found, list) and len(found) == 1 and isinstance(found[0], list | Mapping):
        found = found[0]
    return found
