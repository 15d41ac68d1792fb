"""Completing records by each value of an attribute, and reading the answers."""

import numpy as np
import pandas as pd
import pytest
from inversion_world import ILLNESS, World, constant

from auditor.attacks.inversion.completion import attacked_rows, check_attribute, complete, completions, signal, value_indices
from auditor.domain.data import Sensitive
from auditor.errors import InvalidInput


def known() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "age": pd.Series([30, 40], index=[7, 9]),
            "race": pd.Series([None, None], index=[7, 9], dtype=object),
            "weight": [np.nan] * 2,
        }
    )


LIKE = pd.DataFrame({"race": pd.Series(["a", None], dtype=object), "weight": [70.5, 80.0]})


def test_a_value_fills_every_row_in_the_auxiliary_types_and_keeps_the_index() -> None:
    full = complete(known(), Sensitive("both", ("race", "weight"), ()), ("a", 70.5), LIKE)
    assert full["race"].tolist() == ["a", "a"]
    assert full["race"].dtype == object
    assert full["weight"].tolist() == [70.5, 70.5]
    assert full.index.tolist() == [7, 9]
    assert full["age"].tolist() == [30, 40]


def test_missing_is_a_value_like_others() -> None:
    full = complete(known(), Sensitive("both", ("race", "weight"), ()), (None, None), LIKE)
    assert full["race"].tolist() == [None, None]
    assert full["weight"].isna().all()


def test_the_records_themselves_are_not_changed() -> None:
    before = known()
    complete(before, Sensitive("race", ("race",), ()), ("a",), LIKE)
    assert before["race"].isna().all()


def test_integers_stay_integers() -> None:
    like = pd.DataFrame({"age": [1, 2]})
    assert complete(known(), Sensitive("age", ("age",), ()), (5,), like)["age"].dtype == like["age"].dtype


def test_completions_follow_the_order_of_the_values() -> None:
    attribute = Sensitive("race", ("race",), (("b",), (None,), ("a",)))
    assert [frame["race"].iloc[0] for frame in completions(known(), attribute, LIKE)] == ["b", None, "a"]


def test_values_are_found_by_their_cells() -> None:
    cells = pd.DataFrame({"race": pd.Series(["a", None, "z"], dtype=object), "weight": [1.0, np.nan, 1.0]})
    attribute = Sensitive("both", ("race", "weight"), ((None, None), ("a", 1.0)))
    assert value_indices(cells, attribute).tolist() == [1, 0, -1]


def test_an_integer_column_matches_float_values() -> None:
    cells = pd.DataFrame({"age": [1, 2, 3]})
    assert value_indices(cells, Sensitive("age", ("age",), ((1.0,), (2.0,)))).tolist() == [0, 1, -1]


@pytest.mark.parametrize(("count", "words"), [(0, "at least two values"), (1, "at least two values"), (21, "at most 20")])
def test_too_few_or_too_many_values_are_refused(count: int, words: str) -> None:
    attribute = Sensitive("zip", ("zip",), tuple((str(i),) for i in range(count)))
    with pytest.raises(InvalidInput, match=words) as refusal:
        check_attribute(attribute)
    assert refusal.value.field == "data.sensitive"


@pytest.mark.parametrize("count", [2, 20])
def test_the_limits_themselves_are_allowed(count: int) -> None:
    attribute = Sensitive("zip", ("zip",), tuple((str(i),) for i in range(count)))
    assert check_attribute(attribute) is attribute


def test_the_first_records_are_attacked_whatever_the_seed() -> None:
    world = World(candidates=100)
    assert attacked_rows(world.context(constant, seed=1), 60).tolist() == list(range(60))
    assert attacked_rows(world.context(constant, seed=2), 60).tolist() == list(range(60))


def test_never_more_records_than_there_are() -> None:
    assert len(attacked_rows(World(candidates=80).context(constant), 2_000)) == 80


def test_fewer_records_where_queries_are_short() -> None:
    context = World(candidates=100).context(constant, limit=3 * 55 + 1)
    assert len(attacked_rows(context, 2_000)) == 55
    assert len(ILLNESS.values) == 3


def test_the_signal_is_the_log_probability_of_the_label() -> None:
    answers = np.array([[0.2, 0.8], [0.9, 0.1]])
    assert signal(answers, np.array([1, 1]), 1e-7) == pytest.approx(np.log([0.8, 0.1]))


def test_the_signal_stops_at_the_clip() -> None:
    assert signal(np.array([[1.0, 0.0]]), np.array([1]), 0.005) == pytest.approx(np.log([0.005]))


def test_a_class_that_was_not_returned_shares_what_is_left() -> None:
    answers = np.array([[0.7, np.nan, np.nan], [0.7, np.nan, np.nan]])
    assert signal(answers, np.array([2, 0]), 1e-7) == pytest.approx(np.log([0.15, 0.7]))
