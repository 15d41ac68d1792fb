"""Bodies as text: the media types that are sent and understood."""

import csv
import io
import json
import re
from typing import Any

import orjson

from auditor.errors import BadAnswer

JSON, CSV, LINES = "application/json", "text/csv", "application/jsonlines"
NUMBER = re.compile(r"[ \t]*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?[ \t]*")
LINE_TYPES = (LINES, "application/jsonl", "application/x-ndjson", "application/x-jsonlines")


def as_json(value: Any) -> bytes:
    """Floats keep every digit. What orjson has no form for (whole numbers beyond 64 bits, half a surrogate pair) json writes."""
    try:
        return orjson.dumps(value)
    except orjson.JSONEncodeError:
        return json.dumps(value, separators=(",", ":"), allow_nan=False).encode()


def parsed(content: bytes, content_type: str) -> Any:
    """What a body says, read as its content type declares and as JSON otherwise; raises BadAnswer."""
    kind = content_type.partition(";")[0].strip().lower()
    try:
        if kind == CSV:
            return _from_csv(content.decode("utf-8-sig"))
        if kind in LINE_TYPES:
            return [from_json(line) for line in content.decode("utf-8-sig").split("\n") if line.strip()]
        return from_json(content)
    except (ValueError, RecursionError, csv.Error):
        wanted = {CSV: "CSV in UTF-8"}.get(kind, "JSON")
        shown = "".join(c for c in kind[:40] if c.isprintable()) or "no content type"
        raise BadAnswer(
            f"The target answered something that is not {wanted} ({shown}); check target.url and target.protocol."
        ) from None


def from_json(content: str | bytes) -> Any:
    """A JSON value; raises ValueError, also where a key stands twice: nobody can say which of the two is meant."""
    return json.loads(content, object_pairs_hook=_once)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands twice")
    return found


def is_whole(content: bytes, content_type: str) -> bool:
    """Whether the end of a body shows that nothing is missing, for bodies without a length: 0.5 may be the start of 0.53."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind in (CSV, *LINE_TYPES):
        return content.endswith(b"\n")
    return content.lstrip()[:1] == b"<" or content.rstrip()[-1:] in (b"]", b"}", b'"')


def _from_csv(text: str) -> list[Any]:
    """A value a line, or a list where a line has several."""
    rows = [[_number(cell) for cell in row] for row in csv.reader(io.StringIO(text)) if row]
    return [row[0] if len(row) == 1 else row for row in rows]


def _number(cell: str) -> float | str:
    """Python would read 1_000, nan and digits of other scripts as numbers too."""
    return float(cell) if NUMBER.fullmatch(cell) else cell
