"""What the stated configuration lets one expect, without a query."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Document = Mapping[str, Any]


@dataclass(frozen=True)
class Triage:
    """`outcome` colours the risk; it decides nothing. `rules`: those that the sentence does not hold already."""

    risk: str
    outcome: str
    sentence: str
    rules: tuple[str, ...]
    source: str


def triage_of(block: Document | None) -> Triage | None:
    """None where the owner stated no configuration."""
    if not block:
        return None
    risk, sentence = str(block.get("risk") or "not known"), str(block.get("sentence") or "")
    return Triage(
        risk=f"Expected risk: {risk}",
        outcome="inconclusive" if risk == "high" else "none",
        sentence=sentence,
        rules=tuple(rule for rule in _lines(block.get("rules")) if rule not in sentence),
        source=str(block.get("source") or ""),
    )


def _lines(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    return tuple(map(str, value)) if isinstance(value, Sequence) else ()
