import io
import threading

import pytest
from web_house import URL, assert_problem, records

from auditor.store import idempotency
from auditor.web.api import replay

TARGET = {"name": "income", "target": {"url": URL}}
KEY = {"Idempotency-Key": "8e03978e-40d5-43dd-bc93-6894a57f9324"}


def count(house, path):
    return len(house.get(path).json["items"])


def test_the_same_request_twice_has_one_effect_and_one_answer(house):
    first = house.post("/targets", json=TARGET, headers=KEY)
    second = house.post("/targets", json=TARGET, headers=KEY)
    assert (second.status_code, second.json, second.headers["Location"]) == (201, first.json, first.headers["Location"])
    assert second.headers["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first.headers
    assert count(house, "/targets") == 1


def test_an_audit_is_submitted_once(house):
    spec = house.spec()
    first = house.post("/audits", json=spec, headers=KEY)
    second = house.post("/audits", json=spec, headers=KEY)
    assert (second.status_code, second.json) == (202, first.json)
    assert count(house, "/audits") == 1
    assert len(house.services.dispatch.delivered) == 1


def test_an_upload_is_kept_once(house):
    ids = {house.upload(headers=KEY).json["id"] for _ in range(2)}
    assert len(ids) == 1
    assert count(house, "/datasets") == 1


def test_another_body_with_the_same_key_is_refused(house):
    house.post("/targets", json=TARGET, headers=KEY)
    answer = house.post("/targets", json={**TARGET, "name": "other"}, headers=KEY)
    assert_problem(answer, 422, field="Idempotency-Key", says="another request")
    assert count(house, "/targets") == 1


def test_another_file_with_the_same_key_is_refused(house):
    house.upload(headers=KEY)
    assert_problem(house.upload(text=records(61), headers=KEY), 422, field="Idempotency-Key")


def test_another_address_with_the_same_key_is_refused(house):
    audit_id = house.audit_id()
    house.post(f"/audits/{audit_id}/cancel", headers=KEY)
    assert_problem(house.post(f"/audits/{audit_id}/resume", headers=KEY), 422, field="Idempotency-Key")


def test_without_a_key_every_request_counts(house):
    for _ in range(2):
        house.post("/targets", json=TARGET)
    assert count(house, "/targets") == 2


def test_another_workspace_may_use_the_same_key(house):
    ours = house.post("/targets", json=TARGET, headers=KEY).json
    theirs = house.post("/targets", json=TARGET, headers=KEY, of="theirs").json
    assert ours["id"] != theirs["id"]


def test_a_refused_request_may_be_corrected_and_sent_with_its_key(house):
    assert_problem(house.post("/audits", json=house.spec(shadows=5), headers=KEY), 422)
    assert house.post("/audits", json=house.spec(), headers=KEY).status_code == 202


def test_after_a_day_the_key_is_forgotten(house):
    house.post("/targets", json=TARGET, headers=KEY)
    house.services.clock.advance(hours=25)
    assert house.post("/targets", json={**TARGET, "name": "other"}, headers=KEY).status_code == 201
    assert count(house, "/targets") == 2


@pytest.mark.parametrize("key", ["", "a b", "ä", "x" * 201])
def test_a_key_that_is_none_is_refused(house, key):
    assert_problem(house.post("/targets", json=TARGET, headers={"Idempotency-Key": key.encode("latin-1").decode("latin-1")}), 422)
    assert count(house, "/targets") == 0


def abandoned(house):
    """A request whose server went away in the middle of it: its key is taken, and nobody will answer."""
    with house.app.test_request_context("/api/v1/targets", method="POST"):
        digest = replay._digest(house.app.json.dumps(TARGET).encode())
    since = {"since": house.services.clock().isoformat()}
    with house.services.database.begin() as tx:
        answer = idempotency.Answer(digest, replay.IN_PROGRESS, since)
        idempotency.remember(tx, house.workspaces["ours"], KEY["Idempotency-Key"], answer, house.services.clock())


def test_a_request_that_is_being_worked_on_is_not_started_again(house):
    abandoned(house)
    answer = house.post("/targets", data=house.app.json.dumps(TARGET), content_type="application/json", headers=KEY)
    assert_problem(answer, 409, says="still being worked on")
    assert count(house, "/targets") == 0


def test_a_request_whose_server_went_away_may_be_sent_again_after_a_while(house):
    abandoned(house)
    house.services.clock.advance(minutes=11)
    answer = house.post("/targets", data=house.app.json.dumps(TARGET), content_type="application/json", headers=KEY)
    assert answer.status_code == 201
    assert count(house, "/targets") == 1


def test_requests_that_race_have_one_effect(house):
    answers, start = [], threading.Barrier(4)

    def send():
        start.wait()
        answers.append(house.post("/targets", json=TARGET, headers=KEY))

    racers = [threading.Thread(target=send) for _ in range(4)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()
    assert count(house, "/targets") == 1
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses[0] == 201
    assert set(statuses) <= {201, 409}
    assert len({answer.json["id"] for answer in answers if answer.status_code == 201}) == 1


def test_an_upload_by_form_and_as_a_body_are_the_same_records(house):
    first = house.post("/datasets", data={"name": "m", "file": (io.BytesIO(records().encode()), "x")}, headers=KEY)
    second = house.post("/datasets?name=m", data=records(), content_type="text/csv", headers=KEY)
    assert second.json == first.json
