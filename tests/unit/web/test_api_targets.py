import pytest
from web_house import NO_ID, URL, assert_problem

from auditor.domain.catalog import Role


def target(**block):
    return {"name": "income", "target": {"url": URL, **block}}


def secret_id(house, host="127.0.0.1", **options):
    return house.post("/secrets", json={"name": "token", "host": host, "value": "s3cr3t-value"}, **options).json["id"]


def test_a_target_is_registered_and_read_back(house):
    made = house.post("/targets", as_=Role.AUDITOR, json=target(classes=["<=50K", ">50K"]))
    assert made.status_code == 201
    assert made.headers["Location"] == f"/api/v1/targets/{made.json['id']}"
    read = house.get(made.headers["Location"], as_=Role.VIEWER).json
    assert read == made.json
    assert read["target"]["classes"] == ["<=50K", ">50K"]
    assert read["target"]["protocol"] == "open-inference"
    assert read["created_at"] == "2026-03-02T09:00:00Z"


def test_the_workspace_is_not_shown(house):
    assert set(house.post("/targets", json=target()).json) == {"id", "name", "target", "created_at"}


def test_the_list_has_every_target(house):
    ids = {house.target_id() for _ in range(3)}
    listed = house.get("/targets").json
    assert {item["id"] for item in listed["items"]} == ids
    assert listed["next"] is None


def test_a_target_is_deleted(house):
    target_id = house.target_id()
    assert house.delete(f"/targets/{target_id}", as_=Role.AUDITOR).status_code == 204
    assert_problem(house.get(f"/targets/{target_id}"), 404)


def test_a_target_with_audits_stays(house):
    spec = house.spec()
    house.post("/audits", json=spec)
    assert_problem(house.delete(f"/targets/{spec['target']}"), 409)
    assert house.get(f"/targets/{spec['target']}").status_code == 200


@pytest.mark.parametrize(
    ("body", "field", "says"),
    [
        ({}, "name", "add the key 'name'"),
        ({"name": "x"}, "target", "add the key 'target'"),
        ({"name": "x", "target": {}}, "target.url", "add the key 'url'"),
        ({"name": "", "target": {"url": URL}}, "name", "at least 1"),
        ({"name": "  ", "target": {"url": URL}}, "name", "at least 1"),
        ({"name": "x" * 201, "target": {"url": URL}}, "name", "at most 200"),
        ({"name": "a\nb", "target": {"url": URL}}, "name", "printable"),
        ({"name": 7, "target": {"url": URL}}, "name", "string"),
        ({"nam": "x", "name": "x", "target": {"url": URL}}, "nam", "did you mean 'name'"),
        (target(protocl="kserve-v1"), "target.protocl", "did you mean 'protocol'"),
        (target(protocol="grpc"), "target.protocol", "open-inference"),
        (target(auth={"kind": "bearer", "secrt": "x"}), "target.auth.secrt", "did you mean 'secret'"),
        (target(auth={"kind": "magic"}), "target.auth.kind", "bearer"),
    ],
)
def test_each_mistake_is_named_with_its_field(house, body, field, says):
    assert_problem(house.post("/targets", json=body), 422, field=field, says=says)
    assert house.get("/targets").json["items"] == []


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest/meta-data",
        "http://[fd00:ec2::254]/",
        "http://168.63.129.16/",
        "http://10.0.0.8/v2/models/m/infer",
        "http://[::ffff:10.0.0.1]/",
        "http://2852039166/",
        "ftp://models.example.com/",
        "file:///etc/passwd",
        "http://user:password@models.example.com/",
        "not a url",
        "",
    ],
)
def test_an_address_that_must_not_be_asked_is_refused(house, url):
    body = assert_problem(house.post("/targets", json={"name": "x", "target": {"url": url}}), 422, field="target.url")
    assert "password@" not in str(body)


def test_loopback_is_for_this_machine_only(production):
    assert_problem(production.post("/targets", json=target()), 422, field="target.url")


def test_a_public_address_is_accepted_anywhere(production):
    body = {"name": "x", "target": {"url": "https://models.example.com/v2/models/m/infer"}}
    assert production.post("/targets", json=body).status_code == 201


def test_a_secret_is_named_by_its_id_and_kept_as_a_reference(house):
    wanted = secret_id(house)
    made = house.post("/targets", json=target(auth={"kind": "bearer", "secret": wanted})).json
    assert made["target"]["auth"]["secret"] == f"secret:{wanted}"


def test_what_was_read_can_be_sent_again(house):
    made = house.post("/targets", json=target(auth={"kind": "bearer", "secret": secret_id(house)})).json
    again = house.post("/targets", json={"name": "copy", "target": made["target"]})
    assert again.status_code == 201
    assert again.json["target"] == made["target"]


@pytest.mark.parametrize(
    ("secret", "says"),
    [
        ("INCOME_MODEL_TOKEN", "not the name of a variable"),
        ("env:INCOME_MODEL_TOKEN", "not the name of a variable"),
        ("env:HOME", "not the name of a variable"),
        ("/run/secrets/token", "not a path"),
        ("", "give a secret id"),
        (NO_ID, "no secret with this id"),
    ],
)
def test_a_secret_that_is_not_an_id_of_this_workspace_is_refused(house, secret, says):
    answer = house.post("/targets", json=target(auth={"kind": "bearer", "secret": secret}))
    assert_problem(answer, 422, field="target.auth.secret", says=says)


def test_a_secret_of_another_workspace_is_not_known(house):
    foreign = secret_id(house, of="theirs")
    answer = house.post("/targets", json=target(auth={"kind": "bearer", "secret": foreign}))
    assert_problem(answer, 422, field="target.auth.secret", says="no secret with this id")


def test_a_secret_goes_to_its_own_host_only(house):
    other = secret_id(house, host="models.example.com")
    answer = house.post("/targets", json=target(auth={"kind": "bearer", "secret": other}))
    assert_problem(answer, 422, field="target.auth.secret", says="bound to models.example.com")


def test_a_header_name_cannot_smuggle_another_header(house):
    auth = {"kind": "header", "secret": secret_id(house), "header": "X-Key\r\nHost: evil"}
    assert_problem(house.post("/targets", json=target(auth=auth)), 422, field="target.auth.header")


def test_without_authentication_no_secret_is_kept(house):
    made = house.post("/targets", json=target(auth={"kind": "none", "secret": "ignored"})).json
    assert made["target"]["auth"] is None
