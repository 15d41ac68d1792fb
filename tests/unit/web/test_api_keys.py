import pytest
from web_house import assert_problem

from auditor.domain.catalog import Role


def key_named(house, name):
    return next(key for key in house.get("/keys").json["items"] if key["name"] == name)


@pytest.mark.parametrize("role", Role)
def test_a_key_is_shown_once_and_works(house, role):
    made = house.post("/keys", json={"name": "ci", "role": role})
    assert made.status_code == 201
    assert made.json["key"].startswith("pat_")
    assert house.get("/targets", as_=None, headers={"Authorization": f"Bearer {made.json['key']}"}).status_code == 200
    assert made.json["key"] not in house.get("/keys").get_data(as_text=True)


def test_the_list_tells_keys_apart_without_showing_them(house):
    listed = house.get("/keys").json
    assert {key["name"] for key in listed["items"]} == {f"ours-{role}" for role in Role}
    assert set(listed["items"][0]) == {"id", "name", "role", "prefix", "created_at", "last_used_at", "expires_at", "revoked"}
    for key in listed["items"]:
        assert house.keys["ours", Role(key["role"])].startswith(key["prefix"])


def test_a_revoked_key_is_listed_as_revoked(house):
    viewer = key_named(house, "ours-viewer")
    assert house.delete(f"/keys/{viewer['id']}").status_code == 204
    assert key_named(house, "ours-viewer")["revoked"] is True


def test_nobody_revokes_the_key_that_they_use(house):
    admin = key_named(house, "ours-admin")
    assert_problem(house.delete(f"/keys/{admin['id']}"), 409, says="another admin key")
    assert house.get("/keys").status_code == 200


def test_a_key_of_another_workspace_cannot_be_revoked(house):
    theirs = house.get("/keys", of="theirs").json["items"][0]
    assert_problem(house.delete(f"/keys/{theirs['id']}"), 404)
    assert house.get("/keys", of="theirs").json["items"][0]["revoked"] is False


def test_making_and_revoking_are_events(house):
    house.post("/keys", json={"name": "ci", "role": "viewer"})
    house.delete(f"/keys/{key_named(house, 'ci')['id']}")
    told = [event["sentence"] for event in house.get("/events").json["items"]]
    assert "ours-admin made the key ci with the role viewer" in told
    assert "ours-admin revoked a key" in told


def test_a_key_that_is_shown_once_is_not_replayed(house):
    again = {"Idempotency-Key": "one"}
    first = house.post("/keys", json={"name": "ci", "role": "viewer"}, headers=again).json
    second = house.post("/keys", json={"name": "ci", "role": "viewer"}, headers=again).json
    assert first["key"] != second["key"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"role": "owner"}, "role"),
        ({"role": None}, "role"),
        ({"name": ""}, "name"),
        ({"expires_at": "2026-03-02T08:00:00Z"}, "expires_at"),
        ({"expires_at": "2026-03-03T08:00:00"}, "expires_at"),
        ({"expires_at": "tomorrow"}, "expires_at"),
        ({"rol": "viewer"}, "rol"),
    ],
)
def test_each_mistake_is_named(house, change, field):
    assert_problem(house.post("/keys", json={"name": "ci", "role": "viewer", **change}), 422, field=field)
    assert len(house.get("/keys").json["items"]) == len(Role)
