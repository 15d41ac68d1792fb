"""The API on every database: its whole story, what races, and what a database refuses."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from web_house import URL, House, assert_problem, records, services_over

from auditor.domain.catalog import Role

TARGET = {"name": "income", "target": {"url": URL}}


@pytest.fixture
def house(database, tmp_path):
    return House(services_over(database, tmp_path))


def at_once(count, call):
    """The answers of calls that start together."""
    start = threading.Barrier(count)

    def one(number):
        start.wait()
        return call(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


def test_from_a_target_to_a_resumed_audit(house):
    spec = house.spec(attacks="quick")
    submitted = house.post("/audits", as_=Role.AUDITOR, json=spec)
    assert submitted.status_code == 202
    address = submitted.headers["Location"]
    assert house.get(address, as_=Role.VIEWER).json["progress"]["steps_total"] >= 1
    assert house.post(f"{address}/cancel").json["status"] == "cancelled"
    assert house.post(f"{address}/resume").json["status"] == "running"
    assert [item["id"] for item in house.get(f"/audits?target={spec['target']}").json["items"]] == [submitted.json["id"]]
    kinds = {event["kind"] for event in house.get("/events").json["items"]}
    assert {"audit.submitted", "audit.cancelled"} <= kinds


def test_a_schedule_keeps_its_times_in_utc(house):
    body = {"name": "weekly", "cron": "0 3 * * 1", "zone": "America/New_York", "audit": house.spec()}
    made = house.post("/schedules", json=body).json
    assert made["next_run_at"] == "2026-03-09T07:00:00Z"  # the clocks went forward the day before
    assert house.get(f"/schedules/{made['id']}").json == made


def test_of_racing_requests_with_one_key_one_has_an_effect(house):
    answers = at_once(6, lambda _: house.post("/targets", json=TARGET, headers={"Idempotency-Key": "race"}))
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert len({answer.json["id"] for answer in answers if answer.status_code == 201}) == 1
    assert len(house.get("/targets").json["items"]) == 1


def test_racing_requests_without_a_key_all_count(house):
    answers = at_once(6, lambda number: house.post("/targets", json={**TARGET, "name": f"t{number}"}))
    assert [answer.status_code for answer in answers] == [201] * 6
    assert len(house.get("/targets").json["items"]) == 6


def test_racing_uploads_of_the_same_records_share_what_they_hold(house):
    answers = at_once(4, lambda number: house.upload(name=f"copy {number}"))
    assert [answer.status_code for answer in answers] == [201] * 4
    assert len({answer.json["digest"] for answer in answers}) == 1
    assert len({answer.json["id"] for answer in answers}) == 4


def test_of_racing_cancellations_all_see_it_cancelled(house):
    audit_id = house.audit_id()
    answers = at_once(4, lambda _: house.post(f"/audits/{audit_id}/cancel"))
    assert {answer.json["status"] for answer in answers} == {"cancelled"}


def test_of_racing_resumptions_one_goes_on(house):
    audit_id = house.audit_id()
    house.post(f"/audits/{audit_id}/cancel")
    statuses = sorted(answer.status_code for answer in at_once(4, lambda _: house.post(f"/audits/{audit_id}/resume")))
    assert statuses == [202, 409, 409, 409]


def test_deleting_twice_at_once_deletes_once(house):
    target_id = house.target_id()
    statuses = sorted(answer.status_code for answer in at_once(4, lambda _: house.delete(f"/targets/{target_id}")))
    assert statuses[0] == 204
    assert set(statuses) <= {204, 404}


@pytest.mark.parametrize(
    "text", ["\u00e4\u00f6\u00fc \u4e2d\u6587", "\N{GRINNING FACE}", "Robert'); DROP TABLE target;--", "%s %(x)s {0}", "x" * 200]
)
def test_every_name_is_kept_as_it_came(house, text):
    made = house.post("/targets", json={**TARGET, "name": text}).json
    assert house.get(f"/targets/{made['id']}").json["name"] == text


def test_text_that_a_database_cannot_keep_is_refused(house):
    body = '{"name": "a\\u0000b", "target": {"url": "http://127.0.0.1/"}}'
    assert_problem(house.post("/targets", data=body, content_type="application/json"), 400)
    text = records().replace("private", "pri\x00vate")
    answer = house.upload(text=text)
    assert answer.status_code in (201, 422)


def test_a_number_beyond_64_bits_is_refused(house):
    answer = house.post("/audits", json=house.spec(budget={"queries": 10**30}))
    assert_problem(answer, 422, field="budget.queries")


def test_pages_walk_through_everything_in_an_order_that_new_things_do_not_disturb(house):
    for number in range(5):
        house.post("/targets", json={**TARGET, "name": f"t{number}"})
    first = house.get("/targets?limit=3").json
    house.post("/targets", json={**TARGET, "name": "late"})
    second = house.get(f"/targets?limit=3&cursor={first['next']}").json
    assert [item["name"] for item in first["items"] + second["items"]] == ["t4", "t3", "t2", "t1", "t0"]
    assert second["next"] is None
