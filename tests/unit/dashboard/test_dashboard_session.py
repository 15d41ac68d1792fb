import pytest
from dashboard_browser import Browser
from dashboard_seed import Seed

from auditor.domain.catalog import Role
from auditor.store import keys
from auditor.web.dashboard.session_pages import safe_return


def test_without_a_session_a_page_leads_to_the_door_and_back(browse, ours):
    stranger = browse(None)
    answer = stranger.get("/audits?cursor=x")
    assert answer.status_code == 303
    assert answer.location == "/sign-in?next=/audits?cursor%3Dx"
    signed = stranger.client.post(
        answer.location,
        headers={"Origin": "http://localhost"},
        data={"csrf_token": stranger.token(), "key": ours.keys[Role.VIEWER]},
    )
    assert (signed.status_code, signed.location) == (303, "/audits?cursor=x")


def test_the_door_needs_no_next_for_the_overview(browse):
    assert browse(None).get("/").location == "/sign-in"


def test_a_program_gets_its_problem_document_instead_of_the_door(browse):
    answer = browse(None).client.get("/", headers={"Accept": "application/json"})
    assert (answer.status_code, answer.mimetype) == (401, "application/problem+json")


def test_a_script_whose_session_ended_is_led_to_the_door(browse, ours):
    answer = browse(None).get(f"/audits/{ours.audits['running']}/progress", **{"HX-Request": "true"})
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (204, "/sign-in")


@pytest.mark.parametrize("key", ["", "pat_nonsense", "pat_" + "a" * 40, "<script>alert(1)</script>"])
def test_a_key_that_does_not_fit_is_refused_in_the_same_words(browse, key):
    answer = browse(None).post("/sign-in", key=key)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert "This key is not known, has expired or was revoked" in page
    assert 'aria-invalid="true"' in page
    assert "<script>alert" not in page


def test_a_key_is_never_shown_again(browse, ours):
    plain = ours.keys[Role.AUDITOR]
    assert plain not in browse(Role.AUDITOR).text("/")


def test_signing_in_without_a_token_is_refused(browse, ours):
    answer = browse(None).post("/sign-in", token="", key=ours.keys[Role.VIEWER])
    assert answer.status_code == 403


def test_signing_out_ends_the_session(auditor):
    assert auditor.get("/").status_code == 200
    assert auditor.post("/sign-out").location == "/sign-in"
    assert auditor.get("/").status_code == 303


def test_a_revoked_key_ends_its_sessions(browse, ours, services):
    viewer = browse(Role.VIEWER)
    with services.database.begin() as tx:
        known = next(key for key in keys.list_keys(tx, ours.workspace_id) if key.role is Role.VIEWER)
        keys.revoke_key(tx, ours.workspace_id, known.id)
    assert viewer.get("/").status_code == 303


@pytest.mark.parametrize(
    "wanted",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "\\\\evil",
        "",
        "/a\nSet-Cookie: x",
        "/a\\b",
    ],
)
def test_only_paths_of_this_site_are_returned_to(app, wanted):
    with app.test_request_context():
        assert safe_return(wanted) == "/"


def test_a_path_with_its_query_is_returned_to(app):
    with app.test_request_context():
        assert safe_return("/audits?cursor=1") == "/audits?cursor=1"


def test_the_page_says_who_is_signed_in(browse):
    page = browse(Role.VIEWER).text("/")
    assert "ours-viewer" in page


def test_a_viewer_sees_everything_and_can_change_nothing(browse, ours):
    viewer = browse(Role.VIEWER)
    for path in ("/", "/audits", "/schedules", f"/audits/{ours.audits['running']}", f"/targets/{ours.targets['income']}"):
        page = viewer.text(path)
        assert page.count("<form") == 1, path  # signing out
        assert "New audit" not in page
    assert viewer.get("/audits/new").status_code == 403


WRITES = ["/audits", "/audits/{audit}/cancel", "/audits/{audit}/resume", "/targets/{target}/audit", "/schedules"]
WRITES += ["/schedules/{schedule}/pause", "/schedules/{schedule}/continue", "/schedules/{schedule}/delete"]


def filled(path, ours):
    return path.format(audit=ours.audits["running"], target=ours.targets["income"], schedule=ours.schedule_id)


@pytest.mark.parametrize("path", WRITES)
def test_a_viewer_is_refused_every_write_with_a_page_that_says_why(browse, ours, path):
    answer = browse(Role.VIEWER).post(filled(path, ours))
    assert answer.status_code == 403
    assert "a key with the role auditor" in answer.get_data(as_text=True)


@pytest.mark.parametrize("path", WRITES)
def test_a_forged_form_is_refused(auditor, ours, path):
    assert auditor.post(filled(path, ours), token="forged").status_code == 403


@pytest.mark.parametrize("path", [p for p in WRITES if "{" in p])
def test_nothing_of_another_workspace_can_be_changed(services, app, ours, path):
    theirs = Seed(services).plant("theirs")
    stranger = Browser(app, theirs.keys[Role.ADMIN])
    assert stranger.post(filled(path, ours)).status_code == 404


def test_nothing_of_another_workspace_can_be_seen(services, app, ours):
    stranger = Browser(app, Seed(services).plant("theirs").keys[Role.ADMIN])
    audit, target = ours.audits["breach"], ours.targets["income"]
    for path in (f"/audits/{audit}", f"/audits/{audit}/progress", f"/audits/{audit}/report.html", f"/targets/{target}"):
        assert stranger.get(path).status_code == 404, path
    assert audit not in stranger.text("/audits")
