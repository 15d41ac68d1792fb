import pytest
from web_house import NO_ID, URL, assert_problem

from auditor.domain.audit import AuditStatus
from auditor.domain.catalog import Role
from auditor.domain.spec import parse
from auditor.store import audits


def changed(spec, path, value):
    """The spec with one dotted key set."""
    *parents, last = path.split(".")
    place = spec
    for key in parents:
        place = place.setdefault(key, {})
    place[last] = value
    return spec


def test_an_audit_of_thousands_of_attacks_is_refused_before_it_is_planned(house):
    answer = house.post("/audits/estimate", json=house.spec(attacks=["gap"] * 5000))
    assert_problem(answer, 422, field="attacks", says="at most 200 attacks, not 5,000")


def test_an_audit_is_submitted_and_delivered(house):
    answer = house.post("/audits", as_=Role.AUDITOR, json=house.spec())
    assert answer.status_code == 202
    assert answer.headers["Location"] == f"/api/v1/audits/{answer.json['id']}"
    assert answer.json["status"] == "running"
    assert len(house.services.dispatch.delivered) == 1


def test_it_is_read_with_its_frozen_spec_and_progress(house):
    spec = house.spec()
    audit_id = house.post("/audits", json=spec).json["id"]
    read = house.get(f"/audits/{audit_id}", as_=Role.VIEWER).json
    assert read["target_id"] == spec["target"]
    assert read["spec"]["target"]["url"] == URL
    assert read["spec"]["data"]["members"] == spec["data"]["members"]
    assert read["progress"]["fraction"] == 0.0
    assert read["progress"]["eta_seconds"] is None
    assert read["progress"]["doing"] == "finding out what the target answers"
    assert parse(read["spec"]).as_json() == read["spec"]


def test_the_budget_and_the_questions_asked_are_shown(house):
    read = house.get(f"/audits/{house.audit_id(budget={'queries': 500})}").json
    assert (read["budget"], read["queries"]) == (500, 0)


def test_the_list_is_of_the_workspace_or_of_one_target(house):
    first, second = house.spec(), house.spec()
    one = house.post("/audits", json=first).json["id"]
    two = house.post("/audits", json=second).json["id"]
    assert {item["id"] for item in house.get("/audits").json["items"]} == {one, two}
    assert [item["id"] for item in house.get(f"/audits?target={second['target']}").json["items"]] == [two]
    assert_problem(house.get(f"/audits?target={NO_ID}"), 404)


def test_a_filter_that_is_no_id_is_refused(house):
    assert_problem(house.get("/audits?target=income"), 422, field="target")


def test_an_audit_is_cancelled_and_resumed(house):
    audit_id = house.audit_id()
    cancelled = house.post(f"/audits/{audit_id}/cancel", as_=Role.AUDITOR)
    assert (cancelled.status_code, cancelled.json["status"]) == (200, "cancelled")
    house.services.dispatch.delivered.clear()
    resumed = house.post(f"/audits/{audit_id}/resume", as_=Role.AUDITOR)
    assert (resumed.status_code, resumed.json["status"]) == (202, "running")
    assert len(house.services.dispatch.delivered) == 1


def test_a_running_audit_cannot_be_resumed(house):
    assert_problem(house.post(f"/audits/{house.audit_id()}/resume"), 409)


def test_a_completed_audit_cannot_be_cancelled_or_resumed(house):
    audit_id = house.audit_id()
    with house.services.database.begin() as tx:
        audits.close(tx, audit_id, status=AuditStatus.COMPLETED, now=house.services.clock(), result={})
    assert_problem(house.post(f"/audits/{audit_id}/resume"), 409)
    assert house.get(f"/audits/{audit_id}").json["status"] == "completed"


IDS = [
    ("target", "http://127.0.0.1:8080/v2/models/income/infer", "give a target id, not a URL"),
    ("target", {"url": URL}, "give a target id, not a block"),
    ("target", "income", "give a target id"),
    ("target", 7, "give a target id"),
    ("target", NO_ID, "no target with this id"),
    ("data.members", "members.csv", "give a dataset id, not a path"),
    ("data.members", "/etc/passwd", "give a dataset id, not a path"),
    ("data.members", "s3://bucket/members", "give a dataset id, not a URL"),
    ("data.members", "MEMBERS_FILE", "give a dataset id, not the name of a variable"),
    ("data.members", NO_ID, "no dataset with this id"),
    ("data.non_members", "../others.parquet", "give a dataset id, not a path"),
    ("data.non_members", NO_ID, "no dataset with this id"),
    ("data.auxiliary", "auxiliary.csv", "give a dataset id, not a path"),
    ("data.auxiliary", NO_ID, "no dataset with this id"),
]


@pytest.mark.parametrize(("field", "value", "says"), IDS)
def test_what_the_cli_takes_as_a_path_is_an_id_here(house, field, value, says):
    answer = house.post("/audits", json=changed(house.spec(), field, value))
    body = assert_problem(answer, 422, field=field, says=says)
    assert body["errors"][0]["pointer"] == "#/" + field.replace(".", "/")
    assert house.get("/audits").json["items"] == []


def test_a_target_or_dataset_of_another_workspace_is_not_known(house):
    foreign_target, foreign_dataset = house.target_id(of="theirs"), house.dataset_id(of="theirs")
    for field, value in [("target", foreign_target), ("data.members", foreign_dataset), ("data.auxiliary", foreign_dataset)]:
        answer = house.post("/audits", json=changed(house.spec(), field, value))
        assert_problem(answer, 422, field=field, says="this workspace has no")


MISTAKES = [
    ("shadow", 8, "shadow", "did you mean 'shadows'"),
    ("data.label", "incom", "data.label", "did you mean 'income'"),
    ("data.features", ["age", "wrk"], "data.members", "did you mean 'work'"),
    ("data.sensitive", ["race"], "data.sensitive", "race"),
    ("data.types", {"age": "colour"}, "data.types.age", "integer"),
    ("data.types", {"Age": "colour"}, "data.types.Age", "integer"),
    ("Shadows", 8, "Shadows", "did you mean 'shadows'"),
    ("data.lable", "income", "data.lable", "did you mean 'label'"),
    ("shadows", 5, "shadows", "even number"),
    ("shadows", "many", "shadows", ""),
    ("attacks", [], "attacks", "at least one attack"),
    ("attacks", ["gapp"], "attacks", "did you mean 'gap'"),
    ("attacks", "standart", "attacks", ""),
    ("budget", {"queries": 0}, "budget.queries", "of at least 1"),
    ("budget", {"querys": 5}, "budget.querys", "did you mean 'queries'"),
    ("policy", "strict", "policy", "no policy"),
    ("policy", {"membership": 0}, "policy.membership", "above 0"),
    ("learner", {"name": "xgbost"}, "learner.name", "did you mean 'xgboost'"),
    ("seed", -1, "seed", "of at least 0"),
    ("spec", 2, "spec", "1"),
    ("name", "", "name", "at least 1"),
]


@pytest.mark.parametrize(("path", "value", "field", "says"), MISTAKES, ids=[f"{m[0]}={m[1]}" for m in MISTAKES])
def test_each_mistake_in_a_spec_is_named_and_nothing_is_started(house, path, value, field, says):
    body = assert_problem(house.post("/audits", json=changed(house.spec(), path, value)), 422, says=says)
    assert body["errors"][0]["field"].startswith(field)
    assert house.get("/audits").json["items"] == []
    assert house.services.dispatch.delivered == []


def test_a_key_that_is_missing_is_named(house):
    for path in ("target", "data", "data.members", "data.non_members", "data.label"):
        spec = house.spec()
        *parents, last = path.split(".")
        place = spec[parents[0]] if parents else spec
        del place[last]
        assert_problem(house.post("/audits", json=spec), 422, field=path, says=f"add the key '{last}'")


def test_files_whose_columns_differ_are_refused_before_anything_is_asked(house):
    other = house.dataset_id(text="years,work,income\n30,a,b\n31,a,c\n")
    answer = house.post("/audits", json=changed(house.spec(), "data.non_members", other))
    assert_problem(answer, 422, field="data.non_members", says="'age' is missing")
