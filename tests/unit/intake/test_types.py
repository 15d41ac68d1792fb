import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.domain.data import Column, ColumnType
from auditor.errors import InvalidInput
from auditor.intake.types import infer, typed

INTEGER, NUMBER, STRING, BOOLEAN, CATEGORY = (
    ColumnType.INTEGER, ColumnType.NUMBER, ColumnType.STRING, ColumnType.BOOLEAN, ColumnType.CATEGORY,
)  # fmt: skip


def series(*cells):
    return pd.Series(cells, dtype=object)


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["1", "2", "-3", "0"], INTEGER),
        (["1", "", "3"], INTEGER),
        (["1", None, "3"], INTEGER),
        (["01234", "94110"], STRING),
        (["-0"], NUMBER),
        (["+1"], NUMBER),
        (["1", "2.5"], NUMBER),
        (["1e3", ".5", "5.", "-1E-7"], NUMBER),
        (["01.5"], STRING),
        (["1,5"], STRING),
        (["1_000"], STRING),
        (["nan"], STRING),
        (["inf"], STRING),
        (["1e999"], STRING),
        (["0x10"], STRING),
        (["١"], STRING),
        ([" 1"], STRING),
        (["1", "x"], STRING),
        (["true", "false"], STRING),
        (["", None], STRING),
        ([], STRING),
        (["9223372036854775807"], INTEGER),
        (["9223372036854775808"], STRING),
        (["12345678901234567890123"], STRING),
        (["9007199254740993", ""], STRING),
        (["9007199254740993"], INTEGER),
    ],
)
def test_a_type_is_what_every_value_is(cells, expected):
    assert infer([series(*cells)]) is expected


def test_all_files_decide_together():
    assert infer([series("1", "2"), series("3")]) is INTEGER
    assert infer([series("1", "2"), series("3.5")]) is NUMBER
    assert infer([series("1", "2"), series("x")]) is STRING


def test_words_for_missing_are_not_values():
    assert infer([series("1", "NA", "?")], missing={"NA", "?"}) is INTEGER
    assert infer([series("1", "NA")]) is STRING
    assert infer([series("1", "")], missing={"NA"}) is STRING


def test_an_override_is_final():
    assert infer([series("1", "2")], override=STRING) is STRING
    assert infer([series("x")], override=INTEGER) is INTEGER


def test_what_the_file_says_of_itself_counts():
    assert infer([series("true", None)], native=["boolean"]) is BOOLEAN
    assert infer([series("true"), series("False")], native=["boolean", "string"]) is BOOLEAN
    assert infer([series("true"), series("maybe")], native=["boolean", "string"]) is STRING
    assert infer([series("1.0", "2.0")], native=["number"]) is NUMBER
    assert infer([series("1"), series("2.0")], native=["string", "number"]) is NUMBER
    assert infer([series("1")], native=["string"]) is INTEGER
    assert infer([series("00", "1")], native=["string"]) is STRING


def one(cells, kind, missing=("",)):
    return typed(pd.DataFrame({"x": series(*cells)}), [Column("x", kind)], missing)["x"]


def test_whole_numbers_are_whole_unless_one_is_missing():
    assert one(["1", "-2"], INTEGER).dtype == np.int64
    gaps = one(["1", "", None], INTEGER)
    assert gaps.dtype == np.float64
    assert gaps.tolist()[0] == 1
    assert gaps.isna().tolist() == [False, True, True]
    assert one(["9223372036854775807"], INTEGER)[0] == 2**63 - 1


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1))
def test_floats_survive_text(numbers):
    assert one([repr(v) for v in numbers], NUMBER).tolist() == numbers


def test_text_stays_text_with_none_for_missing():
    for kind in (STRING, CATEGORY):
        column = one(["a", "", None, "1"], kind)
        assert column.dtype == object
        assert column.tolist() == ["a", None, None, "1"]


def test_the_empty_text_is_a_value_if_it_does_not_mean_missing():
    assert one(["a", "", "NA"], STRING, missing=["NA"]).tolist() == ["a", "", None]
    assert typed(pd.DataFrame({"x": series("", None)}), [Column("x", STRING)])["x"].tolist() == ["", None]


def test_booleans_are_objects():
    column = one(["true", "False", "", "1", "no"], BOOLEAN)
    assert column.dtype == object
    assert column.tolist() == [True, False, None, True, False]


def test_a_declared_integer_may_be_written_loosely():
    assert one(["007", "+7", "7.0", "7e0"], INTEGER).tolist() == [7, 7, 7, 7]


def test_columns_come_in_the_order_asked_for_with_a_new_index():
    cells = pd.DataFrame({"a": series("1", "2", "3"), "b": series("x", "y", "z"), "c": series("", "", "")}).iloc[1:]
    found = typed(cells, [Column("b", STRING), Column("a", INTEGER)])
    assert found.columns.tolist() == ["b", "a"]
    assert found.index.tolist() == [0, 1]
    assert found["a"].tolist() == [2, 3]


@pytest.mark.parametrize(
    ("cells", "kind", "shown"),
    [
        (["1", "x"], INTEGER, "'x'"),
        (["1", "1.5"], INTEGER, "'1.5'"),
        (["1", "9" * 25], INTEGER, "'9999"),
        (["1", "abc"], NUMBER, "'abc'"),
        (["1", "inf"], NUMBER, "'inf'"),
        (["1", "2"], BOOLEAN, "'2'"),
        (["1", "y" * 100], NUMBER, "'" + "y" * 40 + "'"),
    ],
)
def test_a_cell_that_is_not_of_its_type_is_named(cells, kind, shown):
    with pytest.raises(InvalidInput) as refusal:
        one(cells, kind)
    assert refusal.value.field == "data.types.x"
    assert f"column 'x', record 2: {shown}" in refusal.value.sentence
    assert len(refusal.value.sentence) < 250


def test_an_empty_frame_is_typed_too():
    found = typed(pd.DataFrame({"a": series(), "b": series()}), [Column("a", INTEGER), Column("b", STRING)])
    assert found.shape == (0, 2)
