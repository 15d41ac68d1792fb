"""What an audit was expected to cost before it started, and what it came to."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from auditor.report import numbers

Document = Mapping[str, Any]
ELSEWHERE = "Cannot run:"
"""What did not run has a section of its own."""


@dataclass(frozen=True)
class CostRow:
    name: str
    estimated: str
    actual: str


@dataclass(frozen=True)
class Cost:
    rows: tuple[CostRow, ...]
    sentences: tuple[str, ...]


def cost_of(block: Document | None) -> Cost | None:
    """None where the result says nothing of it; a quantity that nobody told is left out."""
    if not block:
        return None
    estimated, actual = block.get("estimated") or {}, block.get("actual") or {}
    rows = tuple(row for row in (_row(name, key, estimated, actual) for name, key in _ROWS) if row.estimated or row.actual)
    sentences = tuple(s for s in map(str, estimated.get("sentences", ())) if not s.startswith(ELSEWHERE))
    return Cost(rows, sentences) if rows or sentences else None


_ROWS = (
    ("Records asked", "queries"),
    ("Shadow models fitted", "fits"),
    ("Shadow models in store", "shadow_bytes"),
    ("Time", "seconds"),
    ("Price", "price"),
)


def _row(name: str, key: str, estimated: Document, actual: Document) -> CostRow:
    return CostRow(name, _range(key, estimated), _figure(key, actual.get(key)))


def _range(key: str, block: Document) -> str:
    """One number, or the least and the most."""
    if block.get(key) is not None:
        return _figure(key, block[key])
    low, high = _figure(key, block.get(f"{key}_min")), _figure(key, block.get(f"{key}_max"))
    return low if low == high or not high else f"{low} to {high}" if low else high


def _figure(key: str, value: float | None) -> str:
    if value is None:
        return ""
    if key == "seconds":
        return numbers.duration(value)
    if key == "shadow_bytes":
        return f"{value / 2**20:,.1f} MiB"
    return f"{value:,.2f}" if key == "price" else numbers.grouped(value)
