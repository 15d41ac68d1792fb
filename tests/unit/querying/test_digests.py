import hashlib
import json
import time

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.querying import record_digests


def digests(**columns):
    return record_digests(pd.DataFrame(columns))


def test_the_digest_is_of_the_canonical_json_array():
    frame = pd.DataFrame({"a": [3], "b": pd.Series(["É"], dtype=object), "c": [0.5], "d": pd.Series([None], dtype=object)})
    assert record_digests(frame) == [hashlib.blake2b(b'[3,"\\u00c9",0.5,null]', digest_size=16).digest()]


def test_equal_records_are_equal_however_the_column_is_held():
    whole = digests(a=np.array([5, -7]))
    assert (
        whole
        == digests(a=[5.0, -7.0])
        == digests(a=pd.Series([5, -7], dtype=object))
        == digests(a=pd.Series([5.0, -7.0], dtype=object))
    )
    assert digests(a=[0.0]) == digests(a=[-0.0]) == digests(a=[0])
    assert digests(a=pd.Series([np.int64(5), np.float64(-7)], dtype=object)) == whole


def test_a_gap_elsewhere_in_the_column_changes_nothing():
    assert digests(a=[5.0, np.nan])[0] == digests(a=[5])[0]


def test_all_that_is_missing_is_null():
    gaps = [digests(a=pd.Series([gap], dtype=object)) for gap in (None, np.nan, pd.NA)]
    assert gaps[0] == gaps[1] == gaps[2] == digests(a=[np.nan])


def test_different_cells_are_different():
    cells = [1, 1.5, "1", True, None, "", "true", "null", 2**53 + 1, 2.0**60, "1.5", " 1", False, 0]
    found = [digests(a=pd.Series([cell], dtype=object))[0] for cell in cells]
    assert len(set(found)) == len(cells)


def test_cells_do_not_run_into_each_other():
    assert digests(a=['x","y'], b=["z"]) != digests(a=["x"], b=['y","z'])
    assert digests(a=["a,b"], b=["c"]) != digests(a=["a"], b=["b,c"])


def test_the_order_of_columns_counts_and_their_names_do_not():
    assert digests(a=[1], b=[2]) == digests(x=[1], y=[2])
    assert digests(a=[1], b=[2]) != digests(a=[2], b=[1])


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1))
def test_numbers_of_any_size_are_those_of_canonical_json(numbers):
    whole = [int(v) if v.is_integer() and abs(v) < 2**53 else v for v in numbers]
    expected = [hashlib.blake2b(json.dumps([v]).encode(), digest_size=16).digest() for v in whole]
    assert digests(a=numbers) == expected


@given(st.lists(st.tuples(st.integers(-(2**62), 2**62), st.text()), min_size=1, max_size=20))
def test_digests_are_equal_exactly_when_records_are(rows):
    frame = pd.DataFrame({"a": [r[0] for r in rows], "b": pd.Series([r[1] for r in rows], dtype=object)})
    found = record_digests(frame)
    assert [found.index(d) for d in found] == [rows.index(r) for r in rows]


def test_a_cell_of_another_kind_is_a_mistake_of_the_program():
    with pytest.raises(TypeError, match="not Timestamp"):
        digests(a=pd.Series([pd.Timestamp("2020-01-01")], dtype=object))


def test_a_frame_of_an_audit_takes_well_under_a_second():
    rng = np.random.default_rng(0)
    n = 11_000
    columns: dict[str, object] = {f"n{i}": rng.random(n) for i in range(7)}
    columns |= {f"s{i}": pd.Series(rng.choice(["one", "two", "three"], n).tolist(), dtype=object) for i in range(6)}
    frame = pd.DataFrame(columns)
    times = []
    for _ in range(3):
        start = time.process_time()
        record_digests(frame)
        times.append(time.process_time() - start)
    assert min(times) < 1.0
