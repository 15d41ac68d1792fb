"""Answers have the shape that the OpenAPI document promises, for every operation."""

import json
import re

import exposed_audit
import pytest
import recovered_audit
from jsonschema import Draft202012Validator
from web_house import assert_problem


@pytest.fixture
def document(house):
    return house.get("/openapi.json").json


def check(document, method, template, answer):
    """The answer's body against the schema of its status."""
    operation = document["paths"][f"/api/v1{template}"][method.lower()]
    described = operation["responses"].get(str(answer.status_code), operation["responses"]["default"])
    content = described["content"][answer.mimetype]
    schema = {"$ref": content["schema"]["$ref"], "components": document["components"]}
    Draft202012Validator(json.loads(json.dumps(schema))).validate(answer.json)


@pytest.fixture
def made(house):
    """One of everything, and its ids."""
    spec = house.spec()
    return {
        "target_id": spec["target"],
        "dataset_id": spec["data"]["members"],
        "model_id": house.model_id(),
        "audit_id": house.post("/audits", json=spec).json["id"],
        "schedule_id": house.post("/schedules", json={"name": "n", "cron": "0 3 * * *", "audit": spec}).json["id"],
    }


READS = [
    "/health",
    "/attacks",
    "/targets",
    "/targets/{target_id}",
    "/targets/{target_id}/control",
    "/datasets",
    "/datasets/{dataset_id}",
    "/models",
    "/models/{model_id}",
    "/models/{model_id}/scan",
    "/audits",
    "/audits/{audit_id}",
    "/audits/{audit_id}/findings",
    "/audits/{audit_id}/queries",
    "/schedules",
    "/schedules/{schedule_id}",
    "/events",
    "/secrets",
    "/keys",
    "/signing-keys",
]
OF_COMPLETED = ["/audits/{audit_id}/records", "/audits/{audit_id}/compare/{other_id}", "/audits/{audit_id}/recovered-values"]
CHECKED_ELSEWHERE = ["/audits/{audit_id}/result", "/audits/{audit_id}/report", "/audits/{audit_id}/what-if"]


@pytest.mark.parametrize("template", READS)
def test_what_is_read_has_the_promised_shape(house, document, made, template):
    answer = house.get(template.format(**made))
    assert answer.status_code == 200
    check(document, "GET", template, answer)


def test_what_completed_audits_tell_has_the_promised_shape(house, document):
    first = exposed_audit.plant(house.services, house.workspaces["ours"])
    later = exposed_audit.again(house.services, house.workspaces["ours"], first, leak=0.0)
    rebuilt = recovered_audit.plant(house.services, house.workspaces["ours"])
    paths = (f"{first.audit_id}/records", f"{first.audit_id}/compare/{later.audit_id}", f"{rebuilt.audit_id}/recovered-values")
    for template, path in zip(OF_COMPLETED, paths, strict=True):
        answer = house.get(f"/audits/{path}")
        assert answer.status_code == 200
        assert answer.json.get("items") or "items" not in answer.json
        check(document, "GET", template, answer)


def test_every_address_that_is_read_as_json_is_checked(document):
    shown = {*READS, *OF_COMPLETED, *CHECKED_ELSEWHERE}
    assert {path.removeprefix("/api/v1") for path, item in document["paths"].items() if "get" in item} == shown


def test_what_is_written_answers_in_the_promised_shape(house, document, made):
    secret = {"name": "s", "host": "127.0.0.1", "value": "v"}
    target = {"name": "t", "target": {"url": "http://127.0.0.1:1/v2/models/m/infer"}}
    for template, answer in [
        ("/targets", house.post("/targets", json=target)),
        ("/secrets", house.post("/secrets", json=secret)),
        ("/keys", house.post("/keys", json={"name": "k", "role": "viewer"})),
        ("/signing-keys", house.post("/signing-keys", json={"name": "ada", "public": "ed25519:" + "A" * 43 + "="})),
        ("/datasets", house.upload()),
        ("/audits", house.post("/audits", json=house.spec())),
        ("/audits/{audit_id}/cancel", house.post(f"/audits/{made['audit_id']}/cancel")),
        ("/audits/{audit_id}/resume", house.post(f"/audits/{made['audit_id']}/resume")),
        ("/schedules", house.post("/schedules", json={"name": "n", "cron": "0 3 * * *", "audit": house.spec()})),
    ]:
        assert answer.status_code < 300, answer.get_data(as_text=True)
        check(document, "POST", template, answer)


def test_a_paused_schedule_is_shown_in_the_promised_shape(house, document, made):
    answer = house.patch(f"/schedules/{made['schedule_id']}", json={"paused": True})
    check(document, "PATCH", "/schedules/{schedule_id}", answer)
    assert answer.json["next_run_at"] is None


@pytest.mark.parametrize(
    ("method", "template", "path", "status"),
    [
        ("GET", "/targets", "/targets?limit=0", 422),
        ("GET", "/targets/{target_id}", "/targets/x", 404),
        ("POST", "/targets", "/targets", 415),
        ("POST", "/audits", "/audits", 415),
    ],
)
def test_a_problem_has_the_promised_shape(house, document, method, template, path, status):
    options = {"data": "x", "content_type": "text/plain"} if method == "POST" else {}
    answer = house.ask(method, path, **options)
    assert_problem(answer, status)
    check(document, method, template, answer)


def test_an_input_that_the_document_allows_is_accepted(house, document):
    """The example of the guide, checked against the published schema before it is sent."""
    spec = house.spec()
    schema = {"$ref": "#/components/schemas/AuditIn", "components": document["components"]}
    Draft202012Validator(schema).validate(spec)
    assert house.post("/audits", json=spec).status_code == 202


@pytest.mark.parametrize(
    "changes",
    [
        {"attacks": "quick"},
        {"attacks": [{"name": "gap", "params": {}}, "gap"]},
        {"learner": "xgboost"},
        {"learner": {"name": "xgboost", "params": {"max_depth": 3}}},
        {"shadows": "auto"},
        {"shadows": 8},
        {"policy": {"membership": 40, "stealing": None}},
        {"budget": {"queries": 1_000}},
    ],
)
def test_each_short_form_that_is_accepted_is_allowed_by_the_document(house, document, changes):
    spec = house.spec(**changes)
    schema = {"$ref": "#/components/schemas/AuditIn", "components": document["components"]}
    Draft202012Validator(schema).validate(spec)
    assert house.post("/audits", json=spec).status_code == 202


def test_an_unknown_key_is_not_allowed_by_the_document_either(document, house):
    schema = {"$ref": "#/components/schemas/AuditIn", "components": document["components"]}
    assert not Draft202012Validator(schema).is_valid({**house.spec(), "shadow": 4})


def test_no_component_speaks_of_the_workspace(document):
    assert not re.search(r"workspace_id", json.dumps(document))
