"""The log of requests through the API: who may read it, and that it is the ledger's."""

import pytest
from web_house import House, assert_problem, open_services

from auditor.domain.attempt import Exchange
from auditor.domain.audit import Audit
from auditor.domain.catalog import Role
from auditor.store import attempts, audits


@pytest.fixture(scope="module")
def house(tmp_path_factory, template_database):
    opened = open_services(tmp_path_factory.mktemp("queries"), template_database)
    yield House(opened)
    opened.close()


def planted(house: House, count: int) -> Audit:
    with house.services.database.begin() as tx:
        now = house.services.clock()
        audit = audits.create(tx, workspace_id=house.workspaces["ours"], name="q3", spec={}, budget=1000, now=now)
        made = [attempts.begin(tx, audit, "attack:boundary", n, now) for n in range(1, count + 1)]
        attempts.settle(tx, {made[0]: Exchange("answered", 200, 512, 64, 3.25)})
    return audit


def test_requests_come_oldest_first_with_all_that_is_known(house):
    items = house.get(f"/audits/{planted(house, 2).id}/queries", as_=Role.AUDITOR).json["items"]
    first, second = items
    assert first == {
        "id": first["id"],
        "created_at": first["created_at"],
        "asked_by": "attack:boundary",
        "rows": 1,
        "ended": "answered",
        "status": 200,
        "sent": 512,
        "received": 64,
        "milliseconds": 3.25,
    }
    assert (second["rows"], second["ended"], second["status"]) == (2, "unknown", None)


def test_pages_follow_each_other(house):
    address = f"/audits/{planted(house, 5).id}/queries?limit=2"
    seen, cursor = [], ""
    while cursor is not None:
        page = house.get(address + cursor, as_=Role.AUDITOR).json
        seen += [item["rows"] for item in page["items"]]
        cursor = page["next"] and f"&cursor={page['next']}"
    assert seen == [1, 2, 3, 4, 5]


def test_a_viewer_may_not_read_it_and_another_workspace_does_not_see_it(house):
    audit = planted(house, 1)
    assert_problem(house.get(f"/audits/{audit.id}/queries", as_=Role.VIEWER), 403)
    with house.services.database.begin() as tx:
        theirs = audits.create(
            tx, workspace_id=house.workspaces["theirs"], name="q3", spec={}, budget=1000, now=house.services.clock()
        )
    assert_problem(house.get(f"/audits/{theirs.id}/queries", as_=Role.AUDITOR), 404)
