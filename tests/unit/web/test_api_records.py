"""Results of single records: who may read them, how they are named, and that reading is written down."""

import itertools
from datetime import timedelta

import exposed_audit
import numpy as np
import pytest
from web_house import House, assert_problem, open_services

from auditor.domain.catalog import Role
from auditor.store import retention


@pytest.fixture(scope="module")
def house(tmp_path_factory, template_database):
    """One for all: what these tests read, they do not change, and each looks at events of its own."""
    opened = open_services(tmp_path_factory.mktemp("records"), template_database)
    yield House(opened)
    opened.close()


@pytest.fixture(scope="module")
def exposed(house):
    return exposed_audit.plant(house.services, house.workspaces["ours"])


@pytest.fixture
def mine(house):
    """An audit that nobody looked at before."""
    return exposed_audit.plant(house.services, house.workspaces["ours"], seed=next(SEEDS))


SEEDS = itertools.count(100)


def records_of(house, audit_id, query="", **options):
    return house.get(f"/audits/{audit_id}/records{query}", as_=options.pop("as_", Role.RECORD_READER), **options)


def test_the_most_exposed_records_come_first_with_all_their_figures(house, exposed):
    page = records_of(house, exposed.audit_id).json
    assert (page["attack"], page["total"], len(page["items"])) == ("stacked", 60, 50)
    first = page["items"][0]
    assert first == {
        "pseudonym": first["pseudonym"],
        "side": "member",
        "score": 9.0,
        "p_value": 0.0002,
        "q_value": 0.002,
        "named": True,
        "vulnerability": 4.0,
        "vulnerability_low": 3.4,
        "vulnerability_high": 4.6,
        "tpr": 0.8,
        "memorisation": 0.9,
        "memorisation_error": 0.04,
        "rank": 1,
        "rank_low": 1,
        "rank_high": 9,
        "outlier_rank": 1,
    }
    assert page["items"][2]["side"] == "non-member"


def test_pages_lead_to_the_end_and_keep_the_attack(house, exposed):
    answer = records_of(house, exposed.audit_id, "?limit=25&attack=stacked")
    seen = [answer.json["items"]]
    while answer.json["next"] is not None:
        assert "attack=stacked" in answer.headers["Link"]
        answer = records_of(house, exposed.audit_id, f"?limit=25&attack=stacked&cursor={answer.json['next']}")
        seen.append(answer.json["items"])
    assert [len(items) for items in seen] == [25, 25, 10]
    ranks = [item["rank"] for items in seen for item in items]
    assert ranks == list(range(1, 61))
    assert len({item["pseudonym"] for items in seen for item in items}) == 60


def test_what_is_not_known_is_null(house, exposed):
    last = records_of(house, exposed.audit_id, "?limit=200").json["items"][-1]
    assert last["memorisation"] is None


@pytest.mark.parametrize("role", [Role.VIEWER, Role.AUDITOR])
def test_other_roles_may_not_read_them(house, exposed, role):
    assert_problem(records_of(house, exposed.audit_id, as_=role), 403, says="record-reader")


def test_another_workspace_has_no_such_audit(house, exposed):
    assert_problem(records_of(house, exposed.audit_id, of="theirs"), 404)


def test_every_look_is_an_event_with_the_name_of_the_key(house, mine):
    records_of(house, mine.audit_id, "?limit=10")
    records_of(house, mine.audit_id, "?limit=10&cursor=10", as_=Role.ADMIN)
    seen = house.get(f"/events?audit={mine.audit_id}").json["items"]
    assert [event["kind"] for event in seen] == ["records.read", "records.read"]
    assert "ours-admin read 10 results of single records of wages (attack stacked)" in seen[0]["sentence"]
    assert "ours-record-reader" in seen[1]["sentence"]


def test_a_look_that_was_refused_is_no_event(house, mine):
    records_of(house, mine.audit_id, as_=Role.VIEWER)
    records_of(house, mine.audit_id, "?attack=gap")
    assert house.get(f"/events?audit={mine.audit_id}").json["items"] == []


def test_a_record_keeps_its_pseudonym_when_another_audit_shuffles_it(house, exposed):
    everyone = {**exposed_audit.columns(160), "row": np.arange(160)}
    again = [exposed_audit.plant(house.services, house.workspaces["ours"], seed=seed, table=everyone) for seed in (8, 9)]
    first, second = ([r["pseudonym"] for r in records_of(house, a.audit_id, "?limit=200").json["items"]] for a in again)
    assert first != second
    assert set(first) == set(second)
    assert len(set(first)) == 160


def test_another_workspace_gives_the_same_record_another_pseudonym(house, exposed):
    theirs = exposed_audit.plant(house.services, house.workspaces["theirs"])
    ours = {r["pseudonym"] for r in records_of(house, exposed.audit_id).json["items"]}
    others = {r["pseudonym"] for r in records_of(house, theirs.audit_id, of="theirs").json["items"]}
    assert ours.isdisjoint(others)


def test_a_pseudonym_says_nothing_of_the_record(house, exposed):
    text = records_of(house, exposed.audit_id).get_data(as_text=True)
    assert not any(cell in text for cell in ("private", "state", ">50K"))


def test_an_audit_with_few_shadows_has_claims_and_no_vulnerability(house):
    kept = ("row", "is_member", "score", "p_value", "q_value", "named")
    few = {name: column for name, column in exposed_audit.columns().items() if name in kept}
    planted = exposed_audit.plant(house.services, house.workspaces["ours"], table=few)
    item = records_of(house, planted.audit_id).json["items"][0]
    assert item["p_value"] == 0.0002
    assert [item[name] for name in ("vulnerability", "tpr", "memorisation", "rank", "outlier_rank")] == [None] * 5


def test_an_attack_without_a_table_is_refused_with_those_that_have_one(house, exposed):
    assert_problem(records_of(house, exposed.audit_id, "?attack=gap"), 422, field="attack", says="stacked")


@pytest.mark.parametrize("cursor", ["x", "-1", "1e3", "0199b2a4-3c1e-7a40-9d2f-5b7c0e61a001"])
def test_a_cursor_of_ones_own_is_refused(house, exposed, cursor):
    assert_problem(records_of(house, exposed.audit_id, f"?cursor={cursor}"), 422, field="cursor")


def test_behind_the_last_record_there_is_nothing(house, exposed):
    page = records_of(house, exposed.audit_id, "?cursor=5000").json
    assert (page["items"], page["next"], page["total"]) == ([], None, 60)


def test_a_running_audit_has_no_records_yet(house):
    assert_problem(records_of(house, house.audit_id()), 409, says="running")


def test_retention_covers_them(house):
    planted = exposed_audit.plant(house.services, house.workspaces["theirs"], seed=next(SEEDS))
    with house.services.database.begin() as tx:
        retention.forget(tx, house.services.artifacts, house.services.clock() + timedelta(days=36_500))
    assert_problem(records_of(house, planted.audit_id, of="theirs"), 409, says="audit again")
