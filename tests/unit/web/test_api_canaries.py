"""Canaries through the API: the key is a dataset like the records, and its coins come back in no answer."""

import io
from random import Random

import pandas as pd
import pytest
from web_house import assert_problem

from auditor.domain.catalog import Role
from auditor.intake import Table
from auditor.workflow.canaries import Wish, draw


@pytest.fixture(scope="module")
def drawn():
    frame = pd.DataFrame({"age": [str(i) for i in range(300)], "income": ["a", "b"] * 150}).astype(object)
    return draw(Table(frame, dict.fromkeys(frame.columns, "string")), Wish("income", 200, "wrong-label"), Random(3))


@pytest.fixture
def data(house, drawn):
    """The `data` of a spec over uploaded canaries and their key."""
    canaries = house.upload(name="canaries", text=drawn.cells.to_csv(index=False)).json["id"]
    key = house.upload(name="key", text=drawn.key.as_bytes().decode()).json["id"]
    return {"canaries": canaries, "key": key, "label": "income"}


def submitted(house, data, **changes):
    spec = {"name": "q3", "target": house.target_id(), "data": data, "attacks": ["gap"], "learner": "xgboost", **changes}
    return house.post("/audits", json=spec)


def test_the_key_is_uploaded_like_records(house, drawn):
    answer = house.upload(name="key", text=drawn.key.as_bytes().decode())
    assert answer.status_code == 201
    assert answer.json["rows"] == 200
    assert set(answer.json["columns"]) == {"digest", "included", "salt", "kind"}


def test_no_answer_tells_the_coins(house, data, drawn):
    audit_id = submitted(house, data).json["id"]
    for path in (f"/audits/{audit_id}", f"/datasets/{data['key']}", "/datasets", "/events"):
        shown = house.get(path, as_=Role.VIEWER).get_data(as_text=True)
        assert drawn.key.salt not in shown
        assert drawn.key.canaries[0].digest not in shown


def test_an_audit_of_canaries_is_submitted(house, data):
    answer = submitted(house, data, claimed_epsilon=3)
    assert answer.status_code == 202, answer.json
    spec = house.get(f"/audits/{answer.json['id']}").json["spec"]
    assert spec["data"]["canaries"] == data["canaries"]
    assert spec["data"]["members"] is None
    assert spec["claimed_epsilon"] == {"epsilon": 3.0, "delta": 1e-5}


@pytest.mark.parametrize(
    ("change", "field", "says"),
    [
        ({"key": None}, "data.key", "add the key 'key'"),
        ({"canaries": None}, "data.canaries", "add the key 'canaries'"),
        ({"key": "key.json"}, "data.key", "give a dataset id, not a path"),
        ({"label": "outcome"}, "data.label", "canaries has no column 'outcome'"),
    ],
)
def test_a_mistake_is_told_with_its_field(house, data, change, field, says):
    assert_problem(submitted(house, {**data, **change}), 422, field=field, says=says)


def test_canaries_and_members_exclude_each_other(house, data):
    both = {**data, "members": house.dataset_id()}
    assert_problem(submitted(house, both), 422, field="data.members", says="take it out")


def test_records_in_place_of_the_key_are_refused_at_once(house, data):
    assert_problem(submitted(house, {**data, "key": data["canaries"]}), 422, field="data.key", says="not the key of canaries")


def test_a_canary_too_few_is_refused_at_once(house, data, drawn):
    fewer = house.upload(name="fewer", text=drawn.cells.iloc[1:].to_csv(index=False)).json["id"]
    answer = submitted(house, {**data, "canaries": fewer})
    assert_problem(answer, 422, field="data.canaries", says="made for 200 canaries and the file has 199")


def test_other_json_is_refused_as_a_dataset(house):
    file = (io.BytesIO(b'{"members": []}'), "members.json")
    answer = house.post("/datasets", data={"name": "members", "file": file})
    assert_problem(answer, 422, field="file", says="only the key of canaries")
