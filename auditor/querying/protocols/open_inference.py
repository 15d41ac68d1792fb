"""The Open Inference Protocol, version 2 (Triton, MLServer, KServe): tensors in, named tensors out, as JSON.

https://github.com/kserve/open-inference-protocol/blob/main/specification/protocol/inference_rest.md
"""

import math
import secrets
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd

from auditor.domain.data import Column, ColumnType
from auditor.domain.target import Output, Rows, Target
from auditor.errors import BadAnswer
from auditor.querying.endpoint import Endpoint
from auditor.querying.protocols import binary_tensors
from auditor.querying.protocols.cells import cells_of, numeric_rows
from auditor.querying.protocols.media import JSON, as_json
from auditor.querying.reply import SCORES, Reply, from_numbers, from_rows

DATATYPES = {ColumnType.INTEGER: "INT64", ColumnType.NUMBER: "FP64", ColumnType.BOOLEAN: "BOOL"}
MATRIX_NAME = "input-0"
Tensor = Mapping[str, Any]


class _Asked(threading.local):
    """What this thread's request is called, until its answer is read."""

    id: str = ""


@dataclass(frozen=True, eq=False)
class OpenInference:
    target: Target
    columns: tuple[Column, ...]
    endpoint: Endpoint
    _learned: list[str] = field(default_factory=list)
    _asked: _Asked = field(default_factory=_Asked)

    @property
    def path(self) -> str:
        return self.endpoint.completed("/infer")

    @property
    def content_type(self) -> str:
        return binary_tensors.OCTETS if self.target.binary else JSON

    @property
    def headers(self) -> dict[str, str]:
        return {}

    @property
    def most_rows(self) -> None:
        return None

    def encode(self, frame: pd.DataFrame) -> bytes:
        matrix = self.target.rows is Rows.MATRIX
        self._asked.id = secrets.token_hex(8)
        if self.target.binary:
            return self._framed(frame, matrix)
        inputs = [_matrix(frame, self.columns)] if matrix else tensors(frame, self.columns)
        told = {"content_type": "np" if matrix else "pd"}
        document: dict[str, Any] = {"id": self._asked.id, "inputs": inputs, "parameters": told}
        if name := self._wanted():
            document["outputs"] = [{"name": name}]
        return as_json(document)

    def _framed(self, frame: pd.DataFrame, matrix: bool) -> bytes:
        rows = numeric_rows(frame, self.columns) if matrix else []
        inputs = [binary_tensors.matrix(MATRIX_NAME, rows)] if matrix else binary_tensors.columns(frame, self.columns)
        told = {"content_type": "np" if matrix else "pd", "binary_data_output": True}
        described = [one for one, _ in inputs]
        document: dict[str, Any] = {"id": self._asked.id, "inputs": described, "parameters": told}
        if name := self._wanted():
            document["outputs"] = [{"name": name, "parameters": {"binary_data": True}}]
        return binary_tensors.Framed.of(document, [raw for _, raw in inputs])

    def decode(self, document: Any, n: int) -> Reply:
        tensors = _outputs(document)
        self._check_id(document.get("id"))
        tensor = self._choose(tensors)
        if len(tensors) > 1 and not self._wanted():
            self._learned.append(str(tensor.get("name", "")))
        return _reply(tensor, n)

    def _check_id(self, told: Any) -> None:
        """The protocol has a server give back the id of the request; one that gives back another's has mixed up its answers."""
        asked, self._asked.id = self._asked.id, ""
        if asked and told and str(told) != asked:
            raise BadAnswer(
                f"The target's answer has the id {str(told)[:40]!r} and belongs to another request than {asked!r};"
                " check the server and any proxy in between."
            )

    def _wanted(self) -> str:
        """The output to ask for: the one after `#` in the URL, or the one chosen when the target sent several."""
        return self.endpoint.tensor or (self._learned[0] if self._learned else "")

    def _choose(self, tensors: list[Tensor]) -> Tensor:
        named = [t for t in tensors if t.get("name") == self.endpoint.tensor]
        if self.endpoint.tensor and not named:
            known = ", ".join(repr(str(t.get("name"))[:40]) for t in tensors[:5])
            raise BadAnswer(
                f"The target answers no tensor {self.endpoint.tensor[:40]!r} but {known}; name one of these after # in target.url."
            )
        return min(named or tensors, key=self._unlikeliness)

    def _unlikeliness(self, tensor: Tensor) -> tuple[bool, bool, int]:
        """Lower fits the declared output better: labels are one value a record, scores are named so or have a column a class."""
        name, shape = str(tensor.get("name", "")).lower(), _shape(tensor)
        wide = len(shape) > 1 and shape[-1] > 1
        if self.target.output is Output.VALUE:
            return wide, tensor.get("datatype") == "BYTES", 0
        if self.target.output is Output.LABELS:
            return wide, tensor.get("datatype") not in ("BYTES", "INT64", "INT32", "BOOL"), 0
        scores = any(word in name for word in SCORES)
        return not (wide or scores), not scores, -len(shape)


def tensors(frame: pd.DataFrame, columns: tuple[Column, ...]) -> list[dict[str, Any]]:
    """One tensor a column."""
    shape = [len(frame), 1]
    return [
        {"name": c.name, "shape": shape, "datatype": DATATYPES.get(c.type, "BYTES"), "data": cells}
        for c, cells in zip(columns, cells_of(frame, columns), strict=True)
    ]


def _matrix(frame: pd.DataFrame, columns: tuple[Column, ...]) -> dict[str, Any]:
    flat = [cell for row in numeric_rows(frame, columns) for cell in row]
    return {"name": MATRIX_NAME, "shape": [len(frame), len(columns)], "datatype": "FP64", "data": flat}


def _outputs(document: Any) -> list[Tensor]:
    outputs = document.get("outputs") if isinstance(document, Mapping) else None
    if not isinstance(outputs, list) or not outputs or not all(isinstance(t, Mapping) for t in outputs):
        raise BadAnswer("The target's answer has no list of outputs; check target.protocol, which says open-inference.")
    return outputs


def _shape(tensor: Tensor) -> tuple[int, ...]:
    shape = tensor.get("shape")
    if not isinstance(shape, list) or not all(type(v) is int and 0 <= v < 2**31 for v in shape):
        raise BadAnswer("A tensor of the target's answer has no valid shape; check target.protocol, which says open-inference.")
    return tuple(shape)


def _reply(tensor: Tensor, n: int) -> Reply:
    shape, data = _shape(tensor), tensor.get("data")
    name = str(tensor.get("name", ""))
    if not isinstance(data, list):
        raise BadAnswer(f"Output {name[:40]!r} of the target's answer has no data; ask the server for JSON, not binary tensors.")
    if not shape or shape[0] != n:
        raise BadAnswer(f"The target gave {shape[0] if shape else 1:,} answers for {n:,} records; it must answer each record once.")
    flat = _flat(data, shape)
    if len(flat) != math.prod(shape):
        raise BadAnswer(
            f"Output {name[:40]!r} of the target's answer says shape {list(shape)} but holds {len(flat):,} values;"
            " the server must send as many as it says."
        )
    _check_type(str(tensor.get("datatype", "")), flat, name)
    width = math.prod(shape[1:])
    if tensor.get("datatype") in ("BYTES", "BOOL") and width == 1:
        return replace(from_rows(flat, n), tensor=name)
    return replace(from_numbers(flat, width), tensor=name)


def _check_type(datatype: str, flat: list[Any], name: str) -> None:
    """Raises BadAnswer for values that the declared datatype cannot hold; numbers sent as BYTES are often another model's."""
    kinds = set(map(type, flat))
    fits = True
    if datatype == "BYTES":
        fits = kinds <= {str}
    elif datatype == "BOOL":
        fits = all(value in (0, 1) for value in flat) if kinds <= {bool, int, float} else False
    elif datatype.startswith(("INT", "UINT")):
        fits = kinds <= {int, float} and all(value == value // 1 for value in flat)
    if not fits:
        raise BadAnswer(
            f"Output {name[:40]!r} of the target's answer says datatype {datatype[:10]} but holds other values;"
            " the server must send what it says."
        )


def _flat(data: list[Any], shape: tuple[int, ...]) -> list[Any]:
    """Nested lists row by row; those of another shape are left as they are, and so hold another number of values."""
    sizes = [size for size in shape if size != 1]
    nested: list[int] = []
    flat = data
    while flat and isinstance(flat[0], list):
        nested.append(len(flat) // max(1, math.prod(nested)))
        if not all(isinstance(row, list) and len(row) == len(flat[0]) for row in flat):
            return data[:0]
        flat = [cell for row in flat for cell in row]
    nested.append(len(flat) // max(1, math.prod(nested)))
    return flat if flat is data or [size for size in nested if size != 1] == sizes else data[:0]
