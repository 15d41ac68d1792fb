"""Whatever is sent, the answer is one of ours: no body, address or header makes the service fail."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from web_house import NO_ID, URL, House, empty_database, open_services

from auditor.domain.spec import AuditSpec, DataSpec, TargetSpec

FEW = settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))

words = st.sampled_from(
    [
        *(
            "spec",
            "name",
            "target",
            "data",
            "members",
            "non_members",
            "auxiliary",
            "label",
            "features",
            "types",
            "sensitive",
            "learner",
        ),
        *(
            "attacks",
            "shadows",
            "budget",
            "policy",
            "seed",
            "url",
            "auth",
            "kind",
            "secret",
            "header",
            "cron",
            "zone",
            "audit",
            "paused",
        ),
        *("host", "value", "role", "expires_at", "queries", "params", "columns"),
    ]
)
leaves = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=30),
    st.sampled_from(
        [NO_ID, URL, "gap", "auto", "bearer", "UTC", "0 3 * * *", "members.csv", "viewer", 10**30, -1, "\u202e", "9" * 400]
    ),
)
documents = st.recursive(
    leaves,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.one_of(words, st.text(max_size=8)), inner, max_size=6)),
)


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    home = tmp_path_factory.mktemp("fuzz")
    services = open_services(home, empty_database(home / "empty.sqlite"))
    yield House(services)
    services.close()


@pytest.fixture(scope="module")
def spec(house):
    return house.spec()


def assert_ours(answer):
    assert answer.status_code < 500, answer.get_data(as_text=True)
    if answer.status_code >= 400:
        assert answer.mimetype == "application/problem+json"
        assert answer.json["detail"]
        assert len(answer.json["detail"]) <= 500


@pytest.mark.parametrize("path", ["/targets", "/audits", "/schedules", "/secrets", "/keys"])
@FEW
@given(document=documents)
def test_any_json(house, path, document):
    assert_ours(house.post(path, json=document))


@pytest.mark.parametrize("path", ["/targets", "/audits", "/schedules"])
@FEW
@given(body=st.binary(max_size=200))
def test_any_bytes(house, path, body):
    assert_ours(house.post(path, data=body, content_type="application/json"))


@FEW
@given(body=st.one_of(st.binary(max_size=300), st.text(alphabet="abc,;\t\"'\n\r1.-", max_size=200).map(str.encode)))
def test_any_file(house, body):
    assert_ours(house.post("/datasets?name=x", data=body, content_type="text/csv"))


@FEW
@given(tail=st.binary(max_size=200))
def test_any_file_that_looks_like_parquet(house, tail):
    assert_ours(house.post("/datasets?name=x", data=b"PAR1" + tail + b"PAR1", content_type="application/octet-stream"))


@pytest.mark.parametrize("key", sorted(AuditSpec.model_fields))
@FEW
@given(value=documents)
def test_any_value_of_each_key_of_a_spec(house, spec, key, value):
    assert_ours(house.post("/audits", json={**spec, key: value}))


@pytest.mark.parametrize("key", sorted(DataSpec.model_fields))
@FEW
@given(value=documents)
def test_any_value_of_each_key_of_the_data(house, spec, key, value):
    assert_ours(house.post("/audits", json={**spec, "data": {**spec["data"], key: value}}))


@pytest.mark.parametrize("key", sorted(TargetSpec.model_fields))
@FEW
@given(value=documents)
def test_any_value_of_each_key_of_a_target(house, key, value):
    assert_ours(house.post("/targets", json={"name": "x", "target": {"url": URL, key: value}}))


@FEW
@given(
    url=st.one_of(
        st.text(max_size=60), st.text(max_size=40).map("http://".__add__), st.from_regex(r"https?://[^/]{0,30}:?\d{0,6}/?")
    )
)
def test_any_url(house, url):
    assert_ours(house.post("/targets", json={"name": "x", "target": {"url": url}}))


@pytest.mark.parametrize("path", ["targets", "datasets", "audits", "schedules", "events", "secrets"])
@FEW
@given(
    query=st.dictionaries(
        st.one_of(st.sampled_from(["limit", "cursor", "target", "audit"]), st.text(max_size=5)), st.text(max_size=20)
    )
)
def test_any_query(house, path, query):
    assert_ours(house.get(f"/{path}", query_string=query))


@FEW
@given(cron=st.text(alphabet="0123456789*/-,? LW#@", max_size=20), zone=st.text(alphabet="ABCUTabc/._-+ 0", max_size=15))
def test_any_time_and_zone(house, spec, cron, zone):
    assert_ours(house.post("/schedules", json={"name": "x", "cron": cron, "zone": zone, "audit": spec}))


@FEW
@given(given_id=st.text(min_size=1, max_size=40).filter(lambda text: "/" not in text and text not in (".", "..")))
def test_any_id(house, given_id):
    from urllib.parse import quote

    assert_ours(house.get(f"/targets/{quote(given_id, safe='')}"))


@FEW
@given(header=st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=255), max_size=60))
def test_any_authorization(house, header):
    answer = house.get("/targets", as_=None, headers={"Authorization": header})
    assert answer.status_code == 401


@FEW
@given(key=st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=255), max_size=60))
def test_any_idempotency_key(house, key):
    assert_ours(house.post("/targets", json={"name": "x", "target": {"url": URL}}, headers={"Idempotency-Key": key}))


def test_what_was_accepted_can_be_read_back(house):
    """After all that, every list still answers, and every item of it."""
    for path in ("targets", "datasets", "audits", "schedules"):
        for item in house.get(f"/{path}?limit=200").json["items"]:
            answer = house.get(f"/{path}/{item['id']}")
            assert answer.status_code == 200
            assert json.loads(answer.get_data(as_text=True))["id"] == item["id"]
