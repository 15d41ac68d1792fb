"""The section on proof of control, in the page and in what the PDF prints."""

import copy
from datetime import UTC, datetime
from typing import Any

import pytest

from auditor import report
from auditor.domain.control import Proof, ProofKind
from auditor.report.control import control_of

WHEN = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SIGNED = {"by": "Ada <b>", "key": "ab" * 32, "signature": "c2lnbmF0dXJl"}
PROOF = Proof(
    "p", "w", ProofKind.AUTHORISATION, "the authorisation that Ada <b> signed with the key 'ops'", "models.example.com", WHEN,
    datetime(2026, 3, 9, 9, 0, tzinfo=UTC), WHEN, ("membership", "surrogate"), 50_000, "k",
    {"authorisation": SIGNED, "public": "ed25519:AAAA", "key_name": "ops"},
)  # fmt: skip
NOBODY = {"shown": False, "sentence": "Nobody has shown control over this endpoint.", "proofs": []}


@pytest.fixture
def result() -> dict[str, Any]:
    return {"audit": {"id": "a", "name": "q3", "status": "completed", "outcome": "pass"}, "findings": [], "not_run": [], "data": {}}


def test_what_was_shown_stands_with_its_limits_and_its_signature(result: dict[str, Any]) -> None:
    shown = {"shown": True, "sentence": PROOF.sentence, "proofs": [PROOF.as_json()]}
    page = report.html(result | {"control": shown})
    for words in (
        "Proof of control",
        "Control over the endpoint was shown by the authorisation that Ada &lt;b&gt; signed",
        "membership, surrogate",
        "50,000",
        "2 March 2026, 09:00 UTC to 9 March 2026, 09:00 UTC",
        "ed25519:AAAA",
        "c2lnbmF0dXJl",
    ):
        assert words in page


def test_that_nobody_has_is_said(result: dict[str, Any]) -> None:
    assert "Nobody has shown control over this endpoint." in report.html(result | {"control": NOBODY})
    assert report.pdf(result | {"control": NOBODY}).startswith(b"%PDF")


def test_a_token_covers_every_attack(result: dict[str, Any]) -> None:
    proof = Proof("p", "w", ProofKind.TOKEN, "a token at https://m/", "https://m:443/", WHEN, WHEN, WHEN)
    read = control_of({"shown": True, "sentence": "", "proofs": [proof.as_json()]})
    assert read is not None
    assert dict(read.proofs[0].facts)["Attacks"] == "every one"
    assert dict(read.proofs[0].facts)["Rows an audit"] == "any number"
    assert "Public key" not in dict(read.proofs[0].facts)


def test_older_results_say_nothing_of_it(result: dict[str, Any]) -> None:
    before = copy.deepcopy(result)
    assert "Proof of control" not in report.html(result)
    assert result == before
