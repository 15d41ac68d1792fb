"""Who showed that the endpoint was theirs to have attacked, and what that covered."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from auditor.report import numbers

Document = Mapping[str, Any]
Fact = tuple[str, str]


@dataclass(frozen=True)
class Shown:
    sentence: str
    facts: tuple[Fact, ...]


@dataclass(frozen=True)
class Control:
    """`sentence` where nothing was shown; else one of each proof that the audit relied on."""

    sentence: str
    proofs: tuple[Shown, ...]


def control_of(block: Document | None) -> Control | None:
    """None for results that do not speak of control."""
    if not block:
        return None
    proofs = tuple(_shown(proof) for proof in block.get("proofs", ()))
    return Control("" if proofs else str(block.get("sentence") or ""), proofs)


def _shown(proof: Document) -> Shown:
    evidence = proof.get("evidence") or {}
    signed = evidence.get("authorisation") or {}
    rows = proof.get("budget")
    attacks = ", ".join(proof.get("attacks", ()))
    facts = [
        ("Covers", str(proof.get("scope") or "")),
        ("Attacks", "every one" if attacks == "all" else attacks),
        ("Rows an audit", "any number" if rows is None else numbers.grouped(rows)),
        ("Valid", f"{_minute(proof['from'])} to {_minute(proof['until'])}"),
        ("Signed with the key (SHA-256)", str(signed.get("key") or "")),
        ("Public key", str(evidence.get("public") or "")),
        ("Signature", str(signed.get("signature") or "")),
    ]
    return Shown(str(proof["sentence"]), tuple((name, value) for name, value in facts if value))


def _minute(text: str) -> str:
    return numbers.minute(datetime.fromisoformat(text))
