"""Bodies and addresses that cannot be read, whatever they ask for."""

import pytest
from web_house import NO_ID, assert_problem


@pytest.mark.parametrize("body", ["", "{", "nonsense", '{"name": NaN}', '{"a": 1, "a": 2}', '"\\u0000"', "[" * 50_000, b"\xff\xfe"])
def test_a_body_that_is_not_json(house, body):
    assert_problem(house.post("/targets", data=body, content_type="application/json"), 400, says="JSON body")


@pytest.mark.parametrize("body", ["[]", "7", '"text"', "true"])
def test_json_that_is_not_an_object(house, body):
    assert_problem(house.post("/targets", data=body, content_type="application/json"), 422, says="end a JSON object")


@pytest.mark.parametrize("path", ["/audits", "/schedules", "/secrets", "/keys"])
def test_every_resource_wants_an_object(house, path):
    assert_problem(house.post(path, json=[]), 422, says="end a JSON object")


def test_another_media_type_is_refused_by_name(house):
    answer = house.post("/targets", data="name=x", content_type="application/x-www-form-urlencoded")
    assert_problem(answer, 415, says="Content-Type: application/json")


def test_a_body_over_a_megabyte_is_refused(house):
    assert_problem(house.post("/targets", json={"name": "x" * 1_100_000}), 413)


def test_an_unknown_address(house):
    assert_problem(house.get("/nothing"), 404, says="/api/v1/docs")


def test_an_unknown_method(house):
    assert_problem(house.ask("PUT", "/targets"), 405)


def test_a_slash_at_the_end_makes_no_difference(house):
    assert house.get("/targets/").status_code == 200


@pytest.mark.parametrize("given", ["members.csv", "..%2F..%2Fetc%2Fpasswd", "1", NO_ID[:-1], "%00", "<script>", "TOKEN"])
def test_what_is_no_id_is_not_found(house, given):
    for path in ("targets", "datasets", "audits", "schedules"):
        answer = house.get(f"/{path}/{given}")
        assert_problem(answer, 404)
        assert "script" not in answer.get_data(as_text=True)


@pytest.mark.parametrize(
    "path",
    [
        f"/targets/{NO_ID}",
        f"/datasets/{NO_ID}",
        f"/audits/{NO_ID}",
        f"/audits/{NO_ID}/findings",
        f"/audits/{NO_ID}/result",
        f"/audits/{NO_ID}/report",
        f"/schedules/{NO_ID}",
    ],
)
def test_an_id_of_nothing_is_not_found(house, path):
    assert_problem(house.get(path), 404)


def test_ids_are_read_in_any_case(house):
    target_id = house.target_id()
    assert house.get(f"/targets/{target_id.upper()}").json["id"] == target_id


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=-1", "limit"),
        ("limit=many", "limit"),
        ("limt=5", "limt"),
        ("cursor=%00", "cursor"),
        ("cursor=" + "x" * 501, "cursor"),
        ("cursor=", "cursor"),
    ],
)
def test_a_page_that_cannot_be_asked_for(house, query, field):
    for path in ("targets", "datasets", "audits", "schedules", "secrets", "events"):
        assert_problem(house.get(f"/{path}?{query}"), 422, field=field)


def test_a_cursor_that_nobody_gave_out(house):
    for path in ("targets", "datasets", "audits", "schedules", "secrets", "events"):
        assert_problem(house.get(f"/{path}?cursor=made-up"), 422, field="cursor")
