import pytest
from web_house import assert_problem

SECRET = {"name": "token", "host": "models.example.com", "value": "s3cr3t-value-of-the-model"}


def test_a_secret_goes_in_and_never_comes_out(house):
    made = house.post("/secrets", json=SECRET)
    assert made.status_code == 201
    assert made.json == {
        "id": made.json["id"],
        "name": "token",
        "host": "models.example.com",
        "created_at": "2026-03-02T09:00:00Z",
    }
    for path in ("/secrets", "/events", "/targets"):
        assert SECRET["value"] not in house.get(path).get_data(as_text=True)


def test_a_worker_can_open_it(house):
    from auditor.store import secrets

    made = house.post("/secrets", json=SECRET).json
    with house.services.database.read() as tx:
        record, value = secrets.open_secret(tx, house.workspaces["ours"], made["id"], house.services.vault)
    assert (record.host, value) == ("models.example.com", SECRET["value"])


def test_the_value_is_in_no_file_of_the_service(house, tmp_path):
    house.post("/secrets", json=SECRET, headers={"Idempotency-Key": "k"})
    house.services.database.dispose()
    for path in tmp_path.rglob("*"):
        if path.is_file():
            assert SECRET["value"].encode() not in path.read_bytes(), path


def test_secrets_are_listed_and_destroyed(house):
    made = house.post("/secrets", json=SECRET).json
    assert [item["id"] for item in house.get("/secrets").json["items"]] == [made["id"]]
    assert house.delete(f"/secrets/{made['id']}").status_code == 204
    assert house.get("/secrets").json["items"] == []
    assert_problem(house.delete(f"/secrets/{made['id']}"), 404)


def test_there_is_no_address_that_shows_one(house):
    made = house.post("/secrets", json=SECRET).json
    assert_problem(house.get(f"/secrets/{made['id']}"), 405)


def test_storing_and_destroying_is_an_event_that_names_who(house):
    made = house.post("/secrets", json=SECRET).json
    house.delete(f"/secrets/{made['id']}")
    told = {event["kind"]: event["sentence"] for event in house.get("/events").json["items"]}
    assert told["secret.created"] == "ours-admin stored the secret token for models.example.com"
    assert told["secret.deleted"] == "ours-admin destroyed a secret"


def test_the_host_is_kept_in_small_letters(house):
    assert house.post("/secrets", json={**SECRET, "host": " Models.Example.COM "}).json["host"] == "models.example.com"


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost", "model_server"])
def test_names_and_addresses_are_hosts(house, host):
    assert house.post("/secrets", json={**SECRET, "host": host}).status_code == 201


@pytest.mark.parametrize("host", ["", "https://models.example.com", "models.example.com:8080", "a/b", "a b", "*", "-.-", "a" * 300])
def test_anything_else_is_not_a_host(house, host):
    assert_problem(house.post("/secrets", json={**SECRET, "host": host}), 422, field="host", says="host alone")


@pytest.mark.parametrize("value", ["", "a\nb", "a\r\nHost: evil", "x" * 10_001])
def test_a_value_is_one_line(house, value):
    answer = house.post("/secrets", json={**SECRET, "value": value})
    assert_problem(answer, 422, field="value")
    assert "evil" not in answer.get_data(as_text=True)


@pytest.mark.parametrize("value", ["-----BEGIN CERTIFICATE-----\nabc\n-----END CERTIFICATE-----\n", '{\n "private_key": "x"\n}'])
def test_a_certificate_or_key_file_may_have_lines(house, value):
    assert house.post("/secrets", json={**SECRET, "value": value}).status_code == 201


def test_a_secret_may_be_bound_to_a_server_of_tokens_too(house):
    made = house.post("/secrets", json={**SECRET, "host": "Models.example.com, login.example.com"})
    assert made.json["host"] == "models.example.com,login.example.com"
    three = house.post("/secrets", json={**SECRET, "host": "a.example,b.example,c.example"})
    assert_problem(three, 422, field="host", says="host alone")


def test_a_value_of_the_wrong_kind_is_not_echoed(house):
    answer = house.post("/secrets", json={**SECRET, "value": ["s3cr3t-in-a-list"]})
    assert_problem(answer, 422, field="value")
    assert "s3cr3t" not in answer.get_data(as_text=True)


def test_an_unknown_key_suggests_the_near_one(house):
    assert_problem(house.post("/secrets", json={**SECRET, "hots": "x"}), 422, field="hots", says="did you mean 'host'")
