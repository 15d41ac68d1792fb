"""Model files through the API: taken in after a look from inside the walls, named by targets, refused with one sentence."""

import io
import pickle

import pytest
from web_house import assert_problem

from auditor.domain.catalog import Role
from tests import model_files


def send(house, data, name="m", **options):
    return house.post("/models", data={"name": name, "file": (io.BytesIO(data), "whatever")}, **options)


def test_a_model_is_kept_and_shown_without_its_content(house):
    data = model_files.perceptron_file().data
    made = send(house, data)
    assert made.status_code == 201
    assert made.json["format"] == "safetensors"
    assert made.json["size"] == len(data)
    assert house.get(made.headers["Location"].removeprefix("/api/v1")).json == made.json
    assert [model["id"] for model in house.get("/models").json["items"]] == [made.json["id"]]


def test_what_loading_it_would_run_is_told_check_by_check(house):
    model_id = send(house, model_files.perceptron_file().data).json["id"]
    told = house.get(f"/models/{model_id}/scan")
    assert told.status_code == 200
    assert (told.json["outcome"], told.json["file"]["executes"], told.json["sightings"]) == ("pass", False, [])
    assert told.json["file"]["sha256"] == house.get(f"/models/{model_id}").json["digest"]
    assert told.json["finding"]["family"] == "supply-chain"


def test_a_target_may_name_it_and_then_it_stays(house):
    model_id = house.model_id()
    made = house.post("/targets", json={"name": "file", "target": {"model": model_id, "classes": ["no", "yes"]}})
    assert made.status_code == 201
    assert made.json["target"]["model"] == model_id
    assert_problem(house.delete(f"/models/{model_id}"), 409, says="target names this model")
    assert house.delete(f"/targets/{made.json['id']}").status_code == 204
    assert house.delete(f"/models/{model_id}").status_code == 204
    assert house.get(f"/models/{model_id}").status_code == 404


def test_an_audit_of_it_can_be_submitted(house):
    target = house.post("/targets", json={"name": "file", "target": {"model": house.model_id()}}).json["id"]
    assert house.post("/audits", json=house.spec(target=target)).status_code == 202


@pytest.mark.parametrize(
    ("target", "field", "says"),
    [
        ({"model": "model.json"}, "target.model", "give a model id"),
        ({"model": "00000000-0000-7000-8000-000000000000"}, "target.model", "no model with this id"),
        ({"model": "x", "url": "http://127.0.0.1:1/"}, "target.url", "take it out"),
        ({}, "target.url", "add the key 'url'"),
    ],
)
def test_what_names_no_model_of_ours_is_refused(house, target, field, says):
    assert_problem(house.post("/targets", json={"name": "t", "target": target}), 422, field=field, says=says)


def test_a_model_of_another_workspace_is_none(house):
    foreign = house.model_id(of="theirs")
    assert_problem(house.post("/targets", json={"name": "t", "target": {"model": foreign}}), 422, field="target.model")


def test_a_pickle_is_refused_and_nothing_is_kept(house):
    answer = send(house, pickle.dumps({"weights": [1.0]}))
    assert_problem(answer, 422, field="file", says="never loaded")
    assert house.get("/models").json["items"] == []


def test_viewers_may_look_and_no_more(house):
    assert send(house, b"tree", as_=Role.VIEWER).status_code == 403
    assert house.get("/models", as_=Role.VIEWER).status_code == 200
