import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.errors import Conflict, InvalidInput
from auditor.querying.control_dns import check_record, record_name
from auditor.querying.control_scope import checked_scope, covers
from auditor.querying.control_token import token_page
from auditor.querying.endpoint import parse_url

TOKEN = "privacy-auditor-abc"


@pytest.mark.parametrize(
    ("text", "scope"),
    [
        ("Models.Example.com", "models.example.com"),
        ("https://models.example.com", "https://models.example.com:443/"),
        ("http://models.example.com:8080/v2/", "http://models.example.com:8080/v2/"),
        ("https://[2606:4700::1111]/m", "https://[2606:4700::1111]:443/m"),
        ("bücher.example", "xn--bcher-kva.example"),
    ],
)
def test_a_scope_has_one_spelling(text: str, scope: str) -> None:
    assert checked_scope(text) == scope
    assert checked_scope(scope) == scope


@pytest.mark.parametrize(
    "text",
    [
        "models.example.com/v2", "models.example.com:8443", "https://m.example/a?b=1", "https://m.example/a/../b",
        "https://m.example/%2e", "https://m.example/a//b", "https://m.example/#x", "ftp://m.example/", "", "a b", "https://u@m.example/",
    ],
)  # fmt: skip
def test_what_is_no_scope_is_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        checked_scope(text)
    assert refusal.value.field == "authorisation.scope"


@pytest.mark.parametrize(
    ("scope", "url", "expected"),
    [
        ("models.example.com", "https://models.example.com:8443/any?x=1", True),
        ("models.example.com", "http://Models.Example.com./any", True),
        ("models.example.com", "https://evil.models.example.com/", False),
        ("example.com", "https://models.example.com/", False),
        ("https://m.example:443/", "https://m.example/any", True),
        ("https://m.example:443/", "http://m.example/any", False),
        ("https://m.example:443/", "https://m.example:8443/any", False),
        ("https://m.example:443/v2", "https://m.example/v2/models/m/infer?version=3", True),
        ("https://m.example:443/v2", "https://m.example/v2", True),
        ("https://m.example:443/v2/", "https://m.example/v2/models", True),
        ("https://m.example:443/v2", "https://m.example/v20/models", False),
        ("https://m.example:443/v2", "https://m.example/v1/models", False),
        ("https://m.example:443/v2", "https://m.example/v2/../v1/models", False),
        ("https://m.example:443/v2", "https://m.example/v2/%2e%2e/v1", False),
        ("https://m.example:443/v2", "https://m.example/v2/..;/v1", False),
        ("https://m.example:443/v2", "https://m.example/v2//v1", False),
        ("https://m.example:443/v2/team", "https://m.example/v2/teams/x", False),
    ],
)
def test_a_proof_speaks_of_its_scope_alone(scope: str, url: str, expected: bool) -> None:
    assert covers(scope, parse_url(url)) is expected


@given(st.text(st.sampled_from("ab/.%2e;\\?#"), max_size=20))
def test_no_path_climbs_out_of_its_scope(rest: str) -> None:
    try:
        endpoint = parse_url(f"https://m.example/a/{rest}")
    except InvalidInput:
        return
    if covers("https://m.example:443/a/b", endpoint):
        path = endpoint.path.partition("?")[0]
        assert path.startswith("/a/b")
        assert ".." not in path
        assert "%" not in path


def test_the_page_stands_at_the_root_of_the_same_server() -> None:
    assert token_page("https://m.example/v2/x?y#z") == "https://m.example:443/.well-known/privacy-auditor.txt"
    assert token_page("http://[::1]:8080/v2") == "http://[::1]:8080/.well-known/privacy-auditor.txt"


def test_the_record_is_looked_up_under_the_host() -> None:
    asked: list[str] = []

    def look_up(name: str) -> list[bytes]:
        asked.append(name)
        return [b"v=spf1 -all", TOKEN.encode()]

    check_record("https://Models.Example.com.:8443/v2", TOKEN, look_up)
    assert asked == ["_privacy-auditor.models.example.com"]


@pytest.mark.parametrize("records", [[], [b"privacy-auditor-other"], [TOKEN.encode() + b"x"], [b"token=" + TOKEN.encode()]])
def test_a_record_that_is_not_the_token_shows_nothing(records: list[bytes]) -> None:
    with pytest.raises(Conflict, match="no TXT record of _privacy-auditor"):
        check_record("https://models.example.com/", TOKEN, lambda name: records)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1/", "http://2130706433/", "http://[::1]/", "http://localhost/", "http://model:80/"]
)
def test_an_address_or_a_bare_name_has_no_records(url: str) -> None:
    with pytest.raises(Conflict, match="well-known path"):
        record_name(url)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://127.0.0.1:80/", True), ("http://127.1/", True), ("http://[::1]/", True), ("http://localhost/", True),
        ("http://a.localhost./", True), ("http://10.0.0.1/", False),
        ("http://localhost.example.com/", False), ("http://model/", False),
    ],
)  # fmt: skip
def test_this_machine_is_known_by_its_address_and_its_name(url: str, expected: bool) -> None:
    assert parse_url(url).is_loopback is expected
