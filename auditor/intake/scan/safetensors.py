"""safetensors: a header of JSON and numbers behind it, without a gap; nothing in it can run."""

import json
import math
from typing import Any

from auditor.intake.scan.part import Part, Reading
from auditor.intake.scan.sighting import Kind

LONGEST_HEADER = 100_000_000  # what the format allows
BITS = {"BOOL": 8, "U8": 8, "I8": 8, "F8_E5M2": 8, "F8_E4M3": 8, "F8_E8M0": 8, "I16": 16, "U16": 16, "F16": 16,
        "BF16": 16, "I32": 32, "U32": 32,
        "F32": 32, "I64": 64, "U64": 64, "F64": 64, "C64": 64, "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6}  # fmt: skip


def is_safetensors(data: bytes) -> bool:
    length = int.from_bytes(data[:8], "little")
    return len(data) > 9 and data[8:9] == b"{" and 2 <= length <= LONGEST_HEADER


def read(part: Part) -> Reading:
    data = part.data[:]
    wrong = _wrong(data)
    return Reading("safetensors", sightings=[part.saw(Kind.IRREGULAR, wrong)] if wrong else [])


def _wrong(data: bytes) -> str:
    """What is wrong with the file, empty if nothing is."""
    length = int.from_bytes(data[:8], "little")
    if 8 + length > len(data):
        return "the header is longer than the file"
    try:
        header = json.loads(data[8 : 8 + length], object_pairs_hook=_once)
    except (ValueError, RecursionError):
        return "the header is not JSON, or names something twice"
    spans = []
    for name, tensor in header.items():
        if name != "__metadata__":
            span = _span(tensor)
            if span is None:
                return f"the tensor {name[:100]!r} is described wrongly"
            spans.append(span)
    return _gap(sorted(spans), len(data) - 8 - length)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({key for key, _ in pairs}) != len(pairs):
        raise ValueError("a name stands twice")
    return dict(pairs)


def _span(tensor: Any) -> tuple[int, int] | None:
    """Where it begins and ends, if its size is that of its shape."""
    try:
        start, end = tensor["data_offsets"]
        shape, bits = tensor["shape"], BITS[tensor["dtype"]]
        if not all(type(n) is int and n >= 0 for n in (start, end, *shape)) or len(shape) > 32:
            return None
        return (start, end) if end - start == math.prod(shape) * bits // 8 else None
    except (KeyError, TypeError, ValueError):
        return None


def _gap(spans: list[tuple[int, int]], size: int) -> str:
    at = 0
    for start, end in spans:
        if start != at:
            return "tensors overlap, or there are bytes between them that belong to none"
        at = end
    return "" if at == size else "the file is longer or shorter than its tensors"
