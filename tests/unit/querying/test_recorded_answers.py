"""Answers as real servers write them (shapes and fields as recorded; the model is a forest of four features)."""

import pytest

from auditor.domain.data import Column, ColumnType
from auditor.domain.target import Output, Profile, Target, WireProtocol
from auditor.errors import BadAnswer
from auditor.querying.answers import answers
from auditor.querying.endpoint import parse_url
from auditor.querying.protocols import wire_for
from auditor.querying.refusals import refused

COLUMNS = tuple(Column(f"f{i}", ColumnType.NUMBER) for i in range(4))
CLASSES = ("0", "1")

SCORES = [0.85, 0.15, 0.0, 1.0]
SINGLE = [0.8500000238418579, 0.15000000596046449, 0.0, 1.0]


def answered(*outputs, **about):
    return {"model_name": "rf", "model_version": "1", **about, "outputs": list(outputs)}


def tensor(name, datatype, shape, data, **about):
    return {"name": name, "shape": shape, "datatype": datatype, **about, "data": data}


NUMPY = {"parameters": {"content_type": "np"}}
MLSERVER_LABELS = answered(tensor("predict", "INT64", [2, 1], [0, 1], **NUMPY), id="49c5f1c8", parameters={})
MLSERVER_SCORES = answered(tensor("predict_proba", "FP64", [2, 2], SCORES, **NUMPY), id="49c5f1c8", parameters={})
TRITON = answered(tensor("proba", "FP32", [2, 2], SINGLE))
TRITON_TWO = answered(tensor("label", "INT64", [2], [0, 1]), tensor("proba", "FP32", [2, 2], SINGLE))
TRITON_CLASSIFICATION = answered(tensor("proba", "BYTES", [2, 2], ["0.850000:0", "0.150000:1", "1.000000:1", "0.000000:0"]))
KSERVE_V1 = {"predictions": [[0.85, 0.15], [0.0, 1.0]]}
KSERVE_V1_LABELS = {"predictions": [0, 1]}
VERTEX_LIKE = {"predictions": [{"classes": ["0", "1"], "scores": [0.85, 0.15]}, {"classes": ["1", "0"], "scores": [1.0, 0.0]}]}
SAGEMAKER_LIKE = {"predictions": [{"score": 0.15, "predicted_label": 0}, {"score": 1.0, "predicted_label": 1}]}


def read(document, output=Output.PROBABILITIES, protocol=WireProtocol.OPEN_INFERENCE):
    url = "http://models.example.com/v1/models/rf"
    wire = wire_for(Target(url, protocol, output=output), COLUMNS, parse_url(url))
    return answers(wire.decode(document, 2), Profile(output, CLASSES))


@pytest.mark.parametrize("document", [MLSERVER_SCORES, TRITON, TRITON_TWO])
def test_open_inference_servers(document):
    assert read(document).ravel() == pytest.approx(SCORES, abs=1e-7)


@pytest.mark.parametrize("document", [KSERVE_V1, VERTEX_LIKE])
def test_servers_of_predictions(document):
    assert read(document, protocol=WireProtocol.KSERVE_V1).tolist() == [[0.85, 0.15], [0.0, 1.0]]


@pytest.mark.parametrize(
    ("document", "protocol"),
    [
        (MLSERVER_LABELS, WireProtocol.OPEN_INFERENCE),
        (TRITON_TWO, WireProtocol.OPEN_INFERENCE),
        (KSERVE_V1_LABELS, WireProtocol.KSERVE_V1),
        (SAGEMAKER_LIKE, WireProtocol.KSERVE_V1),
    ],
)
def test_servers_of_labels(document, protocol):
    assert read(document, Output.LABELS, protocol).tolist() == [[1, 0], [0, 1]]


def test_scores_written_as_text_are_refused():
    with pytest.raises(BadAnswer, match=r"'0\.850000:0' where numbers"):
        read(TRITON_CLASSIFICATION)


@pytest.mark.parametrize(
    ("document", "protocol"),
    [(KSERVE_V1, WireProtocol.OPEN_INFERENCE), (TRITON, WireProtocol.KSERVE_V1)],
)
def test_the_other_protocol_is_pointed_out(document, protocol):
    with pytest.raises(BadAnswer, match=r"target\.protocol"):
        read(document, protocol=protocol)


@pytest.mark.parametrize(
    ("status", "body", "name"),
    [
        (400, b'{"error": "inference request batch-size must be <= 64 for \'rf\'"}', "BatchTooLarge"),
        (404, b'{"error": "Request for unknown model: \'no\' is not found"}', "TargetRefused"),
        (404, b'{"error": "Model with name no does not exist."}', "TargetRefused"),
        (422, b'{"detail":[{"type":"missing","loc":["body","inputs"],"msg":"Field required"}]}', "TargetRefused"),
        (500, b'Traceback (most recent call last):\n  File "/srv/model.py", line 3, in predict\nValueError: bad', "Failing"),
        (400, b'{"error_code": "BAD_REQUEST", "message": "Invalid input."}', "TargetRefused"),
        (503, b"Service unavailable", "Busy"),
        (424, b'{"message": "model error"}', "TargetRefused"),
    ],
)
def test_errors_as_servers_write_them(status, body, name):
    found = refused(status, {}, body)
    assert type(found).__name__ == name
    assert "\n" not in found.sentence
    assert len(found.sentence) < 400
