"""Behind a proxy that ends TLS every request comes by plain HTTP; what browsers see is what the operator declared."""

import pytest
from dashboard_browser import Browser
from web_house import House, open_services

from auditor.domain.catalog import Role
from auditor.errors import InvalidInput
from auditor.settings import load
from auditor.web.app import create_app

PUBLIC = "https://audits.example"


@pytest.fixture(scope="module")
def behind_a_proxy(tmp_path_factory, template_database):
    opened = open_services(tmp_path_factory.mktemp("proxy"), template_database, public_url=PUBLIC)
    yield House(opened)
    opened.close()


def sign_in(house, origin):
    """As the proxy passes it on: plain HTTP to another host, with the browser's own Origin."""
    client = house.app.test_client()
    page = client.get("/sign-in", base_url="http://api:8000")
    jar = page.headers["Set-Cookie"].split(";")[0]
    token = page.get_data(as_text=True).partition('name="csrf_token" value="')[2].partition('"')[0]
    form = {"csrf_token": token, "key": house.keys["ours", Role.VIEWER]}
    headers = {"Origin": origin, "Cookie": jar}
    plain = house.app.test_client(use_cookies=False)
    return plain.post("/sign-in", base_url="http://api:8000", headers=headers, data=form)


def parts_of(answer):
    return {part.strip() for part in answer.headers["Set-Cookie"].split(";")}


def test_the_cookie_is_secure_and_no_other_host_can_plant_one(behind_a_proxy):
    answer = sign_in(behind_a_proxy, PUBLIC)
    assert answer.status_code == 303
    assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= parts_of(answer)
    assert answer.headers["Set-Cookie"].startswith("__Host-auditor_session=")
    assert not any(part.startswith("Domain") for part in parts_of(answer))


def test_a_planted_cookie_of_the_plain_name_is_not_read(behind_a_proxy):
    session = parts_of(sign_in(behind_a_proxy, PUBLIC))
    value = next(part for part in session if part.startswith("__Host-")).partition("=")[2]
    client = behind_a_proxy.app.test_client(use_cookies=False)
    assert client.get("/api/v1/targets", headers={"Cookie": f"__Host-auditor_session={value}"}).status_code == 200
    assert client.get("/api/v1/targets", headers={"Cookie": f"auditor_session={value}"}).status_code == 401


def test_browsers_are_told_to_keep_to_https(behind_a_proxy):
    assert "max-age=31536000" in behind_a_proxy.get("/health").headers["Strict-Transport-Security"]


@pytest.mark.parametrize("origin", ["http://audits.example", "https://audits.example:8443", "https://evil.example", "null"])
def test_forms_are_taken_from_the_declared_address_alone(behind_a_proxy, origin):
    assert sign_in(behind_a_proxy, origin).status_code == 403


def test_without_a_declared_address_nothing_changes(house):
    answer = sign_in(house, "http://api:8000")
    assert answer.status_code == 303
    assert "Secure" not in parts_of(answer)
    assert answer.headers["Set-Cookie"].startswith("auditor_session=")


def test_a_browser_on_the_machine_itself_may_still_use_plain_http(house):
    assert Browser(create_app(house.services), house.keys["ours", Role.VIEWER]).get("/").status_code == 200


@pytest.mark.parametrize(
    ("written", "origin"),
    [
        ("https://Audits.Example/", PUBLIC),
        ("https://audits.example:443", PUBLIC),
        ("http://10.0.0.7:8000", "http://10.0.0.7:8000"),
        ("https://[FD00::7]:8443", "https://[fd00::7]:8443"),
        ("", None),
    ],
)
def test_the_address_is_kept_as_browsers_write_it(written, origin):
    assert load({"AUDITOR_PUBLIC_URL": written}).public_url == origin


@pytest.mark.parametrize(
    "wrong", ["audits.example", "https://", "https://a/path", "https://u@a", "https://a?b", "ftp://a", "https://a:x", "https://a b"]
)
def test_what_is_no_address_is_refused_by_the_name_of_the_setting(wrong):
    with pytest.raises(InvalidInput, match=r"https://audits\.example\.com") as refused:
        load({"AUDITOR_PUBLIC_URL": wrong})
    assert refused.value.field == "AUDITOR_PUBLIC_URL"
