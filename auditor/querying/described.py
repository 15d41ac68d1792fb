"""What a server says of its model's inputs, where it says so: records to probe with are then made up, and none need be given."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pandas as pd
from urllib3 import exceptions

from auditor.domain.data import Column, ColumnType
from auditor.querying.connection import Deadline, open_pool
from auditor.querying.endpoint import Endpoint, parse_url, refuse
from auditor.querying.guard import Guard

LARGEST = 1_000_000
MOST_COLUMNS = 2_000
DEEPEST = 12
MADE_UP = 64
SCHEMAS = ("/openapi.json", "/schema.json", "/swagger.json", "/docs.json")
"""FastAPI, LitServe and Ray Serve; BentoML 1.4; the Azure ML inference server; BentoML's OpenAPI."""
DATATYPES = {"BOOL": ColumnType.BOOLEAN, "BYTES": ColumnType.STRING, "FP": ColumnType.NUMBER, "INT": ColumnType.INTEGER}
TYPES = {
    "number": ColumnType.NUMBER,
    "integer": ColumnType.INTEGER,
    "string": ColumnType.STRING,
    "boolean": ColumnType.BOOLEAN,
}
HEADERS = {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "privacy-attack-auditor"}


@dataclass(frozen=True)
class Described:
    """The inputs of a model, and the page that told them."""

    columns: tuple[Column, ...]
    page: str

    def sample(self) -> pd.DataFrame:
        """MADE_UP records of plain values; they are good for finding the form of answers, and say nothing of any person."""
        rng = np.random.default_rng(0)
        return pd.DataFrame({column.name: _cells(column.type, rng) for column in self.columns})


def described(url: str, guard: Guard, timeout: float) -> Described | None:
    """Asks the pages on which servers describe their models, through the guarded connection; None where none helps. Nothing is
    inferred, so it costs no query. Raises InvalidInput for a URL that may not be asked."""
    endpoint = parse_url(url)
    refuse(endpoint, guard)
    for page in _pages(endpoint):
        document = _page(endpoint, page, guard, timeout)
        found = tuple(_columns(document, endpoint)) if isinstance(document, dict) else ()
        if found and len(found) <= MOST_COLUMNS and len({column.name for column in found}) == len(found):
            return Described(found, page)
    return None


def _pages(endpoint: Endpoint) -> Iterator[str]:
    path = urlsplit(endpoint.path).path
    if "/v2/models/" in path:
        yield path.removesuffix("/infer")
    yield from SCHEMAS


def _page(endpoint: Endpoint, page: str, guard: Guard, timeout: float) -> Any:
    deadline = Deadline()
    pool = open_pool(endpoint, guard, deadline)
    deadline.start(timeout)
    try:
        response = pool.urlopen("GET", page, headers=HEADERS, retries=False, redirect=False, preload_content=False, timeout=timeout)
        try:
            return json.loads(response.read(LARGEST, decode_content=False)) if response.status == 200 else None
        finally:
            response.close()
    except (exceptions.HTTPError, OSError, ValueError, RecursionError):
        return None
    finally:
        pool.close()


def _columns(document: Mapping[str, Any], endpoint: Endpoint) -> Iterator[Column]:
    if isinstance(document.get("inputs"), list):
        return _tensors(document["inputs"])
    return _fields(document, urlsplit(endpoint.path).path)


def _tensors(inputs: list[Any]) -> Iterator[Column]:
    """Open Inference: one tensor a column, or one matrix."""
    for tensor in inputs:
        if not isinstance(tensor, dict):
            return
        shape, kind = tensor.get("shape") or [], _datatype(str(tensor.get("datatype", "")))
        width = shape[-1] if len(shape) == 2 and isinstance(shape[-1], int) else 1
        if kind is None or len(shape) > 2 or not 1 <= width <= MOST_COLUMNS:
            return
        name = str(tensor.get("name", ""))
        yield from [Column(name, kind)] if width == 1 else [Column(f"{name}_{i}", kind) for i in range(width)]


def _datatype(name: str) -> ColumnType | None:
    return next((kind for prefix, kind in DATATYPES.items() if name.removeprefix("U").startswith(prefix)), None)


def _fields(document: Mapping[str, Any], path: str) -> Iterator[Column]:
    """JSON Schema: the properties of the first object of plain values that the body of this path holds."""
    for body in _bodies(document, path):
        for properties in _objects(body, document, 0):
            kinds = {name: _plain(schema, document) for name, schema in properties.items()}
            if kinds and all(kinds.values()):
                yield from (Column(name, kind) for name, kind in kinds.items() if kind)
                return


def _bodies(document: Mapping[str, Any], path: str) -> Iterator[Any]:
    operation = _at(document, "paths", path, "post")
    yield _at(operation, "requestBody", "content", "application/json", "schema")
    for parameter in _at(operation, "parameters") or ():
        yield _at(parameter, "schema")
    for route in document.get("routes") or ():  # BentoML's own form
        if _at(route, "route") == path:
            yield _at(route, "input")


def _objects(schema: Any, document: Mapping[str, Any], depth: int) -> Iterator[Mapping[str, Any]]:
    """Every object inside a schema that has named properties, the innermost records of a list among them."""
    schema = _resolved(schema, document)
    if not isinstance(schema, dict) or depth > DEEPEST:
        return
    properties = schema.get("properties")
    if isinstance(properties, dict):
        yield properties
        for inner in properties.values():
            yield from _objects(inner, document, depth + 1)
    yield from _objects(schema.get("items"), document, depth + 1)
    for choice in (*(schema.get("anyOf") or ()), *(schema.get("oneOf") or ()), *(schema.get("allOf") or ())):
        yield from _objects(choice, document, depth + 1)


def _plain(schema: Any, document: Mapping[str, Any]) -> ColumnType | None:
    schema = _resolved(schema, document)
    if not isinstance(schema, dict):
        return None
    options = schema.get("anyOf") or [{"type": kind} for kind in _as_list(schema.get("type"))]
    known = [TYPES.get(str(option.get("type"))) for option in options if isinstance(option, dict) and option.get("type") != "null"]
    return known[0] if len(known) == 1 else None


def _as_list(kind: Any) -> list[Any]:
    return kind if isinstance(kind, list) else [kind]


def _resolved(schema: Any, document: Mapping[str, Any]) -> Any:
    for _ in range(DEEPEST):
        reference = _at(schema, "$ref")
        if not isinstance(reference, str) or not reference.startswith("#/"):
            return schema
        schema = _at(document, *reference[2:].split("/"))
    return None


def _at(value: Any, *keys: str) -> Any:
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _cells(kind: ColumnType, rng: np.random.Generator) -> pd.Series:
    if kind is ColumnType.INTEGER:
        return pd.Series(rng.integers(0, 100, MADE_UP))
    if kind is ColumnType.NUMBER:
        return pd.Series(rng.normal(0, 1, MADE_UP).round(6))
    if kind is ColumnType.BOOLEAN:
        return pd.Series((rng.random(MADE_UP) < 0.5).astype(object), dtype=object)
    return pd.Series(rng.choice(["a", "b", "c"], MADE_UP).astype(object), dtype=object)
