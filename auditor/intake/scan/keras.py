"""Keras models: layers that carry Python code, and names that the loader imports."""

import json
import re
from collections.abc import Iterator
from typing import Any

from auditor.intake.scan.dangerous import is_dangerous
from auditor.intake.scan.part import Part
from auditor.intake.scan.sighting import Kind, Sighting
from auditor.intake.scan.symbols import Global

LAMBDA = "it has a Lambda layer, which is Python code that runs when the model is loaded or asked"
IN_HDF5 = re.compile(rb'"class_name":\s*"(Lambda|TFOpLambda|SlicingOpLambda)"')
HDF5 = b"\x89HDF\r\n\x1a\n"


def look(part: Part) -> list[Sighting]:
    """The configuration of a .keras archive."""
    try:
        document = json.loads(part.data[:])
    except (ValueError, RecursionError):
        return [part.saw(Kind.UNREAD, "the configuration of the model is not JSON")]
    found: dict[Sighting, None] = {}
    for node in nodes(document):
        for sighting in _of_node(part, node):
            found[sighting] = None
    return list(found)


def look_into_hdf5(part: Part) -> list[Sighting]:
    """HDF5 keeps the configuration as plain text in an attribute."""
    match = IN_HDF5.search(part.data)
    return [part.saw(Kind.RUNS, LAMBDA, "Lambda")] if match else []


def nodes(document: Any) -> Iterator[dict[str, Any]]:
    """Every object within a JSON document; without recursion, because nesting is the author's choice."""
    waiting = [document]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            yield value
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)


def _of_node(part: Part, node: dict[str, Any]) -> Iterator[Sighting]:
    cls, module = node.get("class_name"), node.get("module")
    if cls in ("Lambda", "__lambda__"):
        yield part.saw(Kind.RUNS, LAMBDA, "Lambda")
    elif isinstance(module, str) and isinstance(cls, str):
        config = node.get("config")
        name = Global(module, config if cls == "function" and isinstance(config, str) else cls)
        if is_dangerous(name):
            yield part.saw(Kind.RUNS, f"loading it would import {name}, which no model needs", str(name))
        elif module.partition(".")[0] != "keras":
            yield part.saw(Kind.UNKNOWN, f"loading it would import {name}, and nothing here knows what that does", str(name))
    if (
        isinstance(node.get("registered_name"), str)
        and ">" in node["registered_name"]
        and not node["registered_name"].startswith("keras")
    ):
        yield part.saw(Kind.OUTSIDE, f"it needs the layer {node['registered_name'][:100]!r} from a program of its own")
