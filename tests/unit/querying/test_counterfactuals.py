"""Counterfactuals over the wire: what is sent, what is understood, what is paid, and what each mistake is told as."""

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scripted_target import CLASSES, profile

from auditor.domain.counterfactual import Bounds
from auditor.domain.data import Column, ColumnType
from auditor.domain.spec import parse
from auditor.domain.target import Explainer, Target, WireProtocol
from auditor.errors import BadAnswer, BudgetExhausted, InvalidInput
from auditor.querying import CounterfactualClient, Door, Guard, MemoryLedger, Reply, explaining_transport
from auditor.querying.explaining import explainer_endpoint
from auditor.querying.faults import Busy
from auditor.querying.protocols.explained import ExplainedWire, explained_wire
from auditor.querying.questions import questions

COLUMNS = (
    Column("age", ColumnType.INTEGER),
    Column("income", ColumnType.NUMBER),
    Column("town", ColumnType.STRING),
    Column("owner", ColumnType.BOOLEAN),
)
TOWNS, OWNERS = pd.Series(["a", None], dtype=object), pd.Series([True, False], dtype=object)
RECORDS = pd.DataFrame({"age": [30, 40], "income": [1.5, 2.25], "town": TOWNS, "owner": OWNERS})
BOUNDS = [
    Bounds({"age": (20, 60), "income": (0.5, 9.75)}, {"town": ("a", "b", None), "owner": (False, True)}),
    Bounds({"age": (35, 45), "income": (0.0, 4.0)}, {"town": ("b", None), "owner": (False,)}),
]
NUMBERS = (Column("age", ColumnType.INTEGER), Column("owner", ColumnType.BOOLEAN))
URL = "http://models.example.com/v1/models/income:explain"
BODY = {"record": "$record", "ranges": "$ranges"}


def target(url: str = URL, body: Any = BODY, **changes: Any) -> Target:
    explainer = Explainer(url, body, **changes)
    return Target("http://models.example.com/v1/models/income:predict", WireProtocol.KSERVE_V1, explainer=explainer)


def wire(columns: tuple[Column, ...] = COLUMNS, **changes: Any) -> ExplainedWire:
    asked = target(**changes)
    assert asked.explainer is not None
    return explained_wire(asked, asked.explainer, columns, explainer_endpoint(asked, asked.explainer))


def sent(row: int, body: Any) -> Any:
    return json.loads(wire(body=body).encode(questions(RECORDS, BOUNDS, COLUMNS).iloc[row : row + 1]))


@dataclass
class Service:
    """Answers each question with the next of `answers`: a cell by column, None for none; remembers what it was asked."""

    answers: list[Any]
    label: str | None = None
    asked: int = 0
    lock: Any = field(default_factory=threading.Lock)

    def ask(self, frame: pd.DataFrame) -> Reply:
        with self.lock:
            answer = self.answers[self.asked % len(self.answers)]
            self.asked += 1
        if isinstance(answer, Exception):
            raise answer
        return Reply(labels=tuple(json.dumps({"record": answer, "label": self.label}) for _ in range(len(frame))))


def client(service: Service, ledger: MemoryLedger | None = None) -> CounterfactualClient:
    return CounterfactualClient(Door(service, ledger or MemoryLedger()), COLUMNS, profile())


def test_a_record_and_its_bounds_are_sent_in_every_form() -> None:
    assert sent(0, {"instances": ["$row"], "parameters": {"permitted_range": "$ranges"}}) == {
        "instances": [[30, 1.5, "a", True]],
        "parameters": {
            "permitted_range": {"age": [20, 60], "income": [0.5, 9.75], "town": ["a", "b", None], "owner": [False, True]}
        },
    }
    assert sent(1, {"r": "$record", "l": "$lower", "u": "$upper", "c": "$levels", "n": "$names", "price": "$$5"}) == {
        "r": {"age": 40, "income": 2.25, "town": None, "owner": False},
        "l": {"age": 35, "income": 0.0},
        "u": {"age": 45, "income": 4.0},
        "c": {"town": ["b", None], "owner": [False]},
        "n": ["age", "income", "town", "owner"],
        "price": "$5",
    }


def test_a_matrix_model_is_asked_with_lists_of_numbers() -> None:
    asked = questions(RECORDS[["age", "owner"]], [Bounds({"age": (20, 60)}, {"owner": (False, True)})] * 2, NUMBERS)
    made = wire(NUMBERS, body={"x": ["$numbers"], "feature_range": ["$lower-row", "$upper-row"]})
    assert json.loads(made.encode(asked.iloc[:1])) == {"x": [[30.0, 1.0]], "feature_range": [[20.0, 0.0], [60.0, 1.0]]}


@pytest.mark.parametrize(
    ("record", "document", "found"),
    [
        ("data.cf.X[0]", {"data": {"cf": {"X": [[31, 1, "b", 1]]}}}, [31, 1, "b", 1]),
        ("data.cf.X", {"data": {"cf": {"X": [[31, 1, "b", 1]]}}}, [31, 1, "b", 1]),
        ("data.cf.X[0]", {"data": {"cf": None}}, None),
        ("@", {"age": 31}, {"age": 31}),
        ("cfs", {"cfs": [{"age": 31}]}, {"age": 31}),
        ("cfs", {"cfs": []}, None),
    ],
)
def test_the_counterfactual_is_found_by_its_path_and_null_is_none(record: str, document: Any, found: Any) -> None:
    (text,) = wire(record=record).decode(document, 1).labels or ()
    assert json.loads(text) == {"record": found, "label": None}


def test_the_class_of_the_record_may_stand_beside() -> None:
    (text,) = wire(record="data.cf", label="data.orig_class").decode({"data": {"cf": None, "orig_class": 1}}, 1).labels or ()
    assert json.loads(text)["label"] == "1"


def test_a_path_that_leads_nowhere_is_no_missing_counterfactual() -> None:
    with pytest.raises(BadAnswer, match="finds no 'explanations' in the service's answer, which has 'data'"):
        wire(record="explanations[0].X").decode({"data": {}}, 1)


def test_cells_come_back_typed_and_where_none_is_found_the_record_itself() -> None:
    told = client(Service([{"age": 31, "income": 2.0, "town": "b", "owner": 0}, None]))(RECORDS, BOUNDS)
    assert told.found.tolist() == [True, False]
    assert told.records.iloc[0].tolist() == [31, 2.0, "b", False]
    assert told.records.iloc[1].tolist() == [40, 2.25, None, False]
    assert told.labels.tolist() == [-1, -1]


def test_each_question_costs_one_query_and_is_never_asked_twice() -> None:
    service, ledger = Service([[31, 2.0, "b", True]], label=CLASSES[1]), MemoryLedger()
    asked = pd.concat([RECORDS[:1], RECORDS[:1]], ignore_index=True), [BOUNDS[0], BOUNDS[0]]
    first = client(service, ledger)(*asked)
    again = client(service, ledger)(*asked)
    assert service.asked == ledger.spent == 1
    pd.testing.assert_frame_equal(first.records, again.records)
    assert again.labels.tolist() == [1, 1]


def test_the_same_record_within_other_bounds_is_another_question() -> None:
    service = Service([None])
    client(service)(pd.concat([RECORDS[:1], RECORDS[:1]], ignore_index=True), BOUNDS)
    assert service.asked == 2


def test_no_records_are_no_question() -> None:
    service = Service([None])
    assert len(client(service)(RECORDS[:0], []).found) == 0
    assert service.asked == 0


def test_the_budget_and_faults_hold_as_for_every_question() -> None:
    with pytest.raises(BudgetExhausted):
        client(Service([None]), MemoryLedger(budget=1))(RECORDS, BOUNDS)
    service, ledger = Service([Busy("busy", 0.0), None]), MemoryLedger()
    client(service, ledger)(RECORDS[:1], BOUNDS[:1])
    assert service.asked == ledger.spent == 2


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ([31, 99.0, "b", True], "'income' = 99, which is not between 0.5 and 9.75; the service must keep to the bounds"),
        ([31, 2.0, "c", True], "'town' = 'c', which is none of a, b, None"),
        ([31, "2", "b", True], "'2' as 'income', which is no number"),
        ([31, None, "b", True], "'None' as 'income', which is no number"),
        ([31, 2.0, "b"], "has 3 cells where 4 are needed"),
        ({"age": 31, "income": 2.0, "town": "b"}, "lacks the column 'owner'"),
        ("none", "has 'none' where 4 are needed"),
    ],
)
def test_what_is_no_counterfactual_is_a_sentence(answer: Any, told: str) -> None:
    with pytest.raises(BadAnswer, match=told):
        client(Service([answer]))(RECORDS[:1], BOUNDS[:1])


def test_rounding_beyond_a_bound_is_moved_back() -> None:
    told = client(Service([[31, 9.75 + 1e-7, "b", True]]))(RECORDS[:1], BOUNDS[:1])
    assert told.records["income"].tolist() == [9.75]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"ranges": "$ranges"}, "the body holds no record"),
        ({"record": "$record"}, "tells no bounds"),
        ({"record": "$record", "lower": "$lower"}, "tells no bounds"),
        ({"record": "$record", "r": "$range"}, r"no placeholder '\$range'; choose from \$record"),
        ({"record": "$numbers", "r": "$ranges"}, "column 'town' holds text"),
    ],
)
def test_a_body_that_cannot_work_is_refused(body: Mapping[str, Any], told: str) -> None:
    with pytest.raises(InvalidInput, match=told) as refused:
        wire(body=body)
    assert refused.value.field == "target.counterfactual.body"


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("http://elsewhere.example.com/explain", "on the scheme, host and port of target.url"),
        ("https://models.example.com/explain", "on the scheme, host and port of target.url"),
        ("http://models.example.com:81/explain", "on the scheme, host and port of target.url"),
        ("file:///etc/passwd", "start the URL with http"),
    ],
)
def test_no_other_host_is_asked(url: str, told: str) -> None:
    with pytest.raises(InvalidInput, match=told) as refused:
        explaining_transport(target(url), COLUMNS, None, Guard())
    assert refused.value.field == "target.counterfactual.url"


def spec(**changes: Any) -> Callable[[], Any]:
    block = {
        "url": "http://127.0.0.1/v1/models/m:predict",
        "counterfactual": {"url": "http://127.0.0.1/x", "body": BODY},
        **changes,
    }
    return lambda: parse({"target": block, "data": {"members": "m", "non_members": "n", "label": "y"}})


def test_the_block_of_a_spec() -> None:
    explainer = spec()().target.as_target().explainer
    assert explainer == Explainer("http://127.0.0.1/x", BODY, "@", "")
    assert parse(spec()().as_json()).target.counterfactual == spec()().target.counterfactual
    with pytest.raises(InvalidInput, match="a target that answers a value has no other class"):
        spec(output="value")()
    with pytest.raises(InvalidInput, match="a model file is asked in a process of this machine"):
        spec(url="", model="m.onnx")()
    with pytest.raises(InvalidInput, match="did you mean 'record'"):
        spec(counterfactual={"url": "http://127.0.0.1/x", "body": BODY, "recrod": "@"})()


def test_many_are_asked_side_by_side_and_put_in_order() -> None:
    many = pd.DataFrame({"age": np.arange(20, 40), "income": 1.0, "town": "a", "owner": True}).astype(
        {"town": object, "owner": object}
    )

    class Older(Service):
        def ask(self, frame: pd.DataFrame) -> Reply:
            self.answers = [[int(frame["age"].iloc[0]) + 1, 1.0, "a", True]]
            return Reply(labels=(json.dumps({"record": self.answers[0], "label": None}),))

    told = client(Older([]))(many, [BOUNDS[0]] * len(many))
    assert told.records["age"].tolist() == list(range(21, 41))
