"""What a cell becomes on the wire, and that the fast ways of writing it are the exact ones."""

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.domain.data import Column, ColumnType
from auditor.errors import InvalidInput
from auditor.querying.protocols.cells import cells_of, numeric_rows
from auditor.querying.protocols.media import as_json

NUMBER, INTEGER, TEXT, BOOLEAN = ColumnType.NUMBER, ColumnType.INTEGER, ColumnType.STRING, ColumnType.BOOLEAN


def cells(kind: ColumnType, column: pd.Series) -> list[Any]:
    return cells_of(pd.DataFrame({"c": column}), [Column("c", kind)])[0]


@pytest.mark.parametrize(
    ("kind", "column", "expected"),
    [
        (NUMBER, pd.Series([0.5, 2.0]), [0.5, 2.0]),
        (NUMBER, pd.Series([0.5, np.nan]), [0.5, None]),
        (NUMBER, pd.Series([3, None], dtype=object), [3.0, None]),
        (NUMBER, pd.Series([3, 4]), [3.0, 4.0]),
        (INTEGER, pd.Series([3, 4]), [3, 4]),
        (INTEGER, pd.Series([3.0, np.nan]), [3, None]),
        (TEXT, pd.Series(["a", None], dtype=object), ["a", None]),
        (TEXT, pd.Series(["a", np.nan], dtype=object), ["a", None]),
        (BOOLEAN, pd.Series([True, False]), [True, False]),
        (BOOLEAN, pd.Series([True, None], dtype=object), [True, None]),
    ],
)
def test_a_missing_cell_is_null_and_numbers_are_of_the_column_s_type(kind: ColumnType, column: pd.Series, expected: Any) -> None:
    found = cells(kind, column)
    assert found == expected
    assert list(map(type, found)) == list(map(type, expected))


@pytest.mark.parametrize("odd", [np.inf, -np.inf])
def test_an_infinite_number_is_refused_and_never_sent_as_missing(odd: float) -> None:
    frame = pd.DataFrame({"wage": [1.0, odd]})
    columns = [Column("wage", NUMBER)]
    for send in (cells_of, numeric_rows):
        with pytest.raises(InvalidInput, match="'wage' holds an infinite number"):
            send(frame, columns)


def test_a_matrix_is_the_same_however_the_columns_are_held() -> None:
    columns = [Column("a", INTEGER), Column("b", BOOLEAN), Column("c", NUMBER)]
    fast = pd.DataFrame({"a": [1, 2], "b": [True, False], "c": [0.1, 2.0]})
    expected = [[1.0, 1.0, 0.1], [2.0, 0.0, 2.0]]
    assert numeric_rows(fast, columns) == numeric_rows(fast.astype(object), columns) == expected
    with_gap = fast.astype(object)
    with_gap.loc[1, "b"] = None
    assert numeric_rows(with_gap, columns)[1] == [2.0, None, 2.0]


@given(st.lists(st.one_of(st.floats(allow_nan=False, allow_infinity=False), st.integers(), st.text(), st.booleans(), st.none())))
def test_every_value_is_read_back_as_it_was(values: list[Any]) -> None:
    back = json.loads(as_json({"rows": values}))["rows"]
    assert [(type(v), v) for v in back] == [(type(v), v) for v in values]


def test_what_orjson_has_no_form_for_is_written_all_the_same() -> None:
    assert json.loads(as_json([2**70, "half \ud83d", 0.1])) == [2**70, "half \ud83d", 0.1]
