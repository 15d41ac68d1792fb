"""Each protocol in each of its forms: the very bytes that are sent, and what is understood of an answer."""

import re
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.domain.data import Column, ColumnType
from auditor.domain.target import SPOKEN, Adapter, Output, Rows, Target, WireProtocol
from auditor.errors import BadAnswer, InvalidInput
from auditor.querying.endpoint import parse_url
from auditor.querying.faults import BatchTooLarge
from auditor.querying.protocols import Wire, wire_for
from auditor.querying.reply import Reply

HOST = "http://models.example.com"
COLUMNS = (Column("age", ColumnType.INTEGER), Column("work", ColumnType.STRING), Column("own", ColumnType.BOOLEAN))
FRAME = pd.DataFrame(
    {"age": [39, 50], "work": pd.Series(["a,b", None], dtype=object), "own": pd.Series([True, None], dtype=object)}
)
NUMBERS = (Column("age", ColumnType.INTEGER), Column("hours", ColumnType.NUMBER))
MATRIX = pd.DataFrame({"age": [39, 50], "hours": [0.1, np.nan]})

RECORDS = '[{"age":39,"work":"a,b","own":true},{"age":50,"work":null,"own":null}]'
LISTS = '[[39,"a,b",true],[50,null,null]]'
NUMERIC = "[[39.0,0.1],[50.0,null]]"
BY_COLUMN = '{"age":[39,50],"work":["a,b",null],"own":[true,null]}'
NAMES = '["age","work","own"]'
PLAIN_CSV = '39,"a,b",true\n50,,\n'

SENT = {
    ("kserve-v1", "records"): f'{{"instances":{RECORDS}}}',
    ("kserve-v1", "matrix"): f'{{"instances":{NUMERIC}}}',
    ("kserve-v1", "columns"): f'{{"inputs":{BY_COLUMN}}}',
    ("mlflow", "records"): f'{{"dataframe_records":{RECORDS}}}',
    ("mlflow", "split"): f'{{"dataframe_split":{{"columns":{NAMES},"data":{LISTS}}}}}',
    ("mlflow", "columns"): f'{{"inputs":{BY_COLUMN}}}',
    ("mlflow", "matrix"): f'{{"instances":{NUMERIC}}}',
    ("mlflow", "csv"): "age,work,own\n" + PLAIN_CSV,
    ("databricks", "split"): f'{{"dataframe_split":{{"columns":{NAMES},"data":{LISTS}}}}}',
    ("sagemaker", "records"): f'{{"instances":{RECORDS}}}',
    ("sagemaker", "matrix"): '{"instances":[{"features":[39.0,0.1]},{"features":[50.0,null]}]}',
    ("sagemaker", "csv"): PLAIN_CSV,
    ("sagemaker", "lines"): '{"features":[39,"a,b",true]}\n{"features":[50,null,null]}\n',
    ("vertex", "records"): f'{{"instances":{RECORDS}}}',
    ("vertex", "matrix"): f'{{"instances":{NUMERIC}}}',
    ("azureml", "records"): f'{{"data":{RECORDS}}}',
    ("azureml", "matrix"): f'{{"data":{NUMERIC}}}',
    ("azureml", "split"): f'{{"input_data":{{"columns":{NAMES},"index":[0,1],"data":{LISTS}}}}}',
    ("bentoml", "records"): f'{{"x":{RECORDS}}}',
    ("bentoml", "matrix"): f'{{"x":{NUMERIC}}}',
    ("bentoml", "columns"): f'{{"x":{BY_COLUMN}}}',
    ("seldon", "records"): f'{{"data":{{"names":{NAMES},"ndarray":{LISTS}}}}}',
    ("seldon", "matrix"): '{"data":{"names":["age","hours"],"tensor":{"shape":[2,2],"values":[39.0,0.1,50.0,null]}}}',
}
ADAPTED: dict[tuple[str, str], Any] = {
    ("kserve-v1", "records"): {"instances": "$records"},
    ("kserve-v1", "columns"): {"inputs": "$columns"},
    ("mlflow", "split"): {"dataframe_split": {"columns": "$names", "data": "$rows"}},
    ("mlflow", "csv"): "$csv-with-names",
    ("sagemaker", "matrix"): {"instances": {"$each": {"features": "$numbers"}}},
    ("sagemaker", "csv"): "$csv",
    ("sagemaker", "lines"): {"$lines": {"features": "$row"}},
    ("azureml", "split"): {"input_data": {"columns": "$names", "index": "$index", "data": "$rows"}},
    ("bentoml", "matrix"): {"x": "$matrix"},
    ("seldon", "matrix"): {"data": {"names": "$names", "tensor": {"shape": ["$count", "$width"], "values": "$flat"}}},
}


def columns_and_frame(rows: str) -> tuple[tuple[Column, ...], pd.DataFrame]:
    return (NUMBERS, MATRIX) if rows == "matrix" else (COLUMNS, FRAME)


def wire(protocol: str, rows: str = "records", url: str = HOST + "/model", **changes: Any) -> Wire:
    target = Target(url, WireProtocol(protocol), Rows(rows), **changes)
    return wire_for(target, columns_and_frame(rows)[0], parse_url(url))


def adapted(body: Any, rows: str = "records", output: Output = Output.PROBABILITIES, **changes: Any) -> Wire:
    classes = changes.pop("classes", ())
    target = Target(HOST + "/ask", WireProtocol.JSON, output=output, classes=classes, adapter=Adapter(body, **changes))
    return wire_for(target, columns_and_frame(rows)[0], parse_url(target.url))


@pytest.mark.parametrize(("protocol", "rows"), SENT)
def test_a_request_is_sent_to_the_byte(protocol: str, rows: str) -> None:
    assert wire(protocol, rows).encode(columns_and_frame(rows)[1]).decode() == SENT[protocol, rows]


@pytest.mark.parametrize(("protocol", "rows"), ADAPTED)
def test_the_adapter_can_say_the_same(protocol: str, rows: str) -> None:
    found, own = adapted(ADAPTED[protocol, rows], rows), wire(protocol, rows)
    assert found.encode(columns_and_frame(rows)[1]).decode() == SENT[protocol, rows]
    assert found.content_type == own.content_type


def without_id(body: bytes) -> bytes:
    return re.sub(rb'^{"id":"[0-9a-f]{16}",', b"{", body)


def test_the_adapter_can_say_what_open_inference_says() -> None:
    content = {"parameters": {"content_type": "pd"}}
    assert adapted({"inputs": "$tensors", **content}).encode(FRAME) == without_id(wire("open-inference").encode(FRAME))
    one = {"name": "input-0", "shape": ["$count", "$width"], "datatype": "FP64", "data": "$flat"}
    body = {"inputs": [one], "parameters": {"content_type": "np"}}
    assert adapted(body, "matrix").encode(MATRIX) == without_id(wire("open-inference", "matrix").encode(MATRIX))


@pytest.mark.parametrize(
    ("protocol", "rows", "kind"),
    [
        ("mlflow", "csv", "text/csv"),
        ("sagemaker", "csv", "text/csv"),
        ("sagemaker", "lines", "application/jsonlines"),
        ("mlflow", "split", "application/json"),
        ("open-inference", "matrix", "application/json"),
    ],
)
def test_the_content_type_says_what_is_sent(protocol: str, rows: str, kind: str) -> None:
    assert wire(protocol, rows).content_type == kind


@pytest.mark.parametrize("protocol", [p for p in WireProtocol if p is not WireProtocol.JSON])
def test_every_form_that_is_spoken_can_be_made_and_no_other(protocol: WireProtocol) -> None:
    for rows in Rows:
        if rows in SPOKEN[protocol]:
            found = wire(protocol, rows)
            assert found.encode(columns_and_frame(rows)[1].head(found.most_rows or 2))
        else:
            with pytest.raises(InvalidInput, match=r"target\.rows"):
                wire(protocol, rows)


@pytest.mark.parametrize(
    ("protocol", "url", "path"),
    [
        ("mlflow", "/", "/invocations"),
        ("mlflow", "/invocations", "/invocations"),
        ("databricks", "/serving-endpoints/m?x=1", "/serving-endpoints/m/invocations?x=1"),
        ("sagemaker", "/endpoints/m", "/endpoints/m/invocations"),
        ("vertex", "/v1/projects/p/locations/l/endpoints/7", "/v1/projects/p/locations/l/endpoints/7:predict"),
        ("azureml", "/", "/score"),
        ("bentoml", "/classify#x", "/classify"),
        ("torchserve", "/predictions/m/1.0", "/predictions/m/1.0"),
        ("seldon", "/seldon/ns/m", "/seldon/ns/m/api/v1.0/predictions"),
    ],
)
def test_the_address_is_completed(protocol: str, url: str, path: str) -> None:
    assert wire(protocol, url=HOST + url).path == path


def test_the_argument_of_a_bento_is_named_in_the_url() -> None:
    assert wire("bentoml", url=HOST + "/classify#input_df").encode(FRAME).startswith(b'{"input_df":[{"age":39')


PROBABILITIES = [[0.9, 0.1], [0.25, 0.75]]
ANSWERED = [
    ("mlflow", {"predictions": PROBABILITIES}),
    ("databricks", {"predictions": PROBABILITIES, "databricks_output": {"trace": 1}}),
    ("mlflow", {"predictions": [{"no": 0.9, "yes": 0.1}, {"no": 0.25, "yes": 0.75}]}),
    ("mlflow", {"predictions": {"no": [0.9, 0.25], "yes": [0.1, 0.75]}}),
    ("mlflow", {"predictions": {"label": ["no", "yes"], "probabilities": PROBABILITIES}}),
    ("sagemaker", PROBABILITIES),
    ("sagemaker", {"predictions": [{"score": [0.9, 0.1], "predicted_label": 0}, {"score": [0.25, 0.75], "predicted_label": 1}]}),
    ("vertex", {"predictions": PROBABILITIES, "deployedModelId": "7", "model": "m", "modelVersionId": "1"}),
    ("vertex", {"predictions": [{"classes": ["no", "yes"], "scores": row} for row in PROBABILITIES]}),
    ("azureml", {"result": PROBABILITIES}),
    ("azureml", PROBABILITIES),
    ("azureml", "[[0.9, 0.1], [0.25, 0.75]]"),
    ("bentoml", PROBABILITIES),
    ("bentoml", {"probabilities": PROBABILITIES, "labels": ["no", "yes"]}),
    ("seldon", {"data": {"names": ["t:0", "t:1"], "ndarray": PROBABILITIES}, "meta": {}}),
    ("seldon", {"data": {"names": ["no", "yes"], "tensor": {"shape": [2, 2], "values": [0.9, 0.1, 0.25, 0.75]}}}),
]


@pytest.mark.parametrize(("protocol", "document"), ANSWERED)
def test_probabilities_are_read(protocol: str, document: Any) -> None:
    reply = wire(protocol).decode(document, 2)
    assert reply.numbers is not None
    assert reply.numbers.tolist() == PROBABILITIES
    assert reply.names in (None, ("no", "yes"))


def test_names_that_seldon_makes_up_are_none() -> None:
    data = {"names": ["t:0", "t:1"], "ndarray": PROBABILITIES}
    assert wire("seldon").decode({"data": data}, 2).names is None
    assert wire("seldon").decode({"data": {**data, "names": ["a", "b"]}}, 2).names == ("a", "b")


@pytest.mark.parametrize(
    ("protocol", "document"),
    [
        ("mlflow", {"predictions": ["no", "yes"]}),
        ("mlflow", {"predictions": {"label": ["no", "yes"], "probabilities": PROBABILITIES}}),
        ("sagemaker", {"predictions": [{"score": 0.1, "predicted_label": "no"}, {"score": 0.9, "predicted_label": "yes"}]}),
        ("azureml", ["no", "yes"]),
        ("bentoml", {"labels": ["no", "yes"], "probabilities": PROBABILITIES}),
        ("seldon", {"data": {"names": [], "ndarray": [["no"], ["yes"]]}}),
    ],
)
def test_labels_are_read_where_they_are_declared(protocol: str, document: Any) -> None:
    assert wire(protocol, output=Output.LABELS).decode(document, 2).labels == ("no", "yes")


def test_a_score_beside_a_predicted_label_is_of_the_second_class() -> None:
    rows = [{"score": 0.1, "predicted_label": 0}, {"score": 0.9, "predicted_label": 1}]
    reply = wire("sagemaker", "lines").decode(rows, 2)
    assert reply.numbers is not None
    assert (reply.numbers.tolist(), reply.labels) == ([[0.1], [0.9]], None)


def test_a_label_with_its_score_is_the_top_class_alone() -> None:
    reply = wire("bentoml", output=Output.TOP_K).decode([{"label": "no", "score": 0.9}, {"label": "yes", "score": 0.75}], 2)
    assert reply.names == ("no", "yes")
    assert reply.numbers is not None
    assert np.array_equal(reply.numbers, [[0.9, np.nan], [np.nan, 0.75]], equal_nan=True)
    listed = [[{"label": "no", "score": 0.9}, {"label": "yes", "score": 0.1}], [{"label": "yes", "score": 0.75}]]
    assert wire("bentoml", output=Output.TOP_K).decode(listed, 2).names == ("no", "yes")


def test_a_probability_alone_is_of_the_second_class_and_beside_a_label_it_is_not_guessed() -> None:
    alone = wire("bentoml").decode([{"probability": 0.1, "model": "m"}, {"probability": 0.75, "model": "m"}], 2)
    assert alone.numbers is not None
    assert (alone.numbers.tolist(), alone.names) == ([[0.1], [0.75]], None)
    beside = wire("bentoml").decode([{"label": "no", "probability": 0.9}, {"label": "yes", "probability": 0.75}], 2)
    assert (beside.numbers, beside.labels) == (None, ("no", "yes"))
    assert wire("torchserve").decode({"probability": 0.1}, 1).names is None


def test_all_answers_in_one_line_of_csv() -> None:
    found = wire("sagemaker", "csv").decode([[0.1, 0.75]], 2)
    assert found.numbers is not None
    assert found.numbers.tolist() == [[0.1], [0.75]]
    assert wire("sagemaker", "csv").decode([[0.1, 0.9]], 1).numbers is not None


def test_columns_in_columns_out() -> None:
    columnar = wire("kserve-v1", "columns")
    document = {"outputs": {"classes": [["a", "b"]], "probabilities": PROBABILITIES}}
    found = columnar.decode(document, 2).numbers
    assert found is not None
    assert found.tolist() == PROBABILITIES
    assert columnar.decode({"outputs": PROBABILITIES}, 2).numbers is not None
    named = wire("kserve-v1", "columns", url=HOST + "/v1/models/m#p2")
    found = named.decode({"outputs": {"p1": [[1.0], [2.0]], "p2": PROBABILITIES}}, 2).numbers
    assert found is not None
    assert found.tolist() == PROBABILITIES


def test_torchserve_is_asked_one_by_one() -> None:
    found = wire("torchserve")
    assert found.most_rows == 1
    assert found.encode(FRAME.head(1)) == b'{"age":39,"work":"a,b","own":true}'
    assert wire("torchserve", "matrix").encode(MATRIX.tail(1)) == b"[50.0,null]"
    with pytest.raises(BatchTooLarge):
        found.encode(FRAME)
    reply = found.decode({"no": 0.9, "yes": 0.1}, 1)
    assert reply.names == ("no", "yes")
    assert found.decode([0.9, 0.1], 1).numbers is not None
    with pytest.raises(BadAnswer, match="handler"):
        found.decode({"code": 503, "type": "InternalServerException", "message": "Prediction failed"}, 1)


@pytest.mark.parametrize(
    ("protocol", "document"),
    [
        ("mlflow", {"error_code": "BAD_REQUEST", "message": "no"}),
        ("mlflow", {"predictions": [[0.9, 0.1]]}),
        ("mlflow", {"predictions": {"a": [1, 2], "b": [1]}}),
        ("mlflow", {"predictions": [[0.9, 0.1], [0.9]]}),
        ("sagemaker", {"Message": "no"}),
        ("sagemaker", "0.1"),
        ("vertex", {"error": {"code": 400}}),
        ("azureml", "not JSON"),
        ("azureml", {"message": "An unexpected error occurred"}),
        ("bentoml", {"error": "no"}),
        ("bentoml", []),
        ("seldon", {"status": {"code": -1}}),
        ("seldon", {"data": {"tensor": {"shape": [2, 2], "values": [1.0]}}}),
        ("seldon", {"data": {"tensor": {"shape": ["2"], "values": [1.0]}}}),
        ("seldon", {"data": {"names": ["a", "a"], "ndarray": PROBABILITIES}}),
        ("torchserve", None),
        ("mlflow", {"predictions": [{"output": [0.9, 0.1]}, {"output": [0.2, 0.8]}]}),
    ],
)
def test_what_is_no_answer_is_refused_in_a_sentence(protocol: str, document: Any) -> None:
    with pytest.raises(BadAnswer) as refusal:
        wire(protocol).decode(document, 2)
    assert len(refusal.value.sentence) < 300


KEYS = st.sampled_from(
    ["predictions", "data", "ndarray", "tensor", "shape", "values", "names", "label", "score", "classes", "result"]
)
LEAVES = st.one_of(st.none(), st.booleans(), st.integers(-3, 3), st.floats(), st.text(max_size=4))
DOCUMENTS = st.recursive(LEAVES, lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=3)))


@settings(max_examples=150)
@given(document=DOCUMENTS, output=st.sampled_from(list(Output)), n=st.integers(1, 3))
def test_any_answer_is_read_or_refused_and_never_of_another_length(document: Any, output: Output, n: int) -> None:
    wires = [wire(protocol, output=output) for protocol in SPOKEN if protocol is not WireProtocol.JSON]
    wires += [adapted({"x": "$rows"}, output=output), adapted({"x": "$rows"}, output=output, answer="predictions[].score")]
    for one in wires:
        try:
            reply = one.decode(document, n)
        except BadAnswer:
            continue
        assert isinstance(reply, Reply)
        assert len(reply) == n
        assert reply.numbers is None or (reply.numbers.ndim == 2 and not np.isinf(reply.numbers).any())
