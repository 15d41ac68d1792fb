import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.domain.data import Column, ColumnType
from auditor.domain.target import Output, Rows, Target, WireProtocol
from auditor.errors import BadAnswer, InvalidInput
from auditor.querying.endpoint import parse_url
from auditor.querying.protocols import wire_for

COLUMNS = (
    Column("age", ColumnType.INTEGER),
    Column("hours", ColumnType.NUMBER),
    Column("work", ColumnType.STRING),
    Column("own", ColumnType.BOOLEAN),
)
FRAME = pd.DataFrame(
    {
        "age": [39, 50],
        "hours": [0.1, 40.0],
        "work": pd.Series(["État", None], dtype=object),
        "own": pd.Series([True, None], dtype=object),
    }
)
NUMBERS = COLUMNS[:2]
OIP, V1 = "http://models.example.com/v2/models/income", "http://models.example.com/v1/models/income"


def wire(url=OIP, columns=COLUMNS, **changes):
    protocol = WireProtocol.KSERVE_V1 if "/v1/" in url else WireProtocol.OPEN_INFERENCE
    return wire_for(Target(url, protocol, **changes), columns, parse_url(url))


def sent(door, frame=FRAME):
    return json.loads(door.encode(frame))


@pytest.mark.parametrize(
    ("url", "path"),
    [
        (OIP, "/v2/models/income/infer"),
        (OIP + "/", "/v2/models/income/infer"),
        (OIP + "/infer", "/v2/models/income/infer"),
        (OIP + "/versions/3/infer?tenant=1", "/v2/models/income/versions/3/infer?tenant=1"),
        (OIP + "?tenant=1", "/v2/models/income/infer?tenant=1"),
        (OIP + "#predict_proba", "/v2/models/income/infer"),
        (V1, "/v1/models/income:predict"),
        (V1 + ":predict", "/v1/models/income:predict"),
        (V1 + "/?a=b", "/v1/models/income:predict?a=b"),
    ],
)
def test_the_url_of_the_model_is_completed(url, path):
    assert wire(url).path == path


def test_records_are_one_tensor_a_column():
    document = sent(wire())
    assert document["inputs"] == [
        {"name": "age", "shape": [2, 1], "datatype": "INT64", "data": [39, 50]},
        {"name": "hours", "shape": [2, 1], "datatype": "FP64", "data": [0.1, 40.0]},
        {"name": "work", "shape": [2, 1], "datatype": "BYTES", "data": ["État", None]},
        {"name": "own", "shape": [2, 1], "datatype": "BOOL", "data": [True, None]},
    ]
    assert document["parameters"] == {"content_type": "pd"}
    assert "outputs" not in document


def test_records_are_one_mapping_a_row():
    assert sent(wire(V1)) == {
        "instances": [
            {"age": 39, "hours": 0.1, "work": "État", "own": True},
            {"age": 50, "hours": 40.0, "work": None, "own": None},
        ]
    }


def test_whole_numbers_stay_whole_beside_a_missing_cell():
    gaps = pd.DataFrame({"age": [39.0, np.nan], "hours": [np.nan, 1.0]})
    body = wire(columns=NUMBERS).encode(gaps).decode()
    assert '"data":[39,null]' in body
    assert '"data":[null,1.0]' in body


def test_a_matrix_is_one_tensor():
    document = sent(wire(columns=NUMBERS, rows=Rows.MATRIX), FRAME[["age", "hours"]])
    assert document["inputs"] == [{"name": "input-0", "shape": [2, 2], "datatype": "FP64", "data": [39.0, 0.1, 50.0, 40.0]}]
    lists = sent(wire(V1, columns=NUMBERS, rows=Rows.MATRIX), FRAME[["age", "hours"]])
    assert lists == {"instances": [[39.0, 0.1], [50.0, 40.0]]}


def test_a_matrix_takes_booleans_as_numbers_and_gaps_as_null():
    columns = (COLUMNS[3], COLUMNS[0])
    frame = pd.DataFrame({"own": pd.Series([True, None], dtype=object), "age": [1.0, np.nan]})
    assert sent(wire(V1, columns=columns, rows=Rows.MATRIX), frame) == {"instances": [[1.0, 1.0], [None, None]]}


@pytest.mark.parametrize("url", [OIP, V1])
def test_a_matrix_refuses_text_and_names_the_column(url):
    with pytest.raises(InvalidInput, match=r"'work' holds text.*rows: records") as refusal:
        wire(url, rows=Rows.MATRIX).encode(FRAME)
    assert refusal.value.field == "target.rows"


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=20))
def test_floats_keep_every_digit(numbers):
    frame = pd.DataFrame({"hours": numbers})
    for url in (OIP, V1):
        document = sent(wire(url, columns=COLUMNS[1:2]), frame)
        back = document["inputs"][0]["data"] if url is OIP else [row["hours"] for row in document["instances"]]
        assert back == numbers


@given(st.lists(st.one_of(st.none(), st.text()), min_size=1, max_size=20))
def test_any_text_survives(texts):
    frame = pd.DataFrame({"work": pd.Series(texts, dtype=object)})
    assert sent(wire(columns=COLUMNS[2:3]), frame)["inputs"][0]["data"] == texts


def tensor(name, data, shape, datatype="FP64"):
    return {"name": name, "shape": shape, "datatype": datatype, "data": data}


def decoded(*tensors, n=2, **changes):
    return wire(**changes).decode({"outputs": list(tensors)}, n)


LABELS = tensor("predict", [0, 1], [2, 1], "INT64")
SCORES = tensor("predict_proba", [0.9, 0.1, 0.2, 0.8], [2, 2])


def test_a_flat_tensor_takes_its_shape():
    assert decoded(SCORES).numbers.tolist() == [[0.9, 0.1], [0.2, 0.8]]
    assert decoded(tensor("p", [[0.9, 0.1], [0.2, 0.8]], [2, 2])).numbers.tolist() == [[0.9, 0.1], [0.2, 0.8]]
    assert decoded(tensor("p", [0.1, 0.8], [2])).numbers.tolist() == [[0.1], [0.8]]


@pytest.mark.parametrize("order", [(LABELS, SCORES), (SCORES, LABELS)])
def test_among_several_outputs_the_declared_kind_is_chosen(order):
    assert decoded(*order).tensor == "predict_proba"
    assert decoded(*order, output=Output.LABELS).tensor == "predict"
    assert decoded(*order, output=Output.LABELS).labels == ("0", "1")
    assert decoded(*order, output=Output.LOGITS).tensor == "predict_proba"


def test_scores_are_known_by_name_where_shapes_are_equal():
    probability = tensor("probability", [0.1, 0.8], [2, 1])
    assert decoded(tensor("decision", [1.0, 0.0], [2, 1]), probability).tensor == "probability"


def test_text_labels_and_booleans():
    assert decoded(tensor("label", ["<=50K", ">50K"], [2], "BYTES"), output=Output.LABELS).labels == ("<=50K", ">50K")
    assert decoded(tensor("label", ["a", "b"], [2, 1], "BYTES"), output=Output.LABELS).labels == ("a", "b")
    assert decoded(tensor("label", [True, False], [2], "BOOL"), output=Output.LABELS).labels == ("true", "false")


def test_after_several_outputs_only_the_chosen_one_is_asked_for():
    door = wire()
    door.decode({"outputs": [LABELS, SCORES]}, 2)
    assert sent(door)["outputs"] == [{"name": "predict_proba"}]
    assert door.decode({"outputs": [SCORES]}, 2).tensor == "predict_proba"


def test_one_output_is_not_asked_for_by_name():
    door = wire()
    door.decode({"outputs": [SCORES]}, 2)
    assert "outputs" not in sent(door)


def test_the_output_after_the_hash_is_asked_for_and_read():
    door = wire(OIP + "#predict_proba")
    assert sent(door)["outputs"] == [{"name": "predict_proba"}]
    assert door.decode({"outputs": [LABELS, SCORES]}, 2).tensor == "predict_proba"
    with pytest.raises(BadAnswer, match="no tensor 'predict_proba' but 'predict'"):
        door.decode({"outputs": [LABELS]}, 2)


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ([], "no list of outputs"),
        ({"predictions": [1]}, "no list of outputs"),
        ({"outputs": []}, "no list of outputs"),
        ({"outputs": [3]}, "no list of outputs"),
        ({"outputs": {"a": 1}}, "no list of outputs"),
        ({"outputs": [{"name": "p", "data": [1, 2]}]}, "no valid shape"),
        ({"outputs": [tensor("p", [1, 2], ["2"])]}, "no valid shape"),
        ({"outputs": [tensor("p", [1, 2], [-2])]}, "no valid shape"),
        ({"outputs": [tensor("p", [0.1], [1])]}, "1 answers for 2 records"),
        ({"outputs": [tensor("p", [], [])]}, "1 answers for 2 records"),
        ({"outputs": [tensor("p", [0.1, 0.2, 0.3], [2, 2])]}, "says shape"),
        ({"outputs": [tensor("p", "AAAA", [2])]}, "JSON, not binary"),
        ({"outputs": [tensor("p", [0.1, None], [2])]}, "null"),
        ({"outputs": [tensor("p", [0.1, float("nan")], [2])]}, "NaN"),
        ({"outputs": [tensor("p", ["0.9:0", "0.1:1", "a", "b"], [2, 2], "BYTES")]}, "where numbers"),
        ({"outputs": [tensor("p", [], [2, 0])]}, "no numbers"),
    ],
)
def test_a_document_that_does_not_answer_is_refused_in_a_sentence(document, words):
    with pytest.raises(BadAnswer) as refusal:
        wire().decode(document, 2)
    assert words in refusal.value.sentence


@pytest.mark.parametrize(
    "document", [[], {}, {"predictions": []}, {"predictions": {"a": 1}}, {"outputs": [1]}, {"error": "no"}, None, 7, "text"]
)
def test_a_v1_answer_needs_predictions(document):
    with pytest.raises(BadAnswer, match="no list of predictions"):
        wire(V1).decode(document, 2)


def test_v1_predictions_are_read_row_by_row():
    assert wire(V1).decode({"predictions": [[0.9, 0.1], [0.2, 0.8]]}, 2).numbers.tolist() == [[0.9, 0.1], [0.2, 0.8]]
    assert wire(V1).decode({"predictions": ["no", "yes"]}, 2).labels == ("no", "yes")
    with pytest.raises(BadAnswer, match="3 answers for 2 records"):
        wire(V1).decode({"predictions": [1, 2, 3]}, 2)


def answer_to(told, **more):
    tensor = {"name": "predict_proba", "shape": [2, 2], "datatype": "FP64", "data": [0.25, 0.75, 0.5, 0.5]}
    return {"model_name": "income", **({} if told is None else {"id": told}), "outputs": [tensor], **more}


@pytest.mark.parametrize("binary", [False, True])
def test_the_answer_to_another_request_is_none(binary):
    door = wire(columns=NUMBERS, binary=binary)
    door.encode(FRAME[["age", "hours"]])
    with pytest.raises(BadAnswer, match=r"has the id 'another' and belongs to another request than '[0-9a-f]{16}'; check"):
        door.decode(answer_to("another"), 2)


@pytest.mark.parametrize("told", ["the same", None, ""])
def test_a_server_that_gives_the_id_back_or_none_is_understood(told):
    door = wire()
    asked = sent(door)["id"]
    assert door.decode(answer_to(asked if told == "the same" else told), 2).numbers.tolist() == [[0.25, 0.75], [0.5, 0.5]]


def test_each_request_has_an_id_of_its_own():
    door = wire()
    first, second = sent(door)["id"], sent(door)["id"]
    assert first != second
    with pytest.raises(BadAnswer, match="another request"):
        door.decode(answer_to(first), 2)
