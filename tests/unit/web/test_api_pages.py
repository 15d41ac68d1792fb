import pytest
from web_house import URL


def make(house, path, number):
    if path == "targets":
        return house.post("/targets", json={"name": f"t{number}", "target": {"url": URL}}).json["id"]
    if path == "datasets":
        return house.dataset_id(name=f"d{number}")
    return house.post("/secrets", json={"name": f"s{number}", "host": "h", "value": "v"}).json["id"]


@pytest.mark.parametrize("path", ["targets", "datasets", "secrets"])
def test_walking_the_pages_meets_everything_once(house, path):
    made = {make(house, path, number) for number in range(5)}
    met, address = [], f"/{path}?limit=2"
    while address:
        answer = house.get(address)
        assert len(answer.json["items"]) <= 2
        met += [item["id"] for item in answer.json["items"]]
        cursor = answer.json["next"]
        assert ("Link" in answer.headers) == (cursor is not None)
        address = answer.headers["Link"].split(">")[0].lstrip("<") if cursor else None
    assert len(met) == 5
    assert set(met) == made


def test_the_link_keeps_the_filter(house):
    spec = house.spec()
    for _ in range(3):
        house.post("/audits", json=spec)
    answer = house.get(f"/audits?limit=2&target={spec['target']}")
    assert answer.headers["Link"].endswith('; rel="next"')
    following = house.get(answer.headers["Link"].split(">")[0].lstrip("<"))
    assert len(following.json["items"]) == 1
    assert f"target={spec['target']}" in answer.headers["Link"]


def test_a_full_page_without_a_successor_says_so(house):
    for number in range(2):
        make(house, "targets", number)
    answer = house.get("/targets?limit=2")
    assert len(answer.json["items"]) == 2
    assert answer.json["next"] is None


def test_a_cursor_of_another_workspace_shows_nothing_of_it(house):
    for number in range(3):
        make(house, "targets", number)
    cursor = house.get("/targets?limit=1").json["next"]
    assert house.get(f"/targets?cursor={cursor}", of="theirs").json["items"] == []


def test_events_are_filtered_by_audit(house):
    audit_id = house.audit_id()
    house.audit_id()
    of_one = house.get(f"/events?audit={audit_id}").json["items"]
    assert of_one
    assert {event["audit_id"] for event in of_one} == {audit_id}
    assert len(house.get("/events").json["items"]) > len(of_one)
