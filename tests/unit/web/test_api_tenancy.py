"""A workspace sees nothing of another one: walked over every address that takes an id."""

import pytest

from auditor.domain.catalog import Role

PUBLIC = "ed25519:" + "A" * 43 + "="


@pytest.fixture
def ours(house):
    """An id of each kind in our workspace, by the name of its place in an address."""
    spec = house.spec()
    audit_id = house.post("/audits", json=spec).json["id"]
    schedule = {"name": "nightly", "cron": "0 3 * * *", "audit": spec}
    return {
        "target_id": spec["target"],
        "dataset_id": spec["data"]["members"],
        "model_id": house.model_id(),
        "audit_id": audit_id,
        "other_id": house.post("/audits", json=spec).json["id"],
        "schedule_id": house.post("/schedules", json=schedule).json["id"],
        "secret_id": house.post("/secrets", json={"name": "s", "host": "h", "value": "v"}).json["id"],
        "key_id": house.get("/keys").json["items"][0]["id"],
        "signing_key_id": house.post("/signing-keys", json={"name": "ada", "public": PUBLIC}).json["id"],
    }


def rules(house):
    found = [rule for rule in house.app.url_map.iter_rules() if rule.endpoint.startswith("api.") and rule.arguments]
    return [rule for rule in found if "filename" not in rule.arguments]


def test_every_kind_of_id_is_walked(house, ours):
    assert {argument for rule in rules(house) for argument in rule.arguments} == set(ours)


def test_foreign_ids_are_not_found_at_any_address(house, ours):
    for rule in rules(house):
        path = rule.rule
        for name, value in ours.items():
            path = path.replace(f"<{name}>", value)
        for method in rule.methods - {"HEAD", "OPTIONS"}:
            body = {"paused": True} if method == "PATCH" else {"by": "token"} if rule.endpoint == "api.control.prove" else None
            answer = house.ask(method, path, as_=Role.ADMIN, of="theirs", json=body)
            assert answer.status_code == 404, (method, path)


def test_and_nothing_happened_to_what_they_name(house, ours):
    test_foreign_ids_are_not_found_at_any_address(house, ours)
    assert house.get(f"/audits/{ours['audit_id']}").json["status"] == "running"
    assert house.get(f"/schedules/{ours['schedule_id']}").json["paused"] is False
    assert house.get(f"/targets/{ours['target_id']}").status_code == 200
    assert house.get(f"/datasets/{ours['dataset_id']}").status_code == 200
    assert not any(key["revoked"] for key in house.get("/keys").json["items"])
    assert len(house.get("/secrets").json["items"]) == 1


@pytest.mark.parametrize("path", ["/targets", "/datasets", "/models", "/audits", "/schedules", "/secrets", "/events"])
def test_foreign_things_are_in_no_list(house, ours, path):
    assert house.get(path, of="theirs").json["items"] == []
    assert house.get(path).json["items"] != []
