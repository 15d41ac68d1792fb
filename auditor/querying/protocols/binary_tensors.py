"""The binary extension of the Open Inference Protocol: a JSON header, then tensors as raw little-endian bytes: exact, and smaller.

https://github.com/kserve/open-inference-protocol/blob/main/specification/protocol/inference_rest.md (binary tensor data extension)
"""

import json
import struct
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from auditor.domain.data import Column, ColumnType
from auditor.errors import BadAnswer, InvalidInput

OCTETS = "application/octet-stream"
LENGTH = "Inference-Header-Content-Length"
RAW = {
    "FP64": "<f8",
    "FP32": "<f4",
    "FP16": "<f2",
    "INT64": "<i8",
    "INT32": "<i4",
    "INT16": "<i2",
    "INT8": "<i1",
    "UINT64": "<u8",
    "UINT32": "<u4",
    "UINT16": "<u2",
    "UINT8": "<u1",
    "BOOL": "?",
}
SENT = {ColumnType.INTEGER: "INT64", ColumnType.NUMBER: "FP64", ColumnType.BOOLEAN: "BOOL"}


class Framed(bytes):
    """A body that knows how long its JSON header is."""

    header_length: int

    @classmethod
    def of(cls, document: Mapping[str, Any], tensors: Sequence[bytes]) -> "Framed":
        header = json.dumps(document, separators=(",", ":"), allow_nan=False).encode()
        made = cls(b"".join([header, *tensors]))
        made.header_length = len(header)
        return made


def columns(frame: pd.DataFrame, given: Sequence[Column]) -> list[tuple[dict[str, Any], bytes]]:
    """One tensor a column: what the header says of it, and its bytes."""
    return [_tensor(c.name, SENT.get(c.type, "BYTES"), [len(frame), 1], frame.iloc[:, i]) for i, c in enumerate(given)]


def matrix(name: str, rows: Sequence[Sequence[float | None]]) -> tuple[dict[str, Any], bytes]:
    """One FP64 tensor; a missing cell is NaN."""
    cells = np.array(rows, dtype=np.float64)
    return _described(name, "FP64", list(cells.shape), cells.astype("<f8").tobytes())


def _tensor(name: str, kind: str, shape: list[int], cells: pd.Series) -> tuple[dict[str, Any], bytes]:
    if kind != "FP64" and cells.isna().any():
        raise InvalidInput(
            "target.binary", f"column {name[:40]!r} has missing cells, which raw bytes cannot carry; take binary out"
        )
    if kind == "BYTES":
        texts = [str(cell).encode() for cell in cells]
        raw = b"".join(struct.pack("<I", len(text)) + text for text in texts)
    else:
        raw = cells.to_numpy(dtype=np.dtype(RAW[kind])).tobytes()
    return _described(name, kind, shape, raw)


def _described(name: str, kind: str, shape: list[int], raw: bytes) -> tuple[dict[str, Any], bytes]:
    return {"name": name, "shape": shape, "datatype": kind, "parameters": {"binary_data_size": len(raw)}}, raw


def parsed(content: bytes, length: str) -> Any:
    """The answer as its JSON form would be; raises BadAnswer where header and bytes do not go together."""
    if not length.isdecimal() or int(length) > len(content):
        raise _odd("says another length of its header than it has")
    size = int(length)
    try:
        document = json.loads(content[:size])
        outputs = document["outputs"]
        sizes = [output.get("parameters", {}).get("binary_data_size") for output in outputs]
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError):
        raise _odd("has no list of outputs") from None
    if (
        not all(one is None or (type(one) is int and one >= 0) for one in sizes)
        or sum(s or 0 for s in sizes) != len(content) - size
    ):
        raise _odd("holds another number of bytes than it says")
    filled = []
    for output, count in zip(outputs, sizes, strict=True):
        if count is None:
            filled.append(output)
            continue
        filled.append({**output, "data": _read(str(output.get("datatype")), content[size : size + count])})
        size += count
    return {**document, "outputs": filled}


def _read(kind: str, raw: bytes) -> list[Any]:
    if kind == "BYTES":
        return _texts(raw)
    if kind not in RAW:
        raise _odd(f"holds the datatype {kind[:20]!r}, which is not known")
    dtype = np.dtype(RAW[kind])
    if len(raw) % dtype.itemsize:
        raise _odd("holds half a number")
    found: NDArray[Any] = np.frombuffer(raw, dtype=dtype)
    cells: list[Any] = found.tolist()
    return cells


def _texts(raw: bytes) -> list[str]:
    found, at = [], 0
    while at < len(raw):
        end = at + 4 + int.from_bytes(raw[at : at + 4], "little")
        if at + 4 > len(raw) or end > len(raw):
            raise _odd("holds a text that breaks off")
        found.append(raw[at + 4 : end].decode("utf-8", "replace"))
        at = end
    return found


def _odd(what: str) -> BadAnswer:
    return BadAnswer(f"The target's binary answer {what}; check the server, or set target.binary: false.")
