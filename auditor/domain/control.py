"""Proof of control: how somebody showed that an endpoint is theirs to have attacked, and what that covers."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

EVERY_ATTACK = ("all",)
STATEMENT = "privacy-audit-authorisation/1"
"""What a signature is under: no other text that the same key signs can be taken for it."""


class ProofKind(StrEnum):
    TOKEN = "token"  # a page under the endpoint's own address
    DNS = "dns"  # a TXT record of its host
    AUTHORISATION = "authorisation"  # a signed statement


@dataclass(frozen=True)
class Authorisation:
    """What an administrator signs. `scope`: a host, or how URLs begin. `attacks`: names, families or `all`. `budget`: rows that one
    audit may ask."""

    by: str
    scope: str
    starts: datetime
    ends: datetime
    budget: int
    attacks: tuple[str, ...] = EVERY_ATTACK

    def as_json(self) -> dict[str, Any]:
        return {
            "statement": STATEMENT,
            "by": self.by,
            "scope": self.scope,
            "attacks": list(self.attacks),
            "from": moment(self.starts),
            "until": moment(self.ends),
            "budget": self.budget,
        }

    def signed_bytes(self) -> bytes:
        """Canonical JSON: sorted keys, no spaces, UTF-8 (RFC 8785 for documents of texts and whole numbers)."""
        return json.dumps(self.as_json(), sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


@dataclass(frozen=True)
class SigningKey:
    """An administrator's public key (Ed25519), trusted by this workspace until it is revoked."""

    id: str
    workspace_id: str
    name: str
    public: str
    created_at: datetime
    revoked: bool = False


@dataclass(frozen=True)
class Proof:
    """`shown_by` completes "Control was shown by ..."; `budget` None: any number of rows. `key_id`: whose signature, if one."""

    id: str
    workspace_id: str
    kind: ProofKind
    shown_by: str
    scope: str
    starts: datetime
    ends: datetime
    created_at: datetime
    attacks: tuple[str, ...] = EVERY_ATTACK
    budget: int | None = None
    key_id: str | None = None
    evidence: dict[str, Any] = field(default_factory=dict)

    @property
    def sentence(self) -> str:
        return f"Control over the endpoint was shown by {self.shown_by} on {readable(self.created_at)}."

    def as_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "kind": str(self.kind),
            "sentence": self.sentence,
            "scope": self.scope,
            "attacks": list(self.attacks),
            "budget": self.budget,
            "from": moment(self.starts),
            "until": moment(self.ends),
            "shown_at": moment(self.created_at),
            "evidence": dict(self.evidence),
        }


@dataclass(frozen=True)
class Wish:
    """What an audit is going to do: these attacks, as (name, family), on this URL, with so many rows."""

    url: str
    attacks: tuple[tuple[str, str], ...]
    budget: int


def shortfall(proof: Proof, wish: Wish, now: datetime) -> str | None:
    """Why this proof does not cover the wish (its scope apart), as the end of a sentence; None if it does."""
    if now < proof.starts:
        return f"begins on {readable(proof.starts)}"
    if now >= proof.ends:
        return f"ended on {readable(proof.ends)}"
    known = set(proof.attacks)
    missing = [name for name, family in wish.attacks if not known & {*EVERY_ATTACK, name, family}]
    if missing:
        return f"does not name the attack {missing[0]}"
    if proof.budget is not None and wish.budget > proof.budget:
        return f"allows {proof.budget:,} rows an audit, and this one may ask {wish.budget:,}"
    return None


def moment(when: datetime) -> str:
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def readable(when: datetime) -> str:
    return when.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
