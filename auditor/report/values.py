"""Value by value of an attribute: how many have it, how often claims of it are right, how many who have it are found."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from auditor.report import numbers

Document = Mapping[str, Any]
NAMES = ("precision", "precision_imputation", "recall", "recall_imputation")


@dataclass(frozen=True)
class ValueRow:
    """`figures`: value and span of each of NAMES; dashes where too few people have the value."""

    value: str
    members: str
    non_members: str
    figures: tuple[tuple[str, str], ...]
    sentence: str


def values_of(finding: Document) -> tuple[ValueRow, ...]:
    """Empty for findings of other kinds."""
    return tuple(map(_row, finding.get("subgroups") or ())) if finding.get("kind") == "attribute" else ()


def _row(group: Document) -> ValueRow:
    known = {e["name"]: e for e in group.get("estimates", ())}
    figures = tuple(_shown(known.get(name)) for name in NAMES)
    sentence = "" if known else str(group.get("sentence") or "")
    return ValueRow(
        str(group["value"]), numbers.grouped(group["members"]), numbers.grouped(group["non_members"]), figures, sentence
    )


def _shown(item: Document | None) -> tuple[str, str]:
    if item is None or item.get("value") is None:
        return numbers.DASH, ""
    low, high = item.get("low"), item.get("high")
    return numbers.measured(item["value"]), "" if low is None or high is None else numbers.interval("accuracy", low, high)
