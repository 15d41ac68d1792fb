"""Who is reported apart."""

import numpy as np
import pandas as pd
import pytest

from auditor.domain.data import Records
from auditor.scoring.groups import Group, attributes, groups


def named(found: list[Group]) -> dict[str, int]:
    return {group.value: len(group) for group in found}


def repeated(**counts: int) -> np.ndarray:
    return np.array([name for name, count in counts.items() for _ in range(count)], dtype=object)


def test_every_value_is_a_group_and_a_missing_one_too() -> None:
    town = repeated(Aa=30, Bee=20)
    town[:12] = None

    assert named(groups({"town": town})) == {"missing": 12, "Aa": 18, "Bee": 20}


def test_groups_hold_each_record_of_an_attribute_once() -> None:
    rng = np.random.default_rng(1)
    cells = {"town": rng.choice(list("abcdefghijkl"), 500).astype(object), "age": rng.normal(size=500)}

    for attribute in cells:
        together = [g.inside.astype(int) for g in groups(cells) if g.attribute == attribute]
        assert (np.sum(together, axis=0) == 1).all()


def test_numbers_are_cut_into_five_parts_of_about_equal_size() -> None:
    age = np.arange(1_000)

    found = groups({"age": age})

    assert [g.value for g in found] == [
        "up to 199",
        "above 199 up to 399",
        "above 399 up to 599",
        "above 599 up to 799",
        "above 799",
    ]
    assert {len(g) for g in found} == {200}


def test_few_distinct_numbers_are_values() -> None:
    found = groups({"rooms": np.repeat([1.0, 2.0, 3.5], 20)})

    assert named(found) == {"1": 20, "2": 20, "3.5": 20}


def test_a_number_that_most_records_share_is_one_part() -> None:
    gain = np.concatenate([np.zeros(900), np.arange(1.0, 101.0)])

    assert named(groups({"gain": gain})) == {"up to 0": 900, "above 0": 100}


def test_missing_numbers_are_a_group_of_their_own() -> None:
    age = np.concatenate([np.full(40, np.nan), np.arange(100.0)])

    found = named(groups({"age": age}))

    assert found["missing"] == 40
    assert len(found) == 6


def test_yes_and_no_are_named() -> None:
    married = np.array([True] * 15 + [False] * 25, dtype=object)

    assert named(groups({"married": married})) == {"true": 15, "false": 25}


def test_values_of_few_records_are_counted_together_and_not_named() -> None:
    town = repeated(Aa=100, Lonely=1, Small=9)

    found = groups({"town": town})

    assert named(found) == {"Aa": 100, "2 more values": 10}
    assert found[1].together == 2


def test_there_are_at_most_50_groups_and_the_largest_are_kept() -> None:
    rng = np.random.default_rng(2)
    town = np.concatenate([repeated(big=500), rng.choice([f"t{i}" for i in range(80)], 4_000).astype(object)])

    found = groups({"town": town, "label": rng.integers(0, 2, 4_500)})

    assert 48 <= len(found) <= 50
    assert {"big", "0", "1"} <= set(named(found))
    assert sum(len(g) for g in found) == 9_000


@pytest.mark.parametrize("columns", [1, 60])
def test_many_attributes_still_give_at_most_50(columns: int) -> None:
    rng = np.random.default_rng(3)

    found = groups({f"c{i}": rng.choice(["x", "y"], 400).astype(object) for i in range(columns)})

    assert 2 <= len(found) <= 50
    assert sum(not group.together for group in found) == min(25, 2 * columns)


def test_named_columns_and_classes_become_cells() -> None:
    features = pd.DataFrame({"town": ["a", "b", None], "age": [1.0, 2.0, 3.0]})
    records = Records(features, np.array([1, 0, -1]))

    found = attributes(records, ["town"], "income", ["low", "high"])

    assert list(found) == ["town", "income"]
    assert list(found["income"]) == ["high", "low", None]


def test_a_number_that_is_predicted_is_cut_like_any_other() -> None:
    records = Records(pd.DataFrame({"a": range(100)}), np.zeros(100, np.intp), np.linspace(0, 1, 100))

    found = groups(attributes(records, [], "price", ()))

    assert len(found) == 5
    assert {g.attribute for g in found} == {"price"}


def test_without_classes_there_is_no_group_of_labels() -> None:
    assert attributes(Records(pd.DataFrame({"a": [1]}), np.zeros(1, np.intp)), [], "y", ()) == {}
