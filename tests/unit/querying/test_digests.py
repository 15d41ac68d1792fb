import hashlib
import json
import time

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
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


def canonical(cell):
    if cell is None or cell != cell:
        return None
    return int(cell) if isinstance(cell, float) and cell.is_integer() and abs(cell) < 2**53 else cell


OBJECTS = st.none() | st.booleans() | st.integers() | st.floats(allow_infinity=False) | st.text(max_size=3)
TEXTS = st.sampled_from(["a", "b", "],[", 'x"\\', "\n", "\x7f", "é", "😀"]) | st.none()


@given(st.lists(st.tuples(st.floats(allow_infinity=False), TEXTS, OBJECTS), min_size=1, max_size=12))
@settings(max_examples=50)
def test_rows_that_are_written_at_once_are_those_of_canonical_json(rows):
    """Also those with one cell that others would write otherwise, and whole frames of them."""
    numbers, texts, objects = ([row[i] for row in rows] for i in range(3))
    known = pd.DataFrame({"a": numbers, "b": pd.Series(texts, dtype=object)})
    for frame in (known, known.assign(c=pd.Series(objects, dtype=object))):
        told = [[canonical(cell) for cell in row[: frame.shape[1]]] for row in rows]
        expected = [json.dumps(row, separators=(",", ":")).encode() for row in told]
        assert record_digests(frame) == [hashlib.blake2b(text, digest_size=16).digest() for text in expected]


def test_texts_with_gaps_are_alike_in_every_kind_of_column():
    held = [pd.Series(["a", None], dtype=kind) for kind in ("object", "str", "string")]
    found = [digests(a=column, b=[1.5, 2.5]) for column in held]
    assert found[0] == found[1] == found[2] == digests(a=pd.Series(["a", np.nan], dtype=object), b=[1.5, 2.5])


def test_whole_numbers_beyond_64_bits_are_written_in_full():
    wanted = hashlib.blake2b(b"[1180591620717411303424]", digest_size=16).digest()
    assert digests(a=pd.Series([2**70, 1], dtype=object)) == [wanted, digests(a=[1])[0]]


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
