import contextlib
import sqlite3
import time

import pytest
from flask import Flask, g
from web_house import NO_ID, assert_problem

from auditor.domain.catalog import Role
from auditor.store import keys
from auditor.web import access


def test_a_request_without_a_key_is_refused_and_told_how_to_send_one(house):
    assert_problem(house.get("/targets", as_=None), 401, says="Authorization: Bearer pat_")


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer ",
        "Bearer pat_",
        "Bearer not-a-key",
        "Bearer pat_0123456789abcdef_0123456789abcdef",
        "Bearer pat_\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4",
        "Basic dXNlcjpwYXNz",
        "Bearer pat_" + "a" * 5_000,
    ],
)
def test_a_wrong_key_is_refused(house, header):
    assert_problem(house.get("/targets", as_=None, headers={"Authorization": header}), 401)


def test_the_scheme_is_read_in_any_case(house):
    plain = house.keys["ours", Role.VIEWER]
    assert house.get("/targets", as_=None, headers={"Authorization": f"bearer {plain}"}).status_code == 200


def test_a_key_with_one_letter_changed_is_refused(house):
    plain = house.keys["ours", Role.ADMIN]
    wrong = plain[:-1] + ("a" if plain[-1] != "a" else "b")
    assert_problem(house.get("/targets", as_=None, headers={"Authorization": f"Bearer {wrong}"}), 401)


def test_a_revoked_key_opens_nothing(house):
    viewer = next(key for key in house.get("/keys").json["items"] if key["name"] == "ours-viewer")
    assert house.get("/targets", as_=Role.VIEWER).status_code == 200
    house.delete(f"/keys/{viewer['id']}")
    assert_problem(house.get("/targets", as_=Role.VIEWER), 401, says="revoked")


def test_an_expired_key_opens_nothing(house):
    made = house.post("/keys", json={"name": "ci", "role": "viewer", "expires_at": "2026-03-02T10:00:00Z"}).json
    header = {"Authorization": f"Bearer {made['key']}"}
    assert house.get("/targets", as_=None, headers=header).status_code == 200
    house.services.clock.advance(hours=2)
    assert_problem(house.get("/targets", as_=None, headers=header), 401, says="expired")


def test_a_role_that_may_not_is_told_which_role_may(house):
    answer = house.post("/targets", as_=Role.VIEWER, json={})
    assert_problem(answer, 403, says="A key with the role viewer may not write and start audits")


def test_the_role_is_asked_before_the_body_is_read(house):
    assert_problem(house.post("/targets", as_=Role.VIEWER, data="{nonsense"), 403)


@pytest.mark.parametrize("role", Role)
def test_every_role_reads(house, role):
    for path in ("/targets", "/datasets", "/audits", "/schedules", "/attacks", "/events"):
        assert house.get(path, as_=role).status_code == 200, path


@pytest.mark.parametrize("role", [Role.VIEWER, Role.RECORD_READER])
def test_readers_write_nothing(house, role):
    for method, path in [
        ("POST", "/targets"),
        ("POST", "/datasets"),
        ("POST", "/audits"),
        ("POST", "/schedules"),
        ("POST", f"/audits/{NO_ID}/cancel"),
        ("POST", f"/audits/{NO_ID}/resume"),
        ("DELETE", f"/targets/{NO_ID}"),
        ("DELETE", f"/datasets/{NO_ID}"),
        ("DELETE", f"/schedules/{NO_ID}"),
        ("PATCH", f"/schedules/{NO_ID}"),
    ]:
        assert house.ask(method, path, as_=role).status_code == 403, (method, path)


@pytest.mark.parametrize("role", [Role.VIEWER, Role.RECORD_READER, Role.AUDITOR])
def test_keys_and_secrets_are_for_admins(house, role):
    for method, path in [
        ("GET", "/keys"),
        ("POST", "/keys"),
        ("DELETE", f"/keys/{NO_ID}"),
        ("GET", "/secrets"),
        ("POST", "/secrets"),
        ("DELETE", f"/secrets/{NO_ID}"),
        ("POST", "/signing-keys"),
        ("DELETE", f"/signing-keys/{NO_ID}"),
    ]:
        assert house.ask(method, path, as_=role).status_code == 403, (method, path)


def test_an_endpoint_that_declares_nothing_answers_nobody(house):
    house.app.add_url_rule("/api/v1/forgotten", "forgotten", lambda: "open")
    assert_problem(house.get("/forgotten"), 403, says="open to nobody")
    assert_problem(house.get("/forgotten", as_=None), 401)


def test_a_declared_role_is_found_under_the_decorators_of_a_route():
    app = Flask(__name__)

    @app.get("/x")
    @access.needs(Role.AUDITOR)
    def view():
        return ""

    assert access.role_of("view", app.view_functions) is Role.AUDITOR
    assert access.role_of("other", app.view_functions) is None


def test_preflights_are_not_open(house):
    assert house.ask("OPTIONS", "/targets", as_=None).status_code == 401


def test_use_of_a_key_is_noted(house):
    house.services.clock.advance(minutes=5)
    house.get("/targets", as_=Role.VIEWER)
    with house.services.database.read() as tx:
        used = {key.name: key.last_used_at for key in keys.list_keys(tx, house.workspaces["ours"])}
    assert used["ours-viewer"] == house.services.clock.now
    assert used["ours-auditor"] is None


def test_whoever_passed_is_known_to_the_view(house):
    @access.needs(Role.VIEWER)
    def who():
        return {"name": g.principal.name, "workspace": g.principal.workspace_id, "role": g.principal.role}

    house.app.add_url_rule("/api/v1/who", "who", who)
    answer = house.get("/who", as_=Role.AUDITOR, of="theirs").json
    assert answer == {"name": "theirs-auditor", "workspace": house.workspaces["theirs"], "role": "auditor"}


def locked(house):
    """Another process is writing, and takes its time."""
    other = sqlite3.connect(house.services.settings.home / "auditor.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    return contextlib.closing(other)


def test_whoever_reads_or_guesses_keys_waits_for_no_writer(house):
    known = house.keys["ours", Role.VIEWER]
    guessed = known[:-1] + ("a" if known[-1] != "a" else "b")
    house.get("/targets", as_=Role.VIEWER)
    with locked(house):
        began = time.monotonic()
        assert house.get("/targets", as_=Role.VIEWER).status_code == 200
        assert_problem(house.get("/targets", as_=None, headers={"Authorization": f"Bearer {guessed}"}), 401)
        assert time.monotonic() - began < 5


def test_the_use_of_a_key_is_noted(house):
    assert house.get("/keys").json["items"][-1]["last_used_at"] is None
    used = [key["last_used_at"] for key in house.get("/keys").json["items"] if key["name"] == "ours-admin"]
    assert used == [house.services.clock().isoformat().replace("+00:00", "Z")]


def test_a_use_that_cannot_be_noted_refuses_nobody(house):
    with house.services.database.begin() as tx:
        tx.exec_driver_sql(
            "CREATE TRIGGER full BEFORE UPDATE ON api_key BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END"
        )
    assert house.get("/targets").status_code == 200
