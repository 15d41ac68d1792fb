"""The target of the demonstration, asked through Flask's own client: no socket."""

import numpy as np
import pandas as pd
import pytest

from auditor.demo import adult
from auditor.demo.serve import MODEL, BadRequestError, create_target, frame_of
from auditor.demo.target import LEAKY, SAFE, train
from auditor.domain.spec import TargetSpec
from auditor.domain.target import WireProtocol
from auditor.learners import check

URL = f"/v2/models/{MODEL}/infer"


@pytest.fixture(scope="module")
def members():
    return adult.split(adult.load(), seed=7).members.head(400)


@pytest.fixture(scope="module")
def model(members):
    return train(SAFE, members)


@pytest.fixture(scope="module")
def target(model):
    return create_target(model, adult.columns()).test_client()


def request_for(frame):
    def tensor(column):
        kind = "INT64" if column.type.is_numeric else "BYTES"
        return {"name": column.name, "shape": [len(frame), 1], "datatype": kind, "data": frame[column.name].tolist()}

    return {"inputs": [tensor(column) for column in adult.columns()]}


def test_it_answers_the_models_own_probabilities(target, model, members):
    some = members.head(7)
    answer = target.post(URL, json=request_for(some))
    assert answer.status_code == 200
    (output,) = answer.json["outputs"]
    assert output["shape"] == [7, 2]
    assert output["datatype"] == "FP64"
    expected = model.predict_proba(some.drop(columns=[adult.LABEL]))
    np.testing.assert_array_equal(np.reshape(output["data"], output["shape"]), expected)


def test_the_order_of_the_tensors_does_not_matter(target, members):
    body = request_for(members.head(3))
    turned = {"inputs": body["inputs"][::-1]}
    assert target.post(URL, json=turned).json == target.post(URL, json=body).json


def test_nested_data_are_the_same_as_flat(target, members):
    body = request_for(members.head(3))
    nested = {"inputs": [{**tensor, "data": [[cell] for cell in tensor["data"]]} for tensor in body["inputs"]]}
    assert target.post(URL, json=nested).json == target.post(URL, json=body).json


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        {},
        {"inputs": "x"},
        {"inputs": [{"name": "age"}]},
        {"inputs": [{"name": "age", "shape": [1], "datatype": "INT64", "data": [39]}]},
    ],
)
def test_what_it_cannot_read_is_a_400_with_a_reason(target, body):
    answer = target.post(URL, json=body)
    assert answer.status_code == 400
    assert "send" in answer.json["error"]


def test_tensors_of_different_lengths_are_refused(members):
    body = request_for(members.head(3))
    body["inputs"][0]["data"] = body["inputs"][0]["data"][:2]
    with pytest.raises(BadRequestError):
        frame_of(body, adult.columns())


def test_text_where_a_number_belongs_is_refused(members):
    body = request_for(members.head(2))
    body["inputs"][0]["data"] = ["young", "old"]
    with pytest.raises(BadRequestError, match="inputs with a name"):
        frame_of(body, adult.columns())


def test_a_missing_tensor_is_named(members):
    body = request_for(members.head(2))
    del body["inputs"][1]
    with pytest.raises(BadRequestError, match="send a tensor named 'workclass'"):
        frame_of(body, adult.columns())


@pytest.mark.parametrize("path", ["/v2/health/live", "/v2/health/ready", f"/v2/models/{MODEL}/ready"])
def test_it_says_that_it_is_ready(target, path):
    assert target.get(path).status_code == 200


def test_it_describes_its_inputs(target):
    described = target.get(f"/v2/models/{MODEL}").json
    assert [tensor["name"] for tensor in described["inputs"]] == [column.name for column in adult.columns()]
    assert described["outputs"][0]["shape"] == [-1, 2]


def test_it_speaks_a_protocol_that_the_service_knows():
    assert TargetSpec(url="http://127.0.0.1:1" + URL).protocol is WireProtocol.OPEN_INFERENCE


@pytest.mark.parametrize("story", [LEAKY, SAFE])
def test_what_the_audit_declares_is_how_the_target_was_trained(story, members):
    """An adversary who knows the learner: shadows are trained with these very parameters."""
    model = train(story, members.head(200))
    assert model.learner == check(story.learner)


def test_unknown_values_do_not_stop_it(target, members):
    strange = pd.DataFrame(members.head(1)).assign(**{"native-country": "Atlantis", "age": 140})
    assert target.post(URL, json=request_for(strange)).status_code == 200
