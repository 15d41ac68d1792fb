"""skops files name the types that they are made of and let the reader decide; nothing runs unless the reader trusts it."""

import json
from collections.abc import Iterator
from typing import Any

from auditor.intake.scan.dangerous import is_dangerous
from auditor.intake.scan.keras import nodes
from auditor.intake.scan.known import is_known
from auditor.intake.scan.part import Part
from auditor.intake.scan.sighting import Kind, Sighting
from auditor.intake.scan.symbols import Global

NATIVE = {"json", "cell", "None"}  # skops has nodes of its own for these


def look(part: Part) -> list[Sighting]:
    """The types in `schema.json` that are not of known libraries."""
    try:
        document = json.loads(part.data[:])
    except (ValueError, RecursionError):
        return [part.saw(Kind.UNREAD, "the schema of the model is not JSON")]
    return [_sighting(part, name) for name in dict.fromkeys(_types(document)) if not is_known(name)]


def _types(document: Any) -> Iterator[Global]:
    for node in nodes(document):
        cls, module = node.get("__class__"), node.get("__module__")
        if isinstance(cls, str) and isinstance(module, str) and node.get("__loader__") != "JsonNode":
            yield from _named(node, Global(module, cls))


def _named(node: dict[str, Any], of: Global) -> Iterator[Global]:
    """A function or type stands in `content`; an operator only as a class of `operator`."""
    content = node.get("content")
    if node.get("__loader__") in ("FunctionNode", "TypeNode") and isinstance(content, dict):
        module, name = content.get("module_path", content.get("__module__")), content.get("function", content.get("__class__"))
        if isinstance(module, str) and isinstance(name, str):
            yield Global(module, name)
            return
    yield of


def _sighting(part: Part, name: Global) -> Sighting:
    if is_dangerous(name):
        return part.saw(Kind.RUNS, f"loading it would use {name}, which no model needs, if the reader trusts all types", str(name))
    words = f"it holds the type {name}, which nothing here knows; skops loads it only for readers who trust it by name"
    return part.saw(Kind.UNKNOWN, words, str(name))
