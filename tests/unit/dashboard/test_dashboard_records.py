"""The page of single records: for those who may, with a note that they looked."""

import re

import exposed_audit
import pytest
import recovered_audit
from html_page import Page

from auditor.domain.catalog import Role
from auditor.web.dashboard.record_pages import shown


@pytest.fixture
def exposed(services, ours):
    return exposed_audit.plant(services, ours.workspace_id)


def test_a_record_reader_sees_them_by_pseudonym(browse, exposed):
    reader = browse(Role.RECORD_READER)
    page = Page(reader.text(f"/audits/{exposed.audit_id}/records"))
    assert "1 to 50 of the 60 most exposed candidates by stacked" in page.text
    assert len(re.findall(r"\b[0-9a-f]{20}\b", page.text)) == 50
    assert "Your look at them is among the events" in page.text
    further = next(a["href"] for a in page.of("a") if "from=50" in (a.get("href") or ""))
    assert "51 to 60 of the 60" in Page(reader.text(further)).text


def test_figures_have_their_limits_beside_them(browse, exposed):
    text = Page(browse(Role.RECORD_READER).text(f"/audits/{exposed.audit_id}/records")).text
    assert "member 9 0.0002 yes 4 3.4 to 4.6 0.8 0.9 ± 0.04 1 1 to 9 1" in text


def test_what_an_audit_could_not_measure_is_no_column_of_dashes(browse, services, ours):
    kept = {name: values for name, values in exposed_audit.columns().items() if not name.startswith(("gap", "tpr", "mem", "rank"))}
    planted = exposed_audit.plant(services, ours.workspace_id, table=kept)
    text = Page(browse(Role.RECORD_READER).text(f"/audits/{planted.audit_id}/records")).text
    assert "Can be named Outlier rank" in text
    assert "Vulnerability" not in text
    assert "takes 64 shadow models" in text


def test_each_look_is_written_down(browse, exposed):
    browse(Role.RECORD_READER).text(f"/audits/{exposed.audit_id}/records")
    events = browse(Role.ADMIN).get("/api/v1/events").json["items"]
    assert "The key ours-record-reader read 50 results of single records" in events[0]["sentence"]


@pytest.mark.parametrize("role", [Role.VIEWER, Role.AUDITOR])
def test_who_may_not_is_told_and_sees_no_way_in(browse, exposed, role):
    person = browse(role)
    answer = person.get(f"/audits/{exposed.audit_id}/records")
    assert answer.status_code == 403
    assert "record-reader" in answer.get_data(as_text=True)
    assert f"/audits/{exposed.audit_id}/records" not in person.text(f"/audits/{exposed.audit_id}")


def test_the_audit_leads_to_them_only_where_there_are_any(browse, ours, exposed):
    reader = browse(Role.RECORD_READER)
    assert f"/audits/{exposed.audit_id}/records" in reader.text(f"/audits/{exposed.audit_id}")
    assert "/records" not in reader.text(f"/audits/{ours.audits['breach']}")


def test_behind_the_end_there_is_a_way_back(browse, exposed):
    text = Page(browse(Role.RECORD_READER).text(f"/audits/{exposed.audit_id}/records?from=999")).text
    assert "Go to the most exposed ones." in text


def test_recovered_values_stand_beside_the_truth_and_the_guess_for_those_who_may(browse, services, ours):
    planted = recovered_audit.plant(services, ours.workspace_id, ("job",))
    address = f"/audits/{planted.audit_id}/recovered-values"
    reader, viewer = browse(Role.RECORD_READER), browse(Role.VIEWER)
    assert viewer.get(address).status_code == 403
    page = Page(reader.text(f"{address}?attack=attribute[job]"))
    assert "Recovered by attribute[job]: the 20 surest claims about members" in page.text
    assert re.search(r"[0-9a-f]{20} (miner|nurse|tailor) \1 right (baker|miner|nurse|tailor) (right|wrong) \d", page.text)
    assert re.search(r"Of 20 values shown, 1\d are right; without the model \d+ would be.", page.text)
    rebuilt = Page(reader.text(f"{address}?attack=forest-reconstruction"))
    assert "the 5 members that were rebuilt most nearly" in rebuilt.text
    assert "Confidence" not in rebuilt.text


@pytest.mark.parametrize("start", ["x", "-1", "9999999999"])
def test_an_address_that_was_made_up_is_not_found(browse, exposed, start):
    assert browse(Role.RECORD_READER).get(f"/audits/{exposed.audit_id}/records?from={start}").status_code == 404


@pytest.mark.parametrize(
    ("value", "cell"),
    [(None, "–"), (True, "yes"), (False, "no"), (-0.12345, "−0.123"), (1.5e-7, "1.5e−07"), (1234, "1,234"), ("member", "member")],
)
def test_cells_are_short(value, cell):
    assert shown(value) == cell
