import re
from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise

import pytest
from dashboard_browser import Browser
from dashboard_seed import Seed
from html_page import Page
from web_house import NO_ID

from auditor.domain.catalog import Role
from auditor.store import events, keys, targets, workspaces
from auditor.web.access import needs
from auditor.web.dashboard.pages import moment


def every_page(ours):
    paths = ["/", "/audits", "/audits/new", "/schedules", "/sign-in"]
    paths += [f"/audits/{audit}" for audit in ours.audits.values()]
    return [*paths, *(f"/targets/{target}" for target in ours.targets.values())]


def test_every_page_is_well_formed_and_can_be_walked(auditor, ours):
    for path in every_page(ours):
        page = Page(auditor.text(path))
        assert page.open == [], path
        assert [attrs.get("lang") for attrs in page.of("html")] == ["en"]
        assert [len(page.of(tag)) for tag in ("main", "h1", "title")] >= [1, 1, 1], path
        assert page.of("a")[0]["href"] == "#main"
        ids = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
        assert len(ids) == len(set(ids)), path


def test_no_page_has_inline_script_or_style_or_anything_from_elsewhere(auditor, ours):
    for path in every_page(ours):
        page = Page(auditor.text(path))
        assert page.of("style") == []
        assert all(attrs.get("src", "").startswith("/static/") for attrs in page.of("script"))
        assert all(attrs["href"].startswith("/static/") for attrs in page.of("link"))
        for tag, attrs in page.tags:
            assert not [name for name in attrs if name.startswith("on") or name == "style"], (path, tag)
            assert not (attrs.get("href") or "").startswith(("http", "javascript", "//")), (path, attrs)


def test_every_table_and_input_is_labelled(auditor, ours):
    for path in every_page(ours):
        page = Page(auditor.text(path))
        assert len(page.of("caption")) == len(page.of("table")), path
        assert all("scope" in attrs for attrs in page.of("th")), path
        labelled = {attrs.get("for") for attrs in page.of("label")}
        for attrs in [*page.of("input"), *page.of("select")]:
            if attrs.get("type") not in ("hidden", "radio") and "hidden" not in attrs:
                assert attrs["id"] in labelled, (path, attrs)


def test_headings_do_not_skip_a_level(auditor, ours):
    for path in every_page(ours):
        levels = [int(tag[1]) for tag, _ in Page(auditor.text(path)).tags if re.fullmatch(r"h[1-6]", tag)]
        assert levels[0] == 1
        assert all(after <= before + 1 for before, after in pairwise(levels)), (path, levels)


def test_the_navigation_says_where_one_is(auditor, ours):
    for path, name in (("/", "Overview"), ("/audits", "Audits"), ("/audits/new", "Audits"), ("/schedules", "Schedules")):
        assert re.findall(r'aria-current="page">(\w+)<', auditor.text(path)) == [name]


@pytest.mark.parametrize("name", ["report.css", "dashboard.css", "mark.svg", "htmx-2.0.11.min.js", "htmx-LICENSE.txt"])
def test_static_files_are_public_and_may_be_kept(browse, name):
    answer = browse(None).get(f"/static/{name}")
    assert answer.status_code == 200
    assert "no-store" not in answer.headers["Cache-Control"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("name", ["../pages.py", "%2e%2e/pages.py", "nothing.css"])
def test_only_static_files_are_static(browse, name):
    assert browse(None).get(f"/static/{name}").status_code == 404


def test_assets_are_named_by_their_content(auditor):
    assert re.search(r"/static/dashboard\.css\?v=[0-9a-f]{12}", auditor.text("/"))


def test_the_overview_has_every_target_with_its_latest_audit(auditor, ours):
    page = auditor.text("/")
    for name in ours.targets:
        assert name in page
    for word in ("breach", "failed", "running", "unsettled"):
        assert ours.audits[word] in page
    assert "Not audited yet" in page


def test_what_asks_for_attention_comes_first(auditor):
    names = re.findall(r'<th scope="row"><a[^>]*>([^<]+)', auditor.text("/"))
    assert names[0] == "income"
    assert names[-2:] == ["credit-scoring", "labels-only"]


def test_the_overview_counts_outcomes(auditor):
    text = Page(auditor.text("/")).text
    assert "1 breach" in text
    assert "1 inconclusive" in text
    assert "1 failed" in text
    assert "1 running" in text


def test_a_trend_says_its_scores(auditor):
    assert "Scores of the last 5 audits, oldest first: 4, 4, inconclusive, 4, 58" in auditor.text("/")


def test_the_next_run_is_shown(auditor):
    assert 'datetime="2026-03-07T09:00:00+00:00"' in auditor.text("/")


def test_a_level_that_rose_is_a_banner_until_the_next_audit(auditor, services, ours):
    assert "severity rose from none to high" in auditor.text("/")
    auditor.post(f"/targets/{ours.targets['income']}/audit")
    assert "severity rose from none to high" not in auditor.text("/")


def test_other_events_are_no_banner(auditor, services, ours):
    with services.database.begin() as tx:
        events.add(tx, ours.workspace_id, "audit.completed", "all is well", services.clock(), audit_id=ours.audits["breach"])
    assert "all is well" not in auditor.text("/")


def test_an_empty_workspace_is_told_what_to_do_first(app, services):
    with services.database.begin() as tx:
        made = workspaces.create_workspace(tx, "new", services.clock())
        _, key = keys.create_key(tx, made.id, "first", Role.ADMIN, services.clock())
    newcomer = Browser(app, key)
    page = Page(newcomer.text("/")).text
    assert "register a target first" in page
    assert "curl http://localhost/api/v1/targets" in page
    assert "No audits yet" in Page(newcomer.text("/audits")).text
    assert "No schedules yet" in Page(newcomer.text("/schedules")).text
    assert "Register a target first" in Page(newcomer.text("/audits/new")).text


def test_names_are_text_whatever_they_say(services, app):
    with services.database.begin() as tx:
        made = workspaces.create_workspace(tx, "odd", services.clock())
        _, key = keys.create_key(tx, made.id, "<b>key</b>", Role.ADMIN, services.clock())
        targets.create_target(tx, made.id, "<script>alert(1)</script>", {"url": "javascript:alert(1)"}, services.clock())
    page = Browser(app, key).text("/")
    assert "<script>alert" not in page
    assert "<b>key" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_a_page_that_does_not_exist_is_told_as_a_page(auditor):
    answer = auditor.get("/nothing-here")
    assert (answer.status_code, answer.mimetype) == (404, "text/html")
    assert "This page does not exist" in answer.get_data(as_text=True)
    assert 'aria-label="Main"' in answer.get_data(as_text=True)


def test_a_stranger_sees_no_navigation_on_an_error(browse):
    answer = browse(None).get("/nothing-here")
    assert answer.status_code == 404
    assert 'aria-label="Main"' not in answer.get_data(as_text=True)


@pytest.mark.parametrize("path", ["/audits/not-an-id", f"/audits/{NO_ID}", "/targets/1", "/audits/../x"])
def test_ids_that_are_none_are_not_found(auditor, path):
    assert auditor.get(path).status_code == 404


def test_a_method_that_a_page_does_not_answer_is_told(auditor):
    answer = auditor.client.delete("/audits", headers={"Accept": "text/html"})
    assert answer.status_code == 405
    assert answer.headers["Allow"]
    assert "Traceback" not in answer.get_data(as_text=True)


def test_an_error_on_our_side_is_a_page_with_an_incident_number(app, ours):
    @needs(Role.VIEWER)
    def broken():
        raise RuntimeError("secret detail")

    app.add_url_rule("/broken", "test.broken", broken)
    answer = Browser(app, ours.keys[Role.VIEWER]).get("/broken")
    page = answer.get_data(as_text=True)
    assert answer.status_code == 500
    assert "Something broke on our side" in page
    assert re.search(r"incident number [0-9a-f-]{36}", page)
    assert "secret detail" not in page


def test_errors_of_the_api_stay_problem_documents(auditor):
    answer = auditor.get("/api/v1/nothing", Accept="text/html")
    assert answer.mimetype == "application/problem+json"


def test_a_moment_is_shown_in_utc_and_exact_for_machines():
    berlin = datetime(2026, 3, 2, 10, 4, 5, tzinfo=timezone(timedelta(hours=1)))
    assert moment(berlin) == '<time datetime="2026-03-02T09:04:05+00:00">2 Mar 2026, 09:04</time>'
    assert moment(datetime(2026, 3, 2, tzinfo=UTC)).startswith("<time")
    assert "–" in moment(None)


def test_workspaces_do_not_meet_on_the_overview(services, app, ours):
    theirs = Seed(services).plant("theirs")
    page = Browser(app, theirs.keys[Role.VIEWER]).text("/")
    assert ours.targets["income"] not in page
    assert theirs.targets["income"] in page
