import pytest
from web_house import NO_ID

PATHS = ["/health", "/targets", f"/targets/{NO_ID}", "/nothing", "/docs", "/openapi.json", "/docs/static/reference.css"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("as_", ["admin", None])
def test_every_answer_carries_the_security_headers(house, path, as_):
    headers = house.get(path, as_=as_).headers
    policy = dict(part.strip().split(" ", 1) for part in headers["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == "'self'"
    assert policy["script-src"] == "'self'"
    assert policy["style-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["base-uri"] == policy["object-src"] == "'none'"
    assert policy["form-action"] == "'self'"
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"


@pytest.mark.parametrize("path", ["/health", "/targets", "/nothing", "/openapi.json"])
def test_no_cache_keeps_an_answer_of_the_api(house, path):
    assert house.get(path).headers["Cache-Control"] == "no-store"


def test_https_is_remembered_where_it_was_used(house):
    assert "Strict-Transport-Security" not in house.get("/health").headers
    assert "max-age=31536000" in house.get("/health", base_url="https://auditor.example").headers["Strict-Transport-Security"]


def test_no_cookie_is_set_by_the_api(house):
    for path in PATHS:
        assert "Set-Cookie" not in house.get(path).headers


def test_no_other_site_may_read_answers(house):
    headers = house.get("/targets", headers={"Origin": "https://evil.example"}).headers
    assert "Access-Control-Allow-Origin" not in headers
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
