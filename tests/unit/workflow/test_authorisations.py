"""What is signed is what was written: reading, signing, checking, and what an authorisation covers."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from auditor.domain.control import Authorisation, Proof, ProofKind, Wish, shortfall
from auditor.domain.control_document import read_authorisation
from auditor.errors import InvalidInput
from auditor.workflow.signatures import checked_public, fingerprint, is_signed_by, new_private_key, public_of, sign

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
KEY, OTHER = new_private_key(), new_private_key()
GRANTED = Authorisation(
    "Ada Lovelace, DPO", "models.example.com", NOW, NOW + timedelta(days=7), 50_000, ("membership", "surrogate")
)
WISH = Wish("https://models.example.com/m", (("lira", "membership"), ("surrogate", "stealing")), 50_000)


def written(**changes: Any) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(json.dumps(sign(GRANTED, KEY).as_json()))
    return {**document, **changes}


def test_a_signed_authorisation_survives_its_file() -> None:
    read = read_authorisation(written())
    assert read.authorisation == GRANTED
    assert read.key == fingerprint(public_of(KEY))
    assert is_signed_by(read, public_of(KEY))
    assert not is_signed_by(read, public_of(OTHER))


def test_the_signed_bytes_are_canonical_json() -> None:
    granted = replace(GRANTED, by="Zoë", attacks=("all",))
    assert granted.signed_bytes().decode() == (
        '{"attacks":["all"],"budget":50000,"by":"Zoë","from":"2026-03-02T09:00:00Z","scope":"models.example.com",'
        '"statement":"privacy-audit-authorisation/1","until":"2026-03-09T09:00:00Z"}'
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"by": "Mallory"},
        {"scope": "other.example.com"},
        {"attacks": ["all"]},
        {"from": "2026-03-01T09:00:00Z"},
        {"until": "2026-04-09T09:00:00Z"},
        {"budget": 50_001},
        {"signature": "AAAA"},
        {"signature": "not base64!"},
        {"signature": "ü"},
    ],
)
def test_whatever_is_changed_breaks_the_signature(changes: dict[str, Any]) -> None:
    assert not is_signed_by(read_authorisation(written(**changes)), public_of(KEY))


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"statement": "something else"}, "authorisation"),
        ({"note": "x"}, "authorisation"),
        ({"by": ""}, "authorisation.by"),
        ({"by": "a\nb"}, "authorisation.by"),
        ({"by": 7}, "authorisation.by"),
        ({"scope": " models.example.com"}, "authorisation.scope"),
        ({"from": "2026-03-02"}, "authorisation.from"),
        ({"from": "2026-03-02T09:00:00+01:00"}, "authorisation.from"),
        ({"until": "2026-02-30T09:00:00Z"}, "authorisation.until"),
        ({"until": "2026-03-02T09:00:00Z"}, "authorisation.until"),
        ({"until": "2028-03-02T09:00:00Z"}, "authorisation.until"),
        ({"budget": 0}, "authorisation.budget"),
        ({"budget": True}, "authorisation.budget"),
        ({"budget": "50000"}, "authorisation.budget"),
        ({"attacks": []}, "authorisation.attacks"),
        ({"attacks": "all"}, "authorisation.attacks"),
        ({"attacks": [1]}, "authorisation.attacks"),
    ],
)
def test_a_document_that_cannot_be_believed_is_told_by_its_key(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        read_authorisation(written(**changes))
    assert refusal.value.field == field


@pytest.mark.parametrize("document", [None, [], "x", {}, {"statement": None}])
def test_what_is_no_authorisation_is_told(document: object) -> None:
    with pytest.raises(InvalidInput, match="auditor control sign"):
        read_authorisation(document)


@pytest.mark.parametrize("text", ["", "ed25519:", "ed25519:AAAA", "AAAA", "ssh-ed25519 AAAA", "ed25519:" + "A" * 42 + "é="])
def test_a_public_key_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="keygen"):
        checked_public(text)


def test_a_private_key_of_another_kind_is_refused() -> None:
    with pytest.raises(InvalidInput, match="Ed25519"):
        sign(GRANTED, b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")


def proof(**changes: Any) -> Proof:
    known: dict[str, Any] = {"kind": ProofKind.AUTHORISATION, "shown_by": "Ada", "scope": "models.example.com"}
    known |= {"starts": NOW, "ends": NOW + timedelta(days=7), "created_at": NOW, "attacks": GRANTED.attacks, "budget": 50_000}
    return Proof("p", "w", **known | changes)


@pytest.mark.parametrize(
    ("changes", "when", "why"),
    [
        ({}, NOW, None),
        ({}, NOW + timedelta(days=7) - timedelta(seconds=1), None),
        ({}, NOW + timedelta(days=7), "ended on 2026-03-09 09:00 UTC"),
        ({}, NOW - timedelta(seconds=1), "begins on 2026-03-02 09:00 UTC"),
        ({"attacks": ("membership",)}, NOW, "does not name the attack surrogate"),
        ({"attacks": ("lira", "stealing")}, NOW, None),
        ({"attacks": ("all",)}, NOW, None),
        ({"budget": 49_999}, NOW, "allows 49,999 rows an audit, and this one may ask 50,000"),
        ({"budget": None}, NOW, None),
    ],
)
def test_a_proof_covers_its_window_its_attacks_and_its_rows(changes: dict[str, Any], when: datetime, why: str | None) -> None:
    assert shortfall(proof(**changes), WISH, when) == why


def test_a_proof_tells_who_and_when() -> None:
    assert proof(shown_by="a token at https://m/").sentence == (
        "Control over the endpoint was shown by a token at https://m/ on 2026-03-02 09:00 UTC."
    )
