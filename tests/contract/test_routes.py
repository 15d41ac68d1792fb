"""Structure of the API: every route has a role or is public by name, is documented, and stands in a valid OpenAPI document."""

import re
from pathlib import Path

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator
from web_house import House, empty_database, open_services

from auditor.domain.catalog import Role
from auditor.web.access import PUBLIC_ENDPOINTS, role_of
from auditor.web.app import create_app

DOCS = (Path(__file__).parents[2] / "docs" / "api.md").read_text()
AUTOMATIC = {"HEAD", "OPTIONS"}


@pytest.fixture(scope="module")
def services(tmp_path_factory):
    home = tmp_path_factory.mktemp("routes")
    opened = open_services(home, empty_database(home / "empty.sqlite"))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def app(services):
    return create_app(services)


@pytest.fixture(scope="module")
def document(app):
    with app.test_client() as client:
        return client.get("/api/v1/openapi.json").json


def routes(app):
    """(endpoint, method, address) of everything the application answers."""
    return [(rule.endpoint, method, rule.rule) for rule in app.url_map.iter_rules() for method in rule.methods - AUTOMATIC]


def of_the_api(app):
    hidden = ("openapi.", "api.reference.")
    return [route for route in routes(app) if route[2].startswith("/api/") and not route[0].startswith(hidden)]


def test_every_route_is_public_by_name_or_has_a_role(app):
    without = [r for r in routes(app) if r[0] not in PUBLIC_ENDPOINTS and role_of(r[0], app.view_functions) is None]
    assert without == []


def test_no_public_route_pretends_to_need_a_role(app):
    assert [e for e in PUBLIC_ENDPOINTS if role_of(e, app.view_functions) is not None] == []


def test_every_public_name_of_the_api_exists(app):
    assert [e for e in PUBLIC_ENDPOINTS if not e.startswith("dashboard.") and e not in app.view_functions] == []


def test_what_writes_needs_more_than_a_viewer(app):
    reading = {Role.VIEWER, Role.RECORD_READER}
    open_writes = [r for r in of_the_api(app) if r[1] != "GET" and role_of(r[0], app.view_functions) in reading]
    assert open_writes == []


def test_without_a_key_every_route_but_the_public_ones_answers_401(app, services):
    house = House(services)
    for endpoint, method, address in routes(app):
        path = re.sub(r"<[^>]+>", "0199b2a4-3c1e-7a40-9d2f-5b7c0e61a001", address)
        answer = house.app.test_client().open(path, method=method)
        if endpoint in PUBLIC_ENDPOINTS:
            assert answer.status_code != 401, path
        elif path.startswith("/api/"):
            assert (answer.status_code, answer.mimetype) == (401, "application/problem+json"), path
        else:
            assert answer.status_code in (302, 303, 401), path


def test_the_openapi_document_is_valid(document):
    OpenAPIV31SpecValidator(document).validate()


def test_every_route_of_the_api_is_in_the_document(app, document):
    described = {(method.upper(), path) for path, item in document["paths"].items() for method in item}
    assert described == {(method, re.sub(r"<(\w+)>", r"{\1}", address)) for _, method, address in of_the_api(app)}


def test_the_document_tells_the_role_and_the_problems_of_each_operation(app, document):
    for path, item in document["paths"].items():
        for method, operation in item.items():
            where = f"{method} {path}"
            assert operation["summary"], where
            assert "application/problem+json" in operation["responses"]["default"]["content"], where
            assert any(code.startswith("2") for code in operation["responses"]), where
            assert (operation["security"] == []) == ("x-role" not in operation), where


def test_every_write_with_a_body_describes_it(document):
    bare = {f"/api/v1/audits/{{audit_id}}/{what}" for what in ("cancel", "resume", "regrade", "what-if")}
    for path, item in document["paths"].items():
        for method in ("post", "patch"):
            if method in item and path not in bare:
                assert item[method]["requestBody"]["content"], path


def test_operation_ids_are_unique(document):
    ids = [operation["operationId"] for item in document["paths"].values() for operation in item.values()]
    assert len(ids) == len(set(ids))


def test_every_route_is_in_the_guide(app):
    for _, method, address in of_the_api(app):
        shown = re.sub(r"<\w+_id>", "{id}", address.removeprefix("/api/v1"))
        assert f"`{method} {shown}`" in DOCS, f"{method} {shown} is missing from docs/api.md"


def test_the_guide_names_no_route_that_is_gone(app):
    there = {f"{method} " + re.sub(r"<\w+_id>", "{id}", address.removeprefix("/api/v1")) for _, method, address in of_the_api(app)}
    named = set(re.findall(r"`((?:GET|POST|PATCH|PUT|DELETE) /[^`?]*)`", DOCS))
    assert named - there - {"GET /openapi.json", "GET /docs"} == set()


@pytest.mark.parametrize("role", Role)
def test_every_role_is_in_the_guide(role):
    assert f"| `{role}` |" in DOCS
