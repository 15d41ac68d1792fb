"""A target that answers a value: the label column holds the true numbers."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from auditor.domain.data import AuditData
from auditor.domain.learner import Task
from auditor.domain.spec import parse
from auditor.errors import InvalidInput
from auditor.workflow.prepare import RawTable, prepare
from auditor.workflow.true_values import as_numbers


def houses(count: int, seed: int, prices: list[str] | None = None) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    area = [f"{seed}{i}" for i in range(count)]
    return pd.DataFrame({"area": area, "price": prices or [f"{v:.2f}" for v in rng.normal(100, 9, count)]}).astype(object)


def ready(members: pd.DataFrame, others: pd.DataFrame, **changes: Any) -> AuditData:
    document = {"members": "a", "non_members": "b", "label": "price", **changes}
    spec = parse({"spec": 1, "target": {"url": "http://127.0.0.1/", "output": "value"}, "data": document})
    return prepare(spec.data, {"members": RawTable(members, {}), "non_members": RawTable(others, {})}, (), 7, Task.REGRESSION)


def refusal(members: pd.DataFrame, others: pd.DataFrame) -> InvalidInput:
    with pytest.raises(InvalidInput) as caught:
        ready(members, others)
    return caught.value


def test_the_true_numbers_stand_beside_their_records_and_there_are_no_classes() -> None:
    members, others = houses(60, 1), houses(70, 2)
    data = ready(members, others)
    assert data.classes == ()
    assert data.candidates.values is not None
    written = dict(zip([*members["area"], *others["area"]], [*members["price"], *others["price"]], strict=True))
    expected = [float(written[str(area)]) for area in data.candidates.features["area"]]
    np.testing.assert_array_equal(data.candidates.values, expected)
    np.testing.assert_array_equal(data.candidates.labels, 0)


def test_the_same_number_written_in_another_way_is_the_same_record() -> None:
    members = houses(60, 1, ["3.50"] * 30 + ["4"] * 30)
    others = pd.concat([houses(60, 2), members.head(5).assign(price="3.5")], ignore_index=True)
    assert ready(members, others).removed["non_members_also_members"] == 5


def test_a_record_without_its_number_is_left_out_and_counted() -> None:
    members = houses(60, 1)
    members.loc[:3, "price"] = None
    members.loc[4, "price"] = "?"
    assert ready(members, houses(60, 2), missing=["?"]).removed["members_without_label"] == 5


@pytest.mark.parametrize("text", ["dear", "1,5", "nan", "inf", "1e999", "0x10", "1 000"])
def test_a_label_that_is_no_number_is_refused_with_its_file(text: str) -> None:
    members = houses(60, 1)
    members.loc[7, "price"] = text
    error = refusal(houses(60, 2), members)
    assert error.field == "data.label"
    assert error.sentence.startswith(f"{text!r} in non_members is no number")


def test_a_long_cell_is_not_repeated_whole() -> None:
    members = houses(60, 1)
    members.loc[7, "price"] = "x" * 5_000
    assert len(refusal(members, houses(60, 2)).sentence) < 250


def test_one_number_for_everybody_is_refused() -> None:
    error = refusal(houses(60, 1, ["7.0"] * 60), houses(60, 2, ["7"] * 60))
    assert (error.field, "one value only (7.0)" in error.sentence) == ("data.label", True)


def test_many_distinct_numbers_are_no_mistake() -> None:
    prices = [f"{i}.5" for i in range(1_200)]
    assert len(ready(houses(1_200, 1, prices), houses(60, 2)).candidates) == 1_260


def test_signs_and_powers_are_read() -> None:
    assert as_numbers(np.array(["-1.5e3", "+2", ".5", "-0"], dtype=object), "members").tolist() == ["-1500.0", "2.0", "0.5", "0.0"]


def test_the_pool_depends_on_the_numbers() -> None:
    members, others = houses(60, 1), houses(60, 2)
    dearer = members.assign(price=[f"{float(p) + 1:.2f}" for p in members["price"]])
    assert ready(members, others).digest != ready(dearer, others).digest


def test_declared_classes_of_a_value_are_refused() -> None:
    target = {"url": "http://127.0.0.1/", "output": "value", "classes": ["a", "b"]}
    with pytest.raises(InvalidInput) as caught:
        parse({"spec": 1, "target": target, "data": {"members": "a", "non_members": "b", "label": "price"}})
    assert caught.value.field == "target.classes"
