import pytest
from web_house import NO_ID, START, URL

from auditor.domain.spec import TargetSpec, parse
from auditor.errors import InvalidInput
from auditor.store import secrets
from auditor.web.scheduling import Timetable, schedule
from auditor.web.specs import host_of, resolved, vetted


@pytest.fixture
def ours(house):
    return house.workspaces["ours"]


def resolve(house, workspace_id, document):
    with house.services.database.read() as tx:
        return resolved(tx, workspace_id, parse(document))


def vet(house, workspace_id, **block):
    with house.services.database.read() as tx:
        return vetted(tx, workspace_id, TargetSpec(**{"url": URL, **block}), house.services.settings)


def refusal(call, *args, **kwargs):
    with pytest.raises(InvalidInput) as refused:
        call(*args, **kwargs)
    return refused.value


def test_the_block_of_the_target_takes_the_place_of_its_id(house, ours):
    document = house.spec()
    spec, target_id = resolve(house, ours, document)
    assert target_id == document["target"]
    assert spec.target_block.url == URL
    assert (spec.data.members, spec.data.non_members) == (document["data"]["members"], document["data"]["non_members"])
    assert spec.data.auxiliary is None


def test_everything_else_of_the_spec_stays_as_it_was(house, ours):
    document = house.spec(shadows=8, seed=3, policy={"membership": 40}, budget={"queries": 99, "rate": 5}, learner="xgboost")
    spec, _ = resolve(house, ours, document)
    before = parse(document)
    same = ("name", "shadows", "seed", "policy", "budget", "learner", "attacks")
    assert {key: getattr(spec, key) for key in same} == {key: getattr(before, key) for key in same}


def test_ids_are_kept_in_canonical_form(house, ours):
    document = house.spec()
    document["target"] = document["target"].upper()
    document["data"]["members"] = document["data"]["members"].upper()
    spec, target_id = resolve(house, ours, document)
    assert target_id == target_id.lower()
    assert spec.data.members == spec.data.members.lower()


def test_auxiliary_records_are_looked_up_too(house, ours):
    document = house.spec()
    document["data"]["auxiliary"] = NO_ID
    assert refusal(resolve, house, ours, document).field == "data.auxiliary"
    document["data"]["auxiliary"] = house.dataset_id(name="auxiliary")
    assert resolve(house, ours, document)[0].data.auxiliary == document["data"]["auxiliary"]


def test_the_spec_is_not_resolved_for_another_workspace(house):
    document = house.spec()
    assert "this workspace has no" in refusal(resolve, house, house.workspaces["theirs"], document).sentence


def test_a_target_block_where_an_id_belongs_is_refused(house, ours):
    document = {**house.spec(), "target": {"url": URL}}
    assert refusal(resolve, house, ours, document).field == "target"


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("http://models.example.com:8080/x", "models.example.com"),
        ("https://MODELS.example.com", "models.example.com"),
        ("http://[::1]:8080/", "::1"),
        ("http://127.0.0.1/", "127.0.0.1"),
        ("nonsense", ""),
    ],
)
def test_a_secret_is_bound_to_the_host_alone(url, host):
    assert host_of(url) == host


def test_a_block_without_authentication_passes_as_it_is(house, ours):
    assert vet(house, ours) == TargetSpec(url=URL)


def test_a_block_with_a_secret_of_its_host_passes(house, ours):
    with house.services.database.begin() as tx:
        record = secrets.create_secret(tx, ours, "token", "127.0.0.1", "value", START, house.services.vault)
    block = vet(house, ours, auth={"kind": "header", "secret": record.id, "header": "X-Model-Key"})
    assert block.auth.secret == f"secret:{record.id}"
    assert block.auth.header == "X-Model-Key"


def test_a_secret_that_is_exchanged_for_tokens_is_bound_to_both_hosts(house, ours):
    auth = {"kind": "oauth2", "token_url": "http://[::1]:9/token"}
    for hosts, is_bound in (("127.0.0.1", False), ("::1", False), ("127.0.0.1,::1", True)):
        with house.services.database.begin() as tx:
            record = secrets.create_secret(tx, ours, "client", hosts, "me:word", START, house.services.vault)
        if is_bound:
            assert vet(house, ours, auth={**auth, "secret": record.id}).auth.secret == f"secret:{record.id}"
        else:
            refused = refusal(vet, house, ours, auth={**auth, "secret": record.id})
            assert (refused.field, "would be sent to" in refused.sentence) == ("target.auth.secret", True)


def test_tokens_come_from_addresses_that_may_be_asked(house, ours):
    auth = {"kind": "oauth2", "secret": NO_ID, "token_url": "http://169.254.169.254/token"}
    assert refusal(vet, house, ours, auth=auth).field == "target.auth.token_url"


@pytest.mark.parametrize("header", ["", "X Key", "X-Key:", "X-Key\n", "\u00e4", "x" * 101, "Transfer-Encoding", "host"])
def test_what_is_no_header_of_a_credential_is_refused(house, ours, header):
    auth = {"kind": "header", "secret": NO_ID, "header": header}
    assert refusal(vet, house, ours, auth=auth).field == "target.auth.header"


@pytest.mark.parametrize(
    ("declared", "field"),
    [
        ({"ca": "-----BEGIN nonsense"}, "target.ca"),
        ({"protocol": "json", "adapter": {"body": "$records", "answer": "[[["}}, "target.adapter.answer"),
        ({"protocol": "json", "adapter": {"body": "$records", "headers": {"Host": "x"}}}, "target.adapter.headers"),
        ({"protocol": "json", "adapter": {"body": "$records", "headers": {"a": "b\r\nX: y"}}}, "target.adapter.headers"),
    ],
)
def test_what_the_audit_could_not_send_is_told_at_once(house, ours, declared, field):
    assert refusal(vet, house, ours, **declared).field == field


def test_a_score_of_a_class_may_wait_for_the_classes(house, ours):
    adapter = {"body": "$records", "score_of": "yes"}
    assert vet(house, ours, protocol="json", adapter=adapter).adapter.score_of == "yes"


def test_a_timetable_freezes_the_spec_and_plans_the_first_firing(house, ours):
    document = house.spec()
    made = schedule(house.services, ours, Timetable("nightly", "30 2 * * *", "Europe/Berlin"), parse(document))
    assert made.next_run_at.isoformat() == "2026-03-03T01:30:00+00:00"
    assert made.target_id == document["target"]
    assert parse(made.spec).target_block.url == URL
    assert not made.paused


@pytest.mark.parametrize(("cron", "zone", "field"), [("nonsense", "UTC", "cron"), ("0 3 * * *", "Nowhere", "zone")])
def test_a_timetable_that_cannot_be_read_makes_no_schedule(house, ours, cron, zone, field):
    assert refusal(schedule, house.services, ours, Timetable("x", cron, zone), parse(house.spec())).field == field
    assert house.get("/schedules").json["items"] == []


def test_a_frozen_spec_does_not_follow_later_changes(house, ours):
    document = house.spec()
    made = schedule(house.services, ours, Timetable("x", "0 3 * * *"), parse(document))
    house.post("/targets", json={"name": "income", "target": {"url": "http://127.0.0.1:9/v2/models/other/infer"}})
    assert parse(made.spec).target_block.url == URL


def test_a_target_whose_protocol_rows_and_adapter_do_not_go_together_is_not_kept(house, ours):
    assert refusal(vet, house, ours, protocol="json").field == "target.adapter"
    assert refusal(vet, house, ours, protocol="seldon", rows="csv").field == "target.rows"
    kept = vet(house, ours, protocol="json", adapter={"body": {"rows": "$rows"}})
    assert kept.as_target().adapter.body == {"rows": "$rows"}
