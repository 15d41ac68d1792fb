"""What lets one expect a leak without an attack: the stated configuration, and how the answers repeat."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Document = Mapping[str, Any]


@dataclass(frozen=True)
class Structure:
    """Cells of identical answers, a sentence each."""

    sentences: tuple[str, ...]
    source: str


@dataclass(frozen=True)
class Triage:
    """`outcome` colours the risk; it decides nothing. `risk` is empty where the owner stated no configuration. `rules`: those that
    the sentence does not hold already."""

    risk: str
    outcome: str
    sentence: str
    rules: tuple[str, ...]
    source: str
    structure: Structure | None = None


def triage_of(block: Document | None) -> Triage | None:
    """None where nothing is known: no configuration was stated, and answers say nothing of cells."""
    if not block:
        return None
    structure, sentence = _structure(block.get("structure")), str(block.get("sentence") or "")
    risk = block.get("risk") or ("not known" if structure is None else "")
    return Triage(
        risk=f"Expected risk: {risk}" if risk else "",
        outcome="inconclusive" if risk == "high" else "none",
        sentence=sentence,
        rules=tuple(rule for rule in _lines(block.get("rules")) if rule not in sentence),
        source=str(block.get("source") or ""),
        structure=structure,
    )


def _structure(block: Document | None) -> Structure | None:
    sentences = _lines((block or {}).get("sentences"))
    return Structure(sentences, str((block or {}).get("source") or "")) if sentences else None


def _lines(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    return tuple(map(str, value)) if isinstance(value, Sequence) else ()
