"""The adapter's own: where the answer is, whose score it is, what classes are called, and what is wrong with a template."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from auditor.domain.data import Column, ColumnType
from auditor.domain.spec import parse
from auditor.domain.target import Adapter, Output, Profile, Target, WireProtocol
from auditor.errors import BadAnswer, InvalidInput
from auditor.querying.answers import answers
from auditor.querying.endpoint import parse_url
from auditor.querying.protocols import Wire, wire_for
from auditor.querying.protocols.media import parsed

COLUMNS = (Column("age", ColumnType.INTEGER), Column("work", ColumnType.STRING))
FRAME = pd.DataFrame({"age": [39, 50], "work": ["a", "b"]})
CLASSES = ("no", "yes")
URL = "http://models.example.com/ask"


def wire(body: Any = None, output: Output = Output.PROBABILITIES, classes: tuple[str, ...] = CLASSES, **changes: Any) -> Wire:
    adapter = Adapter({"rows": "$rows"} if body is None else body, **changes)
    return wire_for(Target(URL, WireProtocol.JSON, output=output, classes=classes, adapter=adapter), COLUMNS, parse_url(URL))


def read(document: Any, output: Output = Output.PROBABILITIES, n: int = 2, **changes: Any) -> list[Any]:
    return answers(wire(output=output, **changes).decode(document, n), Profile(output, CLASSES)).tolist()


def test_the_answer_is_found_by_its_path() -> None:
    document = {"out": {"items": [{"p": [0.9, 0.1]}, {"p": [0.25, 0.75]}]}}
    assert read(document, answer="out.items[*].p") == [[0.9, 0.1], [0.25, 0.75]]
    assert read({"a": [0.9, 0.25], "b": [0.1, 0.75]}, answer="{no: a, yes: b}") == [[0.9, 0.1], [0.25, 0.75]]


def test_columns_are_in_the_order_of_the_classes_that_the_server_names() -> None:
    document = {"order": ["yes", "no"], "scores": [[0.9, 0.1], [0.25, 0.75]]}
    assert read(document, answer="scores", names="order") == [[0.1, 0.9], [0.75, 0.25]]
    assert read(document, answer="scores") == [[0.9, 0.1], [0.25, 0.75]]


def test_what_the_server_calls_a_class() -> None:
    called = {"LABEL_0": "yes", "LABEL_1": "no"}
    rows = [{"LABEL_0": 0.9, "LABEL_1": 0.1}, {"LABEL_0": 0.25, "LABEL_1": 0.75}]
    assert read(rows, labels=called) == [[0.1, 0.9], [0.75, 0.25]]
    assert read(["LABEL_0", "LABEL_1"], Output.LABELS, labels=called) == [[0.0, 1.0], [1.0, 0.0]]
    with pytest.raises(BadAnswer, match="the same class"):
        wire(labels={"LABEL_0": "no", "LABEL_1": "no"}).decode(rows, 2)


def test_a_single_score_belongs_to_the_second_class_or_to_the_one_that_is_named() -> None:
    assert read([0.25, 0.75]) == [[0.75, 0.25], [0.25, 0.75]]
    assert read([0.25, 0.75], score_of="yes") == [[0.75, 0.25], [0.25, 0.75]]
    assert read([0.25, 0.75], score_of="no") == [[0.25, 0.75], [0.75, 0.25]]


def test_single_raw_scores_go_through_a_softmax() -> None:
    p = 1 / (1 + np.exp(-1.5))
    assert np.allclose(read([1.5, -1.5], Output.LOGITS, score_of="yes"), [[1 - p, p], [p, 1 - p]])
    assert np.allclose(read([1.5, -1.5], Output.LOGITS, score_of="no"), [[p, 1 - p], [1 - p, p]])


def test_a_record_a_request() -> None:
    single = wire({"input": "$row", "meta": {"n": 1}}, answer="output")
    assert single.most_rows == 1
    assert single.encode(FRAME.tail(1)) == b'{"input":[50,"b"],"meta":{"n":1}}'
    assert single.decode({"output": [0.9, 0.1]}, 1).numbers is not None
    assert wire("$record").encode(FRAME.head(1)) == b'{"age":39,"work":"a"}'
    assert wire("$records").most_rows is None


def test_values_that_are_no_placeholders_are_sent_as_they_are() -> None:
    body = {"signature": "serving", "price": "$$5", "deep": [{"flag": True, "none": None, "rows": "$rows"}], "k": 0.5}
    said = parsed(wire(body).encode(FRAME), "application/json")
    rows = [[39, "a"], [50, "b"]]
    assert said == {"signature": "serving", "price": "$5", "deep": [{"flag": True, "none": None, "rows": rows}], "k": 0.5}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"rows": "$rowz"}, "no placeholder '$rowz'"),
        ({"rows": [1, 2]}, "holds no records"),
        ({"n": "$count"}, "holds no records"),
        ("rows", "holds no records"),
        (None, "holds no records"),
        ({"$each": "$row", "more": 1}, "stand alone"),
        ({"a": "$csv", "b": "$rows"}, "whole body"),
        ([[[[[[[[[[[[[[[[[[[[[["$rows"]]]]]]]]]]]]]]]]]]]]]], "at most 20 deep"),
    ],
)
def test_a_template_that_is_wrong_is_told_in_a_sentence(body: Any, words: str) -> None:
    adapter = Adapter(body)
    with pytest.raises(InvalidInput) as refusal:
        wire_for(Target(URL, WireProtocol.JSON, adapter=adapter), COLUMNS, parse_url(URL))
    assert refusal.value.field == "target.adapter.body"
    assert words in refusal.value.sentence


@pytest.mark.parametrize("path", ["predictions[", "a..b", "x" * 501])
@pytest.mark.parametrize("key", ["answer", "names"])
def test_a_path_that_is_none_is_told_before_anything_is_asked(key: str, path: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        wire(**{key: path})
    assert refusal.value.field == f"target.adapter.{key}"


@pytest.mark.parametrize(
    ("document", "changes", "words"),
    [
        ({"result": [1]}, {"answer": "predictions"}, "finds nothing in the target's answer, which has 'result'"),
        ([0.1, 0.9], {"answer": "predictions"}, "finds nothing"),
        ({"p": 3}, {"answer": "length(p)"}, "finds nothing"),
        ({"p": {"q": 0.1}}, {"answer": "p"}, "no list of predictions"),
        ({"p": [[0.9, 0.1], [0.2, 0.8]], "c": ["no"]}, {"answer": "p", "names": "c"}, "names 1 classes but answers 2 numbers"),
    ],
)
def test_an_answer_that_is_not_where_it_should_be(document: Any, changes: dict[str, str], words: str) -> None:
    with pytest.raises(BadAnswer) as refusal:
        wire(**changes).decode(document, 2)
    assert words in refusal.value.sentence


def test_whose_score_it_is_must_be_one_of_two_classes() -> None:
    with pytest.raises(InvalidInput, match="score_of"):
        wire(score_of="maybe")
    with pytest.raises(BadAnswer, match="two classes"):
        wire(classes=("a", "b", "c"), score_of="a").decode([0.1, 0.2], 2)


class TestSpec:
    @staticmethod
    def parsed(**block: Any) -> Target:
        data = {"members": "m.csv", "non_members": "n.csv", "label": "y"}
        return parse({"target": {"url": URL, **block}, "data": data}).target_block.as_target()

    def test_an_adapter_is_read(self) -> None:
        block = {"body": {"rows": "$rows"}, "answer": "p", "labels": {"1": "yes"}, "score_of": "yes"}
        found = self.parsed(protocol="json", adapter=block, classes=["no", "yes"]).adapter
        assert found == Adapter({"rows": "$rows"}, "p", "", {"1": "yes"}, "yes")

    @pytest.mark.parametrize(
        ("block", "field"),
        [
            ({"protocol": "json"}, "target.adapter"),
            ({"adapter": {"body": "$rows"}}, "target.adapter"),
            ({"protocol": "json", "adapter": {"answer": "p"}}, "target.adapter.body"),
            ({"protocol": "json", "adapter": {"body": "$rows", "awnser": "p"}}, "target.adapter.awnser"),
            ({"protocol": "seldon", "rows": "csv"}, "target.rows"),
            ({"protocol": "open-inference", "rows": "split"}, "target.rows"),
        ],
    )
    def test_what_does_not_go_together_names_its_field(self, block: dict[str, Any], field: str) -> None:
        with pytest.raises(InvalidInput) as refusal:
            self.parsed(**block)
        assert refusal.value.field == field


@pytest.mark.parametrize(
    ("content", "kind", "found"),
    [
        (b"0.98\n0.5\n", "text/csv; charset=utf-8", [0.98, 0.5]),
        (b"0.1,0.9\r\n0.75,0.25\r\n", "text/csv", [[0.1, 0.9], [0.75, 0.25]]),
        (b'yes\n"a,b"\n', "text/csv", ["yes", "a,b"]),
        (b'{"score": 0.5}\n\n{"score": 1}\n', "application/jsonlines", [{"score": 0.5}, {"score": 1}]),
        (b"[0.5]", "application/json", [0.5]),
        (b"[0.5]", "text/plain", [0.5]),
        (b"[0.5]", "", [0.5]),
    ],
)
def test_a_body_is_read_as_its_content_type_says(content: bytes, kind: str, found: Any) -> None:
    assert parsed(content, kind) == found


@pytest.mark.parametrize(
    ("content", "kind", "words"),
    [
        (b"<p>", "text/html", "not JSON (text/html)"),
        (b"\xff", "text/csv", "not CSV in UTF-8"),
        (b"{\n", "application/x-ndjson", "not JSON"),
    ],
)
def test_a_body_that_is_something_else_is_refused(content: bytes, kind: str, words: str) -> None:
    with pytest.raises(BadAnswer) as refusal:
        parsed(content, kind)
    assert words in refusal.value.sentence
