"""Who may do what, written down once more: every address with the roles that it answers, and everybody else refused.

The roles that views declare are not read here: one that is loosened by mistake contradicts this table.
"""

import re

import pytest
from web_house import NO_ID, House, empty_database, open_services

from auditor.domain.catalog import Role

OPEN = """
GET /api/v1/docs
GET /api/v1/docs/static/<filename>
GET /api/v1/health
GET /api/v1/openapi.json
GET /sign-in
POST /sign-in
GET /static/<name>
"""
READS = """
GET /
GET /api/v1/attacks
GET /api/v1/audits
GET /api/v1/audits/<audit_id>
GET /api/v1/audits/<audit_id>/compare/<other_id>
GET /api/v1/audits/<audit_id>/findings
GET /api/v1/audits/<audit_id>/report
GET /api/v1/audits/<audit_id>/result
GET /api/v1/audits/<audit_id>/what-if
GET /api/v1/datasets
GET /api/v1/datasets/<dataset_id>
GET /api/v1/events
GET /api/v1/models
GET /api/v1/models/<model_id>
GET /api/v1/models/<model_id>/scan
GET /api/v1/schedules
GET /api/v1/schedules/<schedule_id>
GET /api/v1/signing-keys
GET /api/v1/targets
GET /api/v1/targets/<target_id>
GET /api/v1/targets/<target_id>/control
GET /audits
GET /audits/<audit_id>
GET /audits/<audit_id>/compare
GET /audits/<audit_id>/compare/<other_id>
GET /audits/<audit_id>/progress
GET /audits/<audit_id>/report.<kind>
GET /files
GET /files/models/<model_id>
GET /schedules
GET /score
POST /sign-out
GET /targets/<target_id>
"""
READS_SINGLE_RECORDS = """
GET /api/v1/audits/<audit_id>/records
GET /api/v1/audits/<audit_id>/recovered-values
GET /audits/<audit_id>/records
GET /audits/<audit_id>/recovered-values
"""
WRITES = """
POST /api/v1/audits
POST /api/v1/audits/<audit_id>/cancel
GET /api/v1/audits/<audit_id>/queries
POST /api/v1/audits/<audit_id>/regrade
POST /api/v1/audits/<audit_id>/resume
POST /api/v1/audits/<audit_id>/what-if
POST /api/v1/audits/estimate
POST /api/v1/datasets
DELETE /api/v1/datasets/<dataset_id>
POST /api/v1/models
DELETE /api/v1/models/<model_id>
POST /api/v1/schedules
DELETE /api/v1/schedules/<schedule_id>
PATCH /api/v1/schedules/<schedule_id>
POST /api/v1/targets
DELETE /api/v1/targets/<target_id>
POST /api/v1/targets/<target_id>/control
POST /audits
POST /audits/<audit_id>/cancel
POST /audits/<audit_id>/resume
POST /audits/<audit_id>/what-if
GET /audits/new
POST /files/models
POST /files/models/<model_id>/delete
POST /files/models/<model_id>/target
POST /files/records
POST /files/records/<dataset_id>/delete
POST /schedules
POST /schedules/<schedule_id>/continue
POST /schedules/<schedule_id>/delete
POST /schedules/<schedule_id>/pause
POST /targets
POST /targets/<target_id>/audit
POST /targets/<target_id>/control
GET /targets/new
"""
MANAGES = """
GET /api/v1/keys
POST /api/v1/keys
DELETE /api/v1/keys/<key_id>
GET /api/v1/secrets
POST /api/v1/secrets
DELETE /api/v1/secrets/<secret_id>
POST /api/v1/signing-keys
DELETE /api/v1/signing-keys/<signing_key_id>
"""

EVERYBODY = frozenset(Role)
TABLE = {
    READS: EVERYBODY,
    READS_SINGLE_RECORDS: {Role.RECORD_READER, Role.ADMIN},
    WRITES: {Role.AUDITOR, Role.ADMIN},
    MANAGES: {Role.ADMIN},
}
CLOSED = [(line, roles) for lines, roles in TABLE.items() for line in lines.split("\n") if line]


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    home = tmp_path_factory.mktemp("roles")
    opened = open_services(home, empty_database(home / "empty.sqlite"))
    yield House(opened)
    opened.close()


def ask(house, line, role=None, of="ours", ids=None):
    method, _, address = line.partition(" ")
    path = re.sub(r"<(\w+)>", lambda found: (ids or {}).get(found[1], "html" if found[1] == "kind" else NO_ID), address)
    headers = {"Accept": "application/json"} | ({"Authorization": f"Bearer {house.keys[of, role]}"} if role else {})
    return house.app.test_client(use_cookies=False).open(path, method=method, headers=headers, buffered=True)


def lines_of(house):
    for rule in house.app.url_map.iter_rules():
        for method in rule.methods - {"HEAD", "OPTIONS"}:
            yield f"{method} " + re.sub(r"<(?:[a-z]+:)?(\w+)>", r"<\1>", rule.rule)


def test_the_table_holds_every_address_and_no_other(house):
    assert sorted(lines_of(house)) == sorted([line for line, _ in CLOSED] + [line for line in OPEN.split("\n") if line])


@pytest.mark.parametrize("role", Role)
def test_an_address_answers_its_roles_and_refuses_all_others(house, role):
    refused = {line for line, _ in CLOSED if ask(house, line, role).status_code == 403}
    assert refused == {line for line, roles in CLOSED if role not in roles}


def test_a_refusal_comes_before_anything_is_looked_up(house):
    """What is there and what is not is told to nobody who may not know it."""
    secret = {"name": "s", "host": "h", "value": "v"}
    known = {"secret_id": house.post("/secrets", json=secret).json["id"], "key_id": house.get("/keys").json["items"][0]["id"]}
    for line in ("DELETE /api/v1/secrets/<secret_id>", "DELETE /api/v1/keys/<key_id>"):
        answers = [ask(house, line, Role.AUDITOR, ids=ids).json for ids in (known, {})]
        assert {answer["status"] for answer in answers} == {403}
        assert answers[0]["detail"] == answers[1]["detail"]


def test_without_a_key_nothing_but_the_open_addresses_answers(house):
    assert {ask(house, line).status_code for line, _ in CLOSED} == {401}
