"""When two records are the same record."""

import numpy as np
import pandas as pd

from auditor.attacks.record_keys import record_keys


def frame(**columns: list[object]) -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series(cells, dtype=object) for name, cells in columns.items()})


def test_the_same_cells_have_the_same_key() -> None:
    keys = record_keys(frame(a=["x", "y", "x"], b=[True, True, True]))
    assert keys[0] == keys[2] != keys[1]


def test_integers_and_floats_of_the_same_value_agree() -> None:
    assert record_keys(pd.DataFrame({"a": [1, 2]})).tolist() == record_keys(pd.DataFrame({"a": [1.0, 2.0]})).tolist()


def test_minus_zero_is_zero() -> None:
    keys = record_keys(pd.DataFrame({"a": [0.0, -0.0]}))
    assert keys[0] == keys[1]


def test_missing_cells_agree_with_each_other_and_with_nothing_else() -> None:
    numbers = record_keys(pd.DataFrame({"a": [np.nan, 0.0, np.nan]}))
    texts = record_keys(frame(a=[None, "", "None", None]))
    assert numbers[0] == numbers[2] != numbers[1]
    assert texts[0] == texts[3]
    assert len(set(texts.tolist())) == 3


def test_the_row_index_does_not_matter() -> None:
    cells = frame(a=["x", "y", "z"])
    assert record_keys(cells.iloc[[2, 0]]).tolist() == record_keys(cells)[[2, 0]].tolist()


def test_a_cell_in_another_column_is_another_record() -> None:
    keys = record_keys(frame(a=["x", None], b=[None, "x"]))
    assert keys[0] != keys[1]


def test_text_has_the_same_key_beside_cells_of_other_kinds() -> None:
    cells = ["x", None, "\x00", "x\x00"]
    assert record_keys(frame(a=[*cells, 3])).tolist()[:4] == record_keys(frame(a=cells)).tolist()


def test_an_empty_frame_has_no_keys() -> None:
    assert len(record_keys(frame(a=[]))) == 0


def test_real_booleans_and_boolean_objects_agree() -> None:
    assert record_keys(pd.DataFrame({"a": [True, False]})).tolist() == record_keys(frame(a=[True, False])).tolist()
