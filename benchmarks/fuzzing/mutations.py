"""Random changes to an answer: some to the document, which stays well-formed, some to its bytes."""

import copy
import json
import math
import random
from collections.abc import Callable, Iterator
from typing import Any

from auditor.querying.protocols import media

Place = tuple[Any, Any]
"""A list or a mapping, and the index or key in it."""
ODD: tuple[Any, ...] = (
    *(True, False, None, "", "0.5", "NaN", "1e-3", " 0.25", "a", "b", "\ud800", "\x00", "0", "1.0", "<html>"),
    *(math.nan, math.inf, -math.inf, -0.0, -1e-9, 1.0000001, 1.5, -1, 2, 10**400, 2**63, 1e308, 5e-324, 0, 1, 0.5),
    *([], {}, [0.5], [[]], {"a": 1}, [None], ["0.5"], [True], {"label": "a", "score": 0.5}, {"error": "x"}, [[[[[[0.5]]]]]]),
)
NAMES = (
    "predictions",
    "outputs",
    "error",
    "label",
    "score",
    "scores",
    "classes",
    "data",
    "a",
    "c",
    "d",
    "1.0",
    "shape",
    "",
    "result",
)
KINDS = ("", media.JSON, media.CSV, media.LINES, "text/plain", "text/csv; charset=latin-1")
BYTES = (
    b"\xef\xbb\xbf",
    b"\x00",
    b"\xff",
    b",",
    b"\n",
    b'"',
    b"[",
    b"]",
    b"{",
    b"}",
    b"-",
    b"e",
    b"1",
    b".",
    b" ",
    b"NaN",
    b"_",
    b"\r",
)


def mutated(content: bytes, kind: str, chance: random.Random) -> tuple[bytes, str]:
    """The body and its content type after one to three changes."""
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        if chance.random() < 0.05:
            kind = chance.choice(KINDS)
        content = _changed(content, kind, chance)
    return content, kind


def _changed(content: bytes, kind: str, chance: random.Random) -> bytes:
    if kind.startswith(media.CSV) or chance.random() < 0.3:
        return chance.choice(OF_BYTES)(content, chance)
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        return chance.choice(OF_BYTES)(content, chance)
    if isinstance(document, str):
        return json.dumps(_changed(document.encode("utf-8", "replace"), kind, chance).decode("utf-8", "replace")).encode()
    if chance.random() < 0.05:
        return _with_a_key_twice(json.dumps(document), chance)
    return json.dumps(_of_document(document, chance)).encode()


def _with_a_key_twice(text: str, chance: random.Random) -> bytes:
    """Before the first key, the same one with another value."""
    start = text.find('{"')
    key = text[start + 1 : text.find(":", start)]
    return (text[: start + 1] + f"{key}: {json.dumps(chance.choice(ODD))}, " + text[start + 1 :] if start >= 0 else text).encode()


def _of_document(document: Any, chance: random.Random) -> Any:
    holder = [copy.deepcopy(document)]
    places = list(_places(holder))
    chance.choice(OF_PLACES)(*chance.choice(places), chance)
    return holder[0] if holder else None


def _places(holder: Any) -> Iterator[Place]:
    for at in list(holder) if isinstance(holder, dict) else range(len(holder)):
        yield holder, at
        if isinstance(holder[at], list | dict):
            yield from _places(holder[at])


def _replace(holder: Any, at: Any, chance: random.Random) -> None:
    holder[at] = chance.choice(ODD)


def _drop(holder: Any, at: Any, chance: random.Random) -> None:
    del holder[at]


def _repeat(holder: Any, at: Any, chance: random.Random) -> None:
    if isinstance(holder, list):
        holder.insert(at, copy.deepcopy(holder[at]))
    else:
        holder[chance.choice(NAMES)] = copy.deepcopy(holder[at])


def _swap(holder: Any, at: Any, chance: random.Random) -> None:
    other = chance.choice(list(holder) if isinstance(holder, dict) else range(len(holder)))
    holder[at], holder[other] = holder[other], holder[at]


def _wrap(holder: Any, at: Any, chance: random.Random) -> None:
    holder[at] = chance.choice(([holder[at]], {chance.choice(NAMES): holder[at]}))


def _unwrap(holder: Any, at: Any, chance: random.Random) -> None:
    inner = holder[at]
    if isinstance(inner, list | dict) and inner:
        holder[at] = chance.choice(list(inner.values()) if isinstance(inner, dict) else inner)


def _rename(holder: Any, at: Any, chance: random.Random) -> None:
    if isinstance(holder, dict):
        holder[chance.choice(NAMES)] = holder.pop(at)
    else:
        holder.reverse()


def _as_text(holder: Any, at: Any, chance: random.Random) -> None:
    holder[at] = json.dumps(holder[at])


def _nudge(holder: Any, at: Any, chance: random.Random) -> None:
    if type(holder[at]) in (int, float) and abs(holder[at]) < 2**63:
        holder[at] += chance.choice((1e-12, -1e-7, 1e-4, 0.3, -2, 1))


def _retype(holder: Any, at: Any, chance: random.Random) -> None:
    if isinstance(holder, dict) and "datatype" in holder:
        holder["datatype"] = chance.choice(("BYTES", "BOOL", "INT64", "FP32", "UINT8", "", None, 7))
    else:
        _replace(holder, at, chance)


OF_PLACES: tuple[Callable[[Any, Any, random.Random], None], ...] = (
    *(_replace, _replace, _replace, _drop, _repeat, _swap, _wrap, _unwrap, _rename, _as_text, _nudge, _retype),
)


def _at(content: bytes, chance: random.Random) -> int:
    return chance.randrange(len(content) + 1)


def _cut(content: bytes, chance: random.Random) -> bytes:
    return content[: _at(content, chance)]


def _insert(content: bytes, chance: random.Random) -> bytes:
    at = _at(content, chance)
    return content[:at] + chance.choice(BYTES) + content[at:]


def _overwrite(content: bytes, chance: random.Random) -> bytes:
    at = _at(content, chance)
    return content[:at] + chance.choice((bytes([chance.randrange(256)]), *BYTES)) + content[at + 1 :]


def _delete(content: bytes, chance: random.Random) -> bytes:
    at = _at(content, chance)
    return content[:at] + content[at + chance.choice((1, 1, 2, 8)) :]


def _double(content: bytes, chance: random.Random) -> bytes:
    start, end = sorted((_at(content, chance), _at(content, chance)))
    return content[:end] + content[start:end] + content[end:]


def _without_a_line(content: bytes, chance: random.Random) -> bytes:
    lines = content.splitlines(keepends=True)
    return b"".join(lines[:-1] if chance.random() < 0.5 else lines[1:])


def _ahead(content: bytes, chance: random.Random) -> bytes:
    return chance.choice((b"\xef\xbb\xbf", b"\n", b"a,b,c\n", b")]}',\n")) + content


def _recoded(content: bytes, chance: random.Random) -> bytes:
    return content.decode("utf-8", "replace").encode(chance.choice(("utf-16", "utf-32-be", "utf-8-sig")))


OF_BYTES: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    *(_cut, _insert, _insert, _overwrite, _overwrite, _delete, _double, _without_a_line, _ahead, _recoded),
)
