import json
from pathlib import Path

import pytest
from web_house import assert_problem

from auditor.domain.audit import AuditStatus
from auditor.domain.catalog import Role
from auditor.store import audits, findings

FIXTURES = Path(__file__).parents[2] / "fixtures" / "results"


@pytest.fixture
def document():
    return json.loads((FIXTURES / "pass.json").read_text())


@pytest.fixture
def completed(house, document):
    """The id of an audit with this result."""
    audit_id = house.audit_id()
    now = house.services.clock()
    with house.services.database.begin() as tx:
        findings.replace(tx, audit_id, house.workspaces["ours"], document["findings"])
        audits.close(
            tx, audit_id, status=AuditStatus.COMPLETED, now=now, result=document, outcome="pass", score=4.0, severity="none"
        )
    return audit_id


def test_findings_are_read_by_a_viewer(house, completed, document):
    found = house.get(f"/audits/{completed}/findings", as_=Role.VIEWER).json["items"]
    assert [finding["attack"] for finding in found] == [finding["attack"] for finding in document["findings"]]
    assert found[0]["estimates"] == document["findings"][0]["estimates"]


def test_a_running_audit_has_no_findings_yet(house):
    assert house.get(f"/audits/{house.audit_id()}/findings").json == {"items": []}


def test_the_result_is_the_document_as_it_was_written(house, completed, document):
    answer = house.get(f"/audits/{completed}/result")
    assert answer.mimetype == "application/json"
    assert answer.json == document


def test_the_audit_shows_outcome_score_and_severity(house, completed):
    read = house.get(f"/audits/{completed}").json
    assert (read["outcome"], read["score"], read["severity"], read["status"]) == ("pass", 4.0, "none", "completed")
    assert read["progress"]["fraction"] == 1.0


@pytest.mark.parametrize(
    ("wanted", "mimetype", "begins"),
    [("html", "text/html", b"<!doctype html"), ("json", "application/json", b"{"), ("pdf", "application/pdf", b"%PDF-")],
)
def test_a_report_comes_as_a_file_that_no_browser_opens_here(house, completed, wanted, mimetype, begins):
    answer = house.get(f"/audits/{completed}/report?format={wanted}", as_=Role.VIEWER)
    assert (answer.status_code, answer.mimetype) == (200, mimetype)
    assert answer.data.lstrip()[: len(begins)].lower() == begins.lower()
    assert answer.headers["Content-Disposition"] == f'attachment; filename="audit-{completed}.{wanted}"'
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_a_report_is_html_unless_told(house, completed):
    assert house.get(f"/audits/{completed}/report").mimetype == "text/html"


def test_a_report_in_another_format_is_refused(house, completed):
    assert_problem(house.get(f"/audits/{completed}/report?format=docx"), 422, field="format", says="'html'")
    assert_problem(house.get(f"/audits/{completed}/report?fromat=pdf"), 422, field="fromat", says="did you mean 'format'")


@pytest.mark.parametrize("what", ["result", "report"])
def test_before_the_end_there_is_nothing_to_hand_out(house, what):
    audit_id = house.audit_id()
    assert_problem(house.get(f"/audits/{audit_id}/{what}"), 409, says="still running")
    house.post(f"/audits/{audit_id}/cancel")
    assert_problem(house.get(f"/audits/{audit_id}/{what}"), 409, says="resume it")


@pytest.mark.parametrize("what", ["findings", "result", "report"])
def test_another_workspace_finds_nothing(house, completed, what):
    assert_problem(house.get(f"/audits/{completed}/{what}", of="theirs"), 404)
