import pytest
from web_house import NO_ID, URL, assert_problem

from auditor.domain.catalog import Role
from auditor.workflow.tick import start_due


def plan(house, **changes):
    return {"name": "every Monday", "cron": "0 3 * * 1", "zone": "Europe/Berlin", "audit": house.spec(), **changes}


def test_a_schedule_is_made_with_its_next_firing_in_utc(house):
    body = plan(house)
    made = house.post("/schedules", as_=Role.AUDITOR, json=body)
    assert made.status_code == 201
    assert made.json["next_run_at"] == "2026-03-09T02:00:00Z"  # Monday 3:00 in Berlin, in winter
    assert made.json["paused"] is False
    assert made.json["target_id"] == body["audit"]["target"]
    assert made.json["audit"]["target"]["url"] == URL
    assert house.get(made.headers["Location"], as_=Role.VIEWER).json == made.json


def test_the_zone_is_utc_unless_told(house):
    body = plan(house)
    del body["zone"]
    made = house.post("/schedules", json=body).json
    assert (made["zone"], made["next_run_at"]) == ("UTC", "2026-03-09T03:00:00Z")


def test_schedules_are_listed_and_deleted(house):
    made = house.post("/schedules", json=plan(house)).json
    assert [item["id"] for item in house.get("/schedules").json["items"]] == [made["id"]]
    assert house.delete(f"/schedules/{made['id']}", as_=Role.AUDITOR).status_code == 204
    assert house.get("/schedules").json["items"] == []


def test_a_paused_schedule_fires_never_and_goes_on_from_now(house):
    made = house.post("/schedules", json=plan(house)).json
    paused = house.patch(f"/schedules/{made['id']}", as_=Role.AUDITOR, json={"paused": True}).json
    assert paused["paused"] is True
    house.services.clock.advance(days=30)
    start_due(house.services)
    assert house.get("/audits").json["items"] == []
    again = house.patch(f"/schedules/{made['id']}", json={"paused": False}).json
    assert again["paused"] is False
    assert again["next_run_at"] == "2026-04-06T01:00:00Z"  # the next Monday, in summer time
    start_due(house.services)
    assert house.get("/audits").json["items"] == []


def test_a_due_schedule_starts_the_audit_it_froze(house):
    made = house.post("/schedules", json=plan(house)).json
    house.services.clock.advance(days=8)
    start_due(house.services)
    started = house.get("/audits").json["items"]
    assert [item["schedule_id"] for item in started] == [made["id"]]
    assert started[0]["target_id"] == made["target_id"]
    assert house.get(f"/schedules/{made['id']}").json["last_audit_id"] == started[0]["id"]


@pytest.mark.parametrize(
    "cron", ["", "nonsense", "0 3 * *", "99 3 * * 1", "0 3 * * 1 *", "@reboot", "* * * * * * *", "0 0 30 2 *", "x" * 65]
)
def test_a_time_that_cannot_be_read_is_refused(house, cron):
    assert_problem(house.post("/schedules", json=plan(house, cron=cron)), 422, field="cron")
    assert house.get("/schedules").json["items"] == []


@pytest.mark.parametrize("zone", ["Mars/Olympus", "../../etc/passwd", "/etc/localtime", "", "CEST-ish"])
def test_a_zone_that_is_none_is_refused(house, zone):
    assert_problem(house.post("/schedules", json=plan(house, zone=zone)), 422, field="zone")


@pytest.mark.parametrize(
    ("path", "value", "field"),
    [
        ("target", "income", "target"),
        ("target", NO_ID, "target"),
        ("members", "members.csv", "data.members"),
        ("label", "incom", "data.label"),
    ],
)
def test_mistakes_in_its_audit_are_told_now_and_not_at_night(house, path, value, field):
    body = plan(house)
    (body["audit"] if path == "target" else body["audit"]["data"])[path] = value
    assert_problem(house.post("/schedules", json=body), 422, field=field)


def test_an_unknown_key_of_its_audit_suggests_the_near_one(house):
    body = plan(house)
    body["audit"]["shadow"] = 4
    assert_problem(house.post("/schedules", json=body), 422, field="audit.shadow", says="did you mean 'shadows'")


def test_an_unknown_attack_is_told_now(house):
    body = plan(house)
    body["audit"]["attacks"] = ["gapp"]
    assert_problem(house.post("/schedules", json=body), 422, says="did you mean 'gap'")


@pytest.mark.parametrize("body", [{}, {"paused": "maybe"}, {"paused": True, "cron": "* * * * *"}])
def test_pausing_takes_one_key(house, body):
    made = house.post("/schedules", json=plan(house)).json
    assert_problem(house.patch(f"/schedules/{made['id']}", json=body), 422)
    assert house.get(f"/schedules/{made['id']}").json["paused"] is False
