import json
import re
from dataclasses import replace

import pytest
from dashboard_seed import result_of
from html_page import Page

from auditor.domain.audit import AuditStatus, StepKind, StepStatus
from auditor.store import audits, steps
from auditor.web.dashboard.audit_pages import PAGE
from auditor.web.dashboard.stages import stages_of


def status_of(services, ours, audit_id):
    with services.database.read() as tx:
        return audits.get(tx, ours.workspace_id, audit_id).status


def test_the_list_is_newest_first_with_outcomes_and_targets(auditor, ours):
    page = auditor.text("/audits")
    assert page.index(ours.audits["breach"]) < page.index(ours.audits["pass"]) < page.index(ours.audits["inconclusive"])
    assert ours.targets["churn"] in page
    text = Page(page).text
    assert all(word in text for word in ("Breach", "Pass", "Inconclusive", "Failed", "Running"))


def test_a_long_list_goes_on_on_another_page(auditor, services, ours):
    with services.database.begin() as tx:
        for number in range(PAGE):
            audits.create(tx, workspace_id=ours.workspace_id, name=f"more-{number}", spec={}, budget=1, now=services.clock())
    first = auditor.text("/audits")
    (following,) = re.findall(r'href="(/audits\?cursor=[^"]+)"', first)
    second = auditor.text(following)
    assert first.count('<th scope="row">') == PAGE
    assert not set(re.findall(r"/audits/[0-9a-f-]{36}", first)) & set(re.findall(r"/audits/[0-9a-f-]{36}", second))
    assert "Older audits" not in second


def test_a_cursor_that_is_none_is_refused_with_a_sentence(auditor):
    answer = auditor.get("/audits?cursor=what")
    assert answer.status_code == 422
    assert "use the cursor of the page before" in answer.get_data(as_text=True)


def test_a_completed_audit_shows_its_whole_report(auditor, ours):
    text = Page(auditor.text(f"/audits/{ours.audits['breach']}")).text
    for words in (
        "An adversary can tell who was in the training data",
        "Threat model",
        "Controls",
        "What did not run, and why",
        "Limitations",
    ):
        assert words in text


@pytest.mark.parametrize(("kind", "media"), [("html", "text/html"), ("json", "application/json"), ("pdf", "application/pdf")])
def test_a_report_is_a_download(auditor, ours, kind, media):
    audit_id = ours.audits["breach"]
    answer = auditor.get(f"/audits/{audit_id}/report.{kind}")
    assert (answer.status_code, answer.mimetype) == (200, media)
    assert answer.headers["Content-Disposition"] == f'attachment; filename="audit-{audit_id}.{kind}"'


def test_the_downloaded_document_is_the_result(auditor, ours):
    assert json.loads(auditor.text(f"/audits/{ours.audits['breach']}/report.json")) == result_of("breach")


def test_a_report_of_another_kind_does_not_exist(auditor, ours):
    assert auditor.get(f"/audits/{ours.audits['breach']}/report.docx").status_code == 404


def test_an_audit_without_a_result_has_no_report(auditor, ours):
    answer = auditor.get(f"/audits/{ours.audits['running']}/report.pdf")
    assert answer.status_code == 409
    assert "is running and has no report yet" in answer.get_data(as_text=True)


def test_a_running_audit_is_polled(auditor, ours):
    page = auditor.text(f"/audits/{ours.audits['running']}")
    assert 'hx-trigger="every 2s"' in page
    text = Page(page).text
    assert "Training shadow models" in text
    assert "8 of 24 steps done" in text
    assert "About" in text
    assert "Cancel the audit" in text


def test_what_the_audit_does_is_announced_once_and_not_every_two_seconds(auditor, ours):
    page = auditor.text(f"/audits/{ours.audits['running']}")
    assert page.count('role="status"') == 1
    (address,) = re.findall(r'hx-get="([^"]+)"', page)
    assert "hx-swap-oob" not in auditor.text(address.replace("&amp;", "&"))
    assert "hx-swap-oob" in auditor.text(address.split("?")[0] + "?said=something+else")


def test_progress_without_scripts_reloads_the_page(auditor, ours):
    assert '<noscript><meta http-equiv="refresh"' in auditor.text(f"/audits/{ours.audits['running']}")
    assert "<noscript>" not in auditor.text(f"/audits/{ours.audits['breach']}")


def test_a_part_of_a_page_is_no_page(auditor, ours):
    part = auditor.text(f"/audits/{ours.audits['running']}/progress")
    assert "<html" not in part
    assert Page(part).open == []


def test_when_it_is_over_the_page_is_loaded_anew(auditor, ours):
    answer = auditor.get(f"/audits/{ours.audits['breach']}/progress", **{"HX-Request": "true"})
    assert (answer.status_code, answer.headers["HX-Refresh"]) == (204, "true")


def test_cancel_and_resume(auditor, services, ours):
    audit_id = ours.audits["running"]
    answer = auditor.post(f"/audits/{audit_id}/cancel")
    assert (answer.status_code, answer.location) == (303, f"/audits/{audit_id}")
    assert status_of(services, ours, audit_id) is AuditStatus.CANCELLED
    assert "was cancelled, so it says nothing about the model" in auditor.text(f"/audits/{audit_id}")
    auditor.post(f"/audits/{audit_id}/resume")
    assert status_of(services, ours, audit_id) is AuditStatus.RUNNING


def test_a_completed_audit_cannot_be_resumed(auditor, ours):
    answer = auditor.post(f"/audits/{ours.audits['breach']}/resume")
    assert answer.status_code == 409
    assert "start a new one" in answer.get_data(as_text=True)


def test_an_audit_with_a_wrong_spec_leads_to_another_one(auditor, services, ours):
    with services.database.begin() as tx:
        audits.close(tx, ours.audits["running"], status="failed", now=services.clock(), reason="learner: give data.auxiliary")
    page = auditor.text(f"/audits/{ours.audits['running']}")
    assert "Learner: give data.auxiliary" in page
    assert "start another one with that changed" in page
    assert re.search(r'href="/audits/new\?target=[^"]+">Start another audit', page)
    assert "Start another audit" not in auditor.text(f"/audits/{ours.audits['failed']}")


def test_a_failed_audit_says_why_and_how_far_it_came(auditor, ours):
    text = Page(auditor.text(f"/audits/{ours.audits['failed']}")).text
    assert "The target answered 401 to every request" in text
    assert "Resume the audit" in text
    assert "Probe the target done" in text


@pytest.fixture
def known_steps(services, ours):
    with services.database.read() as tx:
        return steps.steps(tx, ours.audits["running"])


def test_steps_of_one_kind_are_one_stage(known_steps):
    stages = {stage.title: stage for stage in stages_of(known_steps)}
    assert (stages["Ask the target"].state, stages["Ask the target"].count) == ("done", "5 of 5")
    assert (stages["Train shadow models"].state, stages["Train shadow models"].count) == ("running", "1 of 4")
    assert (stages["Probe the target"].state, stages["Probe the target"].count) == ("done", "")
    assert stages["Grade the evidence"].state == "waiting"


def test_stages_stand_in_the_order_of_the_work(known_steps):
    titles = [stage.title for stage in stages_of(list(reversed(known_steps)))]
    assert titles == [
        "Probe the target",
        "Ask the target",
        "Choose the learner",
        "Train shadow models",
        "Attack",
        "Run controls",
        "Grade the evidence",
    ]


def test_a_failure_stands_out_with_its_reason(known_steps):
    attacks = [step for step in known_steps if step.kind is StepKind.ATTACK]
    broken = [replace(attacks[0], status=StepStatus.FAILED, reason="too few records"), *attacks[1:]]
    (stage,) = stages_of(broken)
    assert (stage.state, stage.reason) == ("failed", "too few records")


def test_a_stage_between_two_steps_is_running(known_steps):
    attacks = [step for step in known_steps if step.kind is StepKind.ATTACK]
    (stage,) = stages_of([replace(attacks[0], status=StepStatus.DONE), *attacks[1:]])
    assert stage.state == "running"


def test_nothing_planned_is_nothing_listed():
    assert stages_of([]) == []
