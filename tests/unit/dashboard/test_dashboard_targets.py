import re

from dashboard_seed import result_of
from html_page import Page

from auditor.store import audits, targets
from auditor.store.findings import PastAudit, Scored
from auditor.web.dashboard.history import leading_of


def newest(services, ours, target):
    with services.database.read() as tx:
        return audits.page(tx, ours.workspace_id, limit=1, target_id=ours.targets[target])[0][0]


def test_the_history_has_every_completed_audit_with_its_interval(auditor, ours):
    page = auditor.text(f"/targets/{ours.targets['income']}")
    text = Page(page).text
    assert page.count('<th scope="row">') == 5
    assert "53 to 62" in text
    assert "lira" in text
    assert page.index(ours.audits["breach"]) < page.index(ours.audits["pass"])


def test_the_chart_is_drawn_for_wide_and_for_narrow_screens(auditor, ours):
    page = auditor.text(f"/targets/{ours.targets['income']}")
    assert re.findall(r'class="chart (trend[^"]*)"', page) == ["trend", "trend trend-narrow"]
    assert page.count('class="whisker"') == 8


def test_a_target_without_audits_leads_to_its_first(auditor, ours):
    page = auditor.text(f"/targets/{ours.targets['labels-only']}")
    assert f"/audits/new?target={ours.targets['labels-only']}" in page
    assert "Audit again" not in page


def test_a_newest_audit_that_failed_is_told(auditor, ours):
    text = Page(auditor.text(f"/targets/{ours.targets['churn']}")).text
    assert "churn-eu , is failed: The target answered 401" in text


def test_the_audit_can_be_started_again(auditor, services, ours):
    before = newest(services, ours, "income")
    answer = auditor.post(f"/targets/{ours.targets['income']}/audit")
    after = newest(services, ours, "income")
    assert answer.location == f"/audits/{after.id}"
    assert (after.id != before.id, after.name, after.spec["data"]) == (
        True,
        before.name,
        {**after.spec["data"], **before.spec["data"]},
    )
    assert services.dispatch.delivered


def test_it_is_started_against_the_target_as_it_is_registered_now(auditor, services, ours):
    registered = ours.targets["income"]
    auditor.post(f"/targets/{registered}/audit")
    with services.database.read() as tx:
        assert (
            newest(services, ours, "income").spec["target"]["url"]
            == targets.get_target(tx, ours.workspace_id, registered).spec["url"]
        )


def test_a_target_that_was_never_audited_has_nothing_to_repeat(auditor, ours):
    answer = auditor.post(f"/targets/{ours.targets['labels-only']}/audit")
    assert answer.status_code == 409
    assert "was never audited" in answer.get_data(as_text=True)


def scored(score, low, attack="a"):
    return Scored(attack, "membership", "pass", "none", score, low, 90.0)


def past(score, *found):
    from datetime import UTC, datetime

    return PastAudit("id", "name", datetime(2026, 1, 1, tzinfo=UTC), None, "pass", score, "none", found)


def test_the_leading_finding_gave_the_audit_its_score():
    assert leading_of(past(50, scored(10, 5), scored(50, 40, "b"))).attack == "b"


def test_of_two_with_the_same_score_the_surer_one_leads():
    assert leading_of(past(50, scored(50, 20), scored(50, 40, "b"))).attack == "b"


def test_an_audit_without_a_score_has_no_leading_finding():
    assert leading_of(past(None, scored(None, None))) is None
    assert leading_of(past(50)) is None


def test_a_history_of_two_versions_says_so_and_breaks_its_line(auditor, services, ours):
    path = f"/targets/{ours.targets['income']}"
    assert "meaning of the score" not in auditor.text(path)
    with services.database.begin() as tx:
        result = result_of("pass")
        result["audit"]["score_version"] = 2
        spec = {"spec": 1, "name": "later"}
        made = audits.create(
            tx,
            workspace_id=ours.workspace_id,
            name="later",
            spec=spec,
            budget=1,
            target_id=ours.targets["income"],
            now=services.clock(),
        )
        audits.close(
            tx, made.id, status="completed", now=services.clock(), result=result, score=9.0, outcome="pass", severity="low"
        )
    page = auditor.text(path)
    assert "versions 1, 2 are not compared" in Page(page).text
    assert page.count('class="curve"') == 4  # two lines in each of the two charts


def test_every_score_of_a_list_leads_to_its_meaning(auditor, ours):
    for path in ("/", "/audits", f"/targets/{ours.targets['income']}"):
        assert '<a href="/score">Score</a>' in auditor.text(path)
    text = Page(auditor.text("/score")).text
    assert "Version 1" in text
    assert "100 log10(max(1, TPR / a0)) / log10(1 / a0)" in text
