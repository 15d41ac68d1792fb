"""Request bodies from a template: a JSON value in which `$records`, `$rows` and their like stand for the records."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pandas as pd

from auditor.domain.data import Column
from auditor.errors import InvalidInput
from auditor.querying.faults import BatchTooLarge
from auditor.querying.protocols.cells import cells_of, numeric_rows
from auditor.querying.protocols.csv_text import as_csv
from auditor.querying.protocols.media import CSV, JSON, LINES, as_json
from auditor.querying.protocols.open_inference import tensors

FIELD = "target.adapter.body"
ALL = ("records", "rows", "matrix", "flat", "columns", "tensors", "names", "index", "count", "width")
ONE = {"record": "records", "row": "rows", "numbers": "matrix"}
"""What stands for one record, and the list that it is an element of."""
TEXTS = ("$csv", "$csv-with-names")
EACH, EACH_LINE = "$each", "$lines"
DEEPEST = 20


@dataclass(frozen=True, eq=False)
class Filling:
    """One frame in every form that a body may want, each made when it is first used."""

    frame: pd.DataFrame
    given: tuple[Column, ...]

    def __len__(self) -> int:
        return len(self.frame)

    @cached_property
    def cells(self) -> list[list[Any]]:
        return cells_of(self.frame, self.given)

    @cached_property
    def names(self) -> list[str]:
        return [column.name for column in self.given]

    @cached_property
    def rows(self) -> list[tuple[Any, ...]]:
        return list(zip(*self.cells, strict=True))

    @cached_property
    def records(self) -> list[dict[str, Any]]:
        return [dict(zip(self.names, row, strict=True)) for row in zip(*self.cells, strict=True)]

    @cached_property
    def matrix(self) -> list[list[float | None]]:
        return numeric_rows(self.frame, self.given)

    @property
    def flat(self) -> list[float | None]:
        return [cell for row in self.matrix for cell in row]

    @property
    def columns(self) -> dict[str, list[Any]]:
        return dict(zip(self.names, self.cells, strict=True))

    @property
    def tensors(self) -> list[dict[str, Any]]:
        return tensors(self.frame, self.given)

    @property
    def index(self) -> list[int]:
        return list(range(len(self)))

    @property
    def count(self) -> int:
        return len(self)

    @property
    def width(self) -> int:
        return len(self.given)

    def fill(self, template: Any, row: int = 0) -> Any:
        if isinstance(template, str):
            return self._word(template, row)
        if isinstance(template, list):
            return [self.fill(part, row) for part in template]
        if not isinstance(template, Mapping):
            return template
        if EACH in template:
            return [self.fill(template[EACH], i) for i in range(len(self))]
        return {key: self.fill(part, row) for key, part in template.items()}

    def _word(self, text: str, row: int) -> Any:
        if not text.startswith("$"):
            return text
        if text.startswith("$$"):
            return text[1:]
        name = text[1:]
        return getattr(self, ONE[name])[row] if name in ONE else getattr(self, name)


@dataclass(frozen=True, eq=False)
class Body:
    """A checked template. Raises InvalidInput("target.adapter.body") for one that is wrong."""

    template: Any
    is_single: bool = field(init=False)

    def __post_init__(self) -> None:
        words = list(_words(self.template, 0, False))
        _check(words)
        object.__setattr__(self, "is_single", any(word[1:] in ONE for word, repeated in words if not repeated))

    @property
    def content_type(self) -> str:
        if self.template in TEXTS:
            return CSV
        return LINES if isinstance(self.template, Mapping) and EACH_LINE in self.template else JSON

    def write(self, frame: pd.DataFrame, columns: tuple[Column, ...]) -> bytes:
        if self.is_single and len(frame) > 1:
            raise BatchTooLarge("The body of the request has room for one record only; it is asked one by one.")
        filling = Filling(frame, columns)
        kind = self.content_type
        if kind == CSV:
            return as_csv(filling.cells, () if self.template == "$csv" else filling.names).encode()
        if kind == LINES:
            return b"".join(as_json(filling.fill(self.template[EACH_LINE], i)) + b"\n" for i in range(len(frame)))
        return as_json(filling.fill(self.template))


def _words(template: Any, depth: int, repeated: bool) -> Iterator[tuple[str, bool]]:
    """Every placeholder, and whether it stands in a part that is repeated for each record."""
    if depth > DEEPEST:
        raise InvalidInput(FIELD, f"nest the body at most {DEEPEST} deep")
    if isinstance(template, str) and template.startswith("$") and not template.startswith("$$"):
        yield template, repeated
    parts = template.values() if isinstance(template, Mapping) else template if isinstance(template, list) else ()
    loop = isinstance(template, Mapping) and (EACH in template or (EACH_LINE in template and not depth))
    if loop and len(template) > 1:
        raise InvalidInput(FIELD, f"{EACH} and {EACH_LINE} stand alone in their mapping; move the other keys out")
    for part in parts:
        yield from _words(part, depth + 1, repeated or loop)


def _check(words: list[tuple[str, bool]]) -> None:
    texts = [word for word, _ in words if word in TEXTS]
    if texts and len(words) > 1:
        raise InvalidInput(FIELD, f"{texts[0]} is a whole body; it cannot stand beside other placeholders")
    known = {*(f"${name}" for name in (*ALL, *ONE)), *TEXTS}
    odd = next((word for word, _ in words if word not in known), None)
    if odd is not None:
        raise InvalidInput(
            FIELD, f"there is no placeholder {odd[:40]!r}; choose from {', '.join(sorted(known))}, or write $$ for a $"
        )
    if not {word for word, _ in words} - {"$names", "$index", "$count", "$width"}:
        raise InvalidInput(FIELD, "the body holds no records; write $records, $rows or another placeholder where they belong")
