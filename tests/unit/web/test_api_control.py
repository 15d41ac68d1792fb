"""Proof of control through the API: where the token goes, what is believed, and audits that wait for it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from web_house import START, House, assert_problem, open_services

from auditor.domain.catalog import Role
from auditor.domain.control import Authorisation
from auditor.workflow.signatures import new_private_key, public_of, sign

URL = "https://models.example.com/v2/models/income/infer"
PRIVATE = new_private_key()


class Names:
    """A DNS that holds what it is told."""

    def __init__(self) -> None:
        self.records: dict[str, list[bytes]] = {}

    def __call__(self, name: str) -> list[bytes]:
        return self.records.get(name, [])


@pytest.fixture
def names() -> Names:
    return Names()


@pytest.fixture
def strict(tmp_path: Path, template_database: Path, names: Names) -> Iterator[House]:
    """A service that requires control."""
    (home := tmp_path / "strict").mkdir()
    opened = replace(open_services(home, template_database, require_control=True), text_records=names)
    yield House(opened)
    opened.close()


def target(house: House, url: str = URL) -> str:
    return str(house.post("/targets", json={"name": "income", "target": {"url": url}}).json["id"])


def authorisation(**changes: Any) -> dict[str, Any]:
    granted = Authorisation("Ada", "models.example.com", START, START + timedelta(days=7), 1_000_000)
    return sign(replace(granted, **changes), PRIVATE).as_json()


def trusting(house: House) -> str:
    return str(house.post("/signing-keys", json={"name": "ops", "public": public_of(PRIVATE)}).json["id"])


def prove(house: House, target_id: str, **body: Any) -> Any:
    return house.post(f"/targets/{target_id}/control", json=body, as_=Role.AUDITOR)


def submit(house: House, target_id: str, **changes: Any) -> Any:
    data = {"members": house.dataset_id(), "non_members": house.dataset_id(name="others"), "label": "income"}
    spec = {"name": "q3", "target": target_id, "data": data, "attacks": ["gap"], "learner": "xgboost", **changes}
    return house.post("/audits", json=spec)


def test_an_audit_waits_until_control_is_shown(strict: House, names: Names) -> None:
    target_id = target(strict)
    assert_problem(submit(strict, target_id), 409, says="Nobody has shown control over this endpoint")
    told = strict.get(f"/targets/{target_id}/control").json
    assert (told["required"], told["proofs"]) == (True, [])
    assert told["page"] == "https://models.example.com:443/.well-known/privacy-auditor.txt"
    assert_problem(prove(strict, target_id, by="dns"), 409, says="No TXT record of _privacy-auditor.models.example.com")
    names.records[told["record"]] = [told["token"].encode()]
    shown = prove(strict, target_id, by="dns")
    assert (shown.status_code, shown.json["is_in_force"], shown.json["scope"]) == (201, True, "models.example.com")
    assert submit(strict, target_id).status_code == 202
    strict.services.clock.advance(days=30)
    assert_problem(submit(strict, target_id), 409, says="ended on 2026-04-01 09:00 UTC")
    assert [proof["is_in_force"] for proof in strict.get(f"/targets/{target_id}/control").json["proofs"]] == [False]


def test_the_token_of_another_workspace_shows_nothing(strict: House, names: Names) -> None:
    target_id = target(strict)
    block = {"name": "income", "target": {"url": URL}}
    theirs = strict.post("/targets", json=block, of="theirs").json["id"]
    token = strict.get(f"/targets/{theirs}/control", of="theirs").json["token"]
    names.records["_privacy-auditor.models.example.com"] = [token.encode()]
    assert_problem(prove(strict, target_id, by="dns"), 409)
    assert strict.get(f"/targets/{target_id}/control").json["proofs"] == []


def test_a_signed_authorisation_is_believed_within_its_limits(strict: House) -> None:
    target_id = target(strict)
    assert_problem(prove(strict, target_id, by="authorisation", authorisation=authorisation()), 409, says="not registered")
    trusting(strict)
    small = authorisation(budget=10, attacks=("membership",))
    assert prove(strict, target_id, by="authorisation", authorisation=small).status_code == 201
    assert_problem(submit(strict, target_id), 409, says="allows 10 rows an audit")
    assert prove(strict, target_id, by="authorisation", authorisation=authorisation(attacks=("surrogate",))).status_code == 201
    assert_problem(submit(strict, target_id), 409, says="does not name the attack gap")
    assert prove(strict, target_id, by="authorisation", authorisation=authorisation()).status_code == 201
    made = submit(strict, target_id)
    assert made.status_code == 202
    (event,) = [e for e in strict.get(f"/events?audit={made.json['id']}").json["items"] if e["kind"] == "control.shown"]
    assert "the authorisation that Ada signed with the key 'ops'" in event["sentence"]
    assert event["details"]["evidence"]["authorisation"] == authorisation()


def test_what_was_changed_ended_or_speaks_of_others_is_not_believed(strict: House) -> None:
    target_id = target(strict)
    trusting(strict)
    for document, says in [
        (authorisation() | {"by": "Mallory"}, "changed after it was signed"),
        (authorisation(scope="other.example.com"), "not of this target"),
        (authorisation(starts=START - timedelta(days=2), ends=START), "ended on"),
        (authorisation() | {"key": "0" * 64}, "not registered"),
    ]:
        assert_problem(prove(strict, target_id, by="authorisation", authorisation=document), 409, says=says)
    assert_problem(prove(strict, target_id, by="authorisation", authorisation={"a": 1}), 422, field="authorisation")
    assert_problem(prove(strict, target_id, by="token", authorisation=authorisation()), 422, field="authorisation")
    assert strict.get(f"/targets/{target_id}/control").json["proofs"] == []


def test_a_revoked_key_takes_what_it_signed_with_it(strict: House) -> None:
    target_id, key_id = target(strict), trusting(strict)
    prove(strict, target_id, by="authorisation", authorisation=authorisation())
    assert strict.delete(f"/signing-keys/{key_id}").status_code == 204
    assert [key["revoked"] for key in strict.get("/signing-keys").json["items"]] == [True]
    assert_problem(submit(strict, target_id), 409, says="Nobody has shown control")
    assert_problem(prove(strict, target_id, by="authorisation", authorisation=authorisation()), 409, says="was revoked")
    assert_problem(strict.post("/signing-keys", json={"name": "ops", "public": public_of(PRIVATE)}), 409, says="revoked")


def test_keys_are_public_keys(strict: House) -> None:
    assert_problem(strict.post("/signing-keys", json={"name": "x", "public": "pat_1_2"}), 422, field="public", says="keygen")


def test_this_machine_and_a_laptop_are_asked_without(strict: House, house: House) -> None:
    assert submit(strict, target(strict, "http://127.0.0.1:8080/v2/models/m/infer")).status_code == 202
    target_id = target(house)
    assert house.get(f"/targets/{target_id}/control").json["required"] is False
    assert submit(house, target_id).status_code == 202


def test_a_service_for_others_requires_it_unless_told_otherwise(production: House) -> None:
    assert_problem(submit(production, target(production)), 409, says="AUDITOR_REQUIRE_CONTROL=0")
