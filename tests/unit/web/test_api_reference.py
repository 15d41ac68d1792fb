import re
from html.parser import HTMLParser

import pytest
from web_house import assert_problem


class Links(HTMLParser):
    def __init__(self):
        super().__init__()
        self.loaded, self.ids, self.inline = [], set(), []

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        if tag in ("link", "script", "img", "iframe"):
            self.loaded.append(found.get("href") or found.get("src"))
        if tag == "style" or (tag == "script" and "src" not in found) or "style" in found:
            self.inline.append(tag)
        if "id" in found:
            self.ids.add(found["id"])


@pytest.fixture
def page(house):
    answer = house.get("/docs", as_=None)
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


@pytest.fixture
def links(page):
    parser = Links()
    parser.feed(page)
    return parser


def test_the_document_is_open_to_all_and_of_the_right_version(house):
    answer = house.get("/openapi.json", as_=None)
    assert answer.json["openapi"] == "3.1.0"
    assert answer.json["servers"] == [{"url": "/"}]


def test_the_document_does_not_depend_on_who_asked_first(house):
    first = house.get("/openapi.json", as_=None, headers={"Host": "evil.example"}).get_data(as_text=True)
    assert "evil" not in first
    assert first == house.get("/openapi.json", as_=None).get_data(as_text=True)


def test_the_page_shows_every_address(house, page):
    for path in house.get("/openapi.json").json["paths"]:
        assert path in page


def test_the_page_loads_nothing_from_elsewhere_and_runs_nothing(house, links):
    assert links.inline == []
    for address in links.loaded:
        assert address.startswith("/")
        assert house.get(address, as_=None).status_code == 200


def test_the_page_names_the_role_that_each_address_needs(page):
    assert set(re.findall(r"<em>([^<]+)</em>", page)) == {"public", "viewer", "record-reader", "auditor", "admin"}


def test_the_page_shows_the_keys_of_a_body(page):
    for key in ("data.members", "budget.queries", "target.auth.secret"):
        assert f"<code>{key}</code>" in page


@pytest.mark.parametrize("path", ["/nothing", "/targets/x", "/keys"])
def test_the_type_of_a_problem_leads_to_its_place_on_the_page(house, links, path):
    kind = house.get(path, as_="viewer").json["type"]
    assert kind.startswith("/api/v1/docs#")
    assert kind.split("#")[1] in links.ids


def test_health_is_open_to_all_and_says_little(house):
    assert house.get("/health", as_=None).json == {"status": "ok"}


def test_health_fails_when_the_database_does_without_saying_where_it_is(house, tmp_path):
    house.services.database.dispose()
    for path in tmp_path.glob("auditor.sqlite*"):
        path.unlink()
    answer = house.get("/health", as_=None)
    assert_problem(answer, 503, says="database does not answer")
    assert str(tmp_path) not in answer.get_data(as_text=True)
