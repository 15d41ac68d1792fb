from pathlib import Path

import pytest
from web_house import assert_problem

from auditor.domain.catalog import Role
from auditor.errors import NotSignedIn
from auditor.web import access, auth
from auditor.web.app import create_app

SITE = {"Origin": "http://localhost"}


@pytest.fixture
def browser(house):
    """A browser before the smallest dashboard: a public page that signs in, and one that writes."""

    @access.needs(Role.VIEWER)
    def token():
        return auth.csrf_token()

    @access.needs(Role.AUDITOR)
    def write():
        return "written"

    @access.needs(Role.VIEWER)
    def leave():
        auth.sign_out()
        return ""

    house.app.add_url_rule("/token", "test.token", token)
    house.app.add_url_rule("/write", "test.write", write, methods=["POST"])
    house.app.add_url_rule("/leave", "test.leave", leave, methods=["POST"])
    return house.app.test_client()


def signed_in(house, browser, role=Role.AUDITOR):
    """As sign-in does it, without its page."""
    with house.app.test_request_context():
        key = auth._known(house.keys["ours", role])
    with browser.session_transaction() as session:
        session.update(key_id=key.id, workspace_id=key.workspace_id)
    return browser.get("/token").get_data(as_text=True)


def test_a_session_reads_what_its_key_may(house, browser):
    signed_in(house, browser, Role.VIEWER)
    assert browser.get("/api/v1/targets").status_code == 200
    assert_problem(browser.get("/api/v1/keys"), 403)


def test_without_a_session_there_is_nobody(browser):
    assert_problem(browser.get("/token"), 401)


def test_writing_with_a_cookie_needs_the_token(house, browser):
    token = signed_in(house, browser)
    assert_problem(browser.post("/write", headers=SITE), 403, says="load the page again")
    assert_problem(browser.post("/write", headers=SITE, data={"csrf_token": "wrong"}), 403)
    assert browser.post("/write", headers=SITE, data={"csrf_token": token}).status_code == 200


def test_the_token_may_come_in_a_header(house, browser):
    token = signed_in(house, browser)
    assert browser.post("/write", headers={**SITE, "X-CSRF-Token": token}).status_code == 200


def test_the_token_of_another_session_is_no_use(house, browser):
    signed_in(house, browser)
    other = house.app.test_client()
    foreign = signed_in(house, other)
    assert_problem(browser.post("/write", headers=SITE, data={"csrf_token": foreign}), 403)


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost.evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_a_form_of_another_site_is_refused_even_with_the_token(house, browser, headers):
    token = signed_in(house, browser)
    assert_problem(browser.post("/write", headers=headers, data={"csrf_token": token}), 403, says="page of this site")


def test_a_cookie_writes_to_the_api_only_with_the_token(house, browser):
    token = signed_in(house, browser)
    body = {"name": "x", "target": {"url": "http://127.0.0.1:1/v2/models/m/infer"}}
    assert_problem(browser.post("/api/v1/targets", json=body, headers=SITE), 403)
    assert browser.post("/api/v1/targets", json=body, headers={**SITE, "X-CSRF-Token": token}).status_code == 201


def test_a_key_in_the_header_needs_no_token(house, browser):
    signed_in(house, browser)
    header = {"Authorization": f"Bearer {house.keys['ours', Role.AUDITOR]}"}
    assert browser.post("/write", headers=header).status_code == 200


def test_a_wrong_key_in_the_header_is_not_saved_by_a_session(house, browser):
    signed_in(house, browser)
    assert_problem(browser.get("/token", headers={"Authorization": "Bearer pat_wrong_wrong_wrong"}), 401)


def test_a_session_ends_when_its_key_is_revoked(house, browser):
    signed_in(house, browser, Role.VIEWER)
    viewer = next(key for key in house.get("/keys").json["items"] if key["name"] == "ours-viewer")
    house.delete(f"/keys/{viewer['id']}")
    assert_problem(browser.get("/token"), 401)


def test_signing_out_ends_the_session(house, browser):
    token = signed_in(house, browser)
    assert browser.post("/leave", headers=SITE, data={"csrf_token": token}).status_code == 200
    assert_problem(browser.get("/token"), 401)


def test_a_cookie_that_was_changed_is_worth_nothing(house, browser):
    signed_in(house, browser)
    cookie = browser.get_cookie("auditor_session").value
    browser.set_cookie("auditor_session", cookie[:-3] + "abc")
    assert_problem(browser.get("/token"), 401)


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(house):
    with house.app.test_request_context("/", base_url="https://auditor.example"):
        auth.sign_in(house.keys["ours", Role.VIEWER])
        answer = house.app.make_response("")
        house.app.session_interface.save_session(house.app, auth.session._get_current_object(), answer)
    cookie = answer.headers["Set-Cookie"]
    assert {"HttpOnly", "SameSite=Lax", "Secure", "Path=/"} <= {part.strip() for part in cookie.split(";")}


def test_the_cookie_does_not_hold_the_key(house):
    plain = house.keys["ours", Role.VIEWER]
    with house.app.test_request_context():
        auth.sign_in(plain)
        assert plain.split("_", 2)[2] not in str(dict(auth.session))


def test_signing_in_drops_what_the_session_held_before(house):
    with house.app.test_request_context():
        before = auth.csrf_token()
        auth.sign_in(house.keys["ours", Role.VIEWER])
        assert auth.csrf_token() != before


def test_a_wrong_key_does_not_sign_in(house):
    with house.app.test_request_context(), pytest.raises(NotSignedIn):
        auth.sign_in("pat_0123456789abcdef_0123456789abcdef")


def test_the_token_stays_the_same_within_a_session(house):
    with house.app.test_request_context():
        assert auth.csrf_token() == auth.csrf_token()


def test_sessions_outlive_a_restart_of_the_service(house, browser):
    signed_in(house, browser)
    restarted = create_app(house.services).test_client()
    restarted.set_cookie("auditor_session", browser.get_cookie("auditor_session").value)
    assert restarted.get("/api/v1/targets").status_code == 200


def test_a_session_lasts_as_long_as_the_guide_says(house):
    assert house.app.permanent_session_lifetime.total_seconds() == 12 * 3600
    guide = (Path(__file__).parents[3] / "docs" / "api.md").read_text()
    assert "It lasts 12 hours" in guide
