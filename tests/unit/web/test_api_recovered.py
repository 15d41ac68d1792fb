"""What was recovered of single members: held against the records themselves, for those who may, and written down."""

from datetime import timedelta

import pytest
import recovered_audit
from web_house import House, assert_problem, open_services

from auditor.domain.catalog import Role
from auditor.store import retention


@pytest.fixture(scope="module")
def house(tmp_path_factory, template_database):
    opened = open_services(tmp_path_factory.mktemp("recovered"), template_database)
    yield House(opened)
    opened.close()


@pytest.fixture(scope="module")
def planted(house):
    return recovered_audit.plant(house.services, house.workspaces["ours"])


def values_of(house, audit_id, query="", **options):
    return house.get(f"/audits/{audit_id}/recovered-values{query}", as_=options.pop("as_", Role.RECORD_READER), **options)


def pseudonyms_of(house, planted):
    """Each member's job under its pseudonym, from every claim that can be read."""
    found = values_of(house, planted.audit_id, "?attack=attribute[job]").json["items"]
    return {item["pseudonym"]: item["true"] for item in found}


def test_the_surest_claims_about_members_stand_beside_the_truth_and_the_guess(house, planted):
    found = values_of(house, planted.audit_id, "?attack=attribute[job]").json
    items = found["items"]
    assert (len(items), found["kept"]) == (20, "the 20 surest claims about members")
    assert [item["confidence"] for item in items] == sorted((item["confidence"] for item in items), reverse=True)
    assert all(item["right"] == (item["recovered"] == item["true"]) for item in items)
    assert all(item["guess_right"] == (item["guess"] == item["true"]) for item in items)
    assert not any(item["recovered"] == "baker" for item in items), "the most common value says little of anybody"
    assert {item["column"] for item in items} == {"job"}
    assert sum(item["right"] for item in items) > sum(item["guess_right"] for item in items)


def test_the_claims_are_about_members_and_the_surest_of_them(house, planted):
    jobs, is_member = planted.data.candidates.features["job"].to_numpy(), planted.data.is_member
    surest = [row for row in range(len(jobs))[::-1] if is_member[row] and jobs[row] != "baker" and row % 7][:5]
    found = values_of(house, planted.audit_id, "?attack=attribute[job]").json["items"]
    right = [item for item in found if item["right"]]
    assert [item["true"] for item in right[:5]] == list(jobs[surest])
    assert [item["confidence"] for item in right[:5]] == pytest.approx([1 + row / 10 for row in surest])


def test_a_number_is_right_when_it_is_close(house, planted):
    items = values_of(house, planted.audit_id, "?attack=attribute[age]").json["items"]
    ages = planted.data.candidates.features["age"].astype(float)
    close = ages[~planted.data.is_member].std(ddof=0) / 4
    assert all(item["right"] == (abs(item["recovered"] - item["true"]) <= close) for item in items)
    assert {type(item["true"]) for item in items} == {float}
    assert all(0 <= item["confidence"] <= 1 for item in items)


def test_rebuilt_records_are_matched_with_members_cell_by_cell(house, planted):
    found = values_of(house, planted.audit_id, "?attack=forest-reconstruction").json
    records: dict[str, dict[str, dict]] = {}
    for item in found["items"]:
        records.setdefault(item["pseudonym"], {})[item["column"]] = item
    assert len(records) == 4
    assert [all(cell["right"] for cell in record.values()) for record in records.values()] == [True, True, True, False]
    assert {cell["guess"] for record in records.values() for cell in (record["job"],)} == {"baker"}
    assert {cell["confidence"] for record in records.values() for cell in record.values()} == {None}


def test_a_claim_about_a_named_member_stands_beside_the_guess_about_it(house, planted):
    found = values_of(house, planted.audit_id, "?attack=linear-record").json
    ages = [item for item in found["items"] if item["column"] == "age"]
    rows = planted.data.is_member.nonzero()[0][:5]
    assert [item["true"] for item in ages] == planted.data.candidates.features["age"].to_numpy()[rows].tolist()
    assert [item["right"] for item in ages] == [True, True, False, False, False]
    assert [item["guess_right"] for item in ages] == [True, True, True, True, False]
    assert found["kept"] == "the first 5 members that were taken for missing"


def test_a_record_has_one_pseudonym_under_all_attacks(house, planted):
    jobs = pseudonyms_of(house, planted)
    rebuilt = values_of(house, planted.audit_id, "?attack=forest-reconstruction").json["items"]
    both = [item for item in rebuilt if item["column"] == "job" and item["pseudonym"] in jobs]
    assert all(jobs[item["pseudonym"]] == item["true"] for item in both)
    assert all(len(item["pseudonym"]) == 20 for item in rebuilt)


def test_attacks_are_listed_and_another_one_is_refused_with_them(house, planted):
    choices = values_of(house, planted.audit_id).json["choices"]
    assert sorted(choices) == ["attribute[age]", "attribute[job]", "forest-reconstruction", "linear-record"]
    assert_problem(values_of(house, planted.audit_id, "?attack=lira"), 422, field="attack", says="attribute[job]")


@pytest.mark.parametrize("role", [Role.VIEWER, Role.AUDITOR])
def test_other_roles_may_not_read_them(house, planted, role):
    assert_problem(values_of(house, planted.audit_id, as_=role), 403, says="record-reader")


def test_another_workspace_has_no_such_audit(house, planted):
    assert_problem(values_of(house, planted.audit_id, of="theirs"), 404)


def test_every_look_is_an_event_and_a_refused_one_is_none(house):
    planted = recovered_audit.plant(house.services, house.workspaces["ours"], ("job",))
    values_of(house, planted.audit_id, as_=Role.VIEWER)
    values_of(house, planted.audit_id, "?attack=attribute[job]")
    (event,) = house.get(f"/events?audit={planted.audit_id}").json["items"]
    assert event["kind"] == "records.read"
    assert "ours-record-reader read 20 results of single records of ills (attack attribute[job])" in event["sentence"]


def test_an_audit_without_such_values_or_without_an_end_says_so(house):
    assert_problem(values_of(house, house.audit_id()), 409, says="running")


def test_retention_covers_them(house):
    planted = recovered_audit.plant(house.services, house.workspaces["theirs"])
    with house.services.database.begin() as tx:
        retention.forget(tx, house.services.artifacts, house.services.clock() + timedelta(days=36_500))
    assert_problem(values_of(house, planted.audit_id, of="theirs"), 409, says="audit again")
