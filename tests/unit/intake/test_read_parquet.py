import contextlib
import datetime
import tracemalloc

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.errors import InvalidInput
from auditor.intake import Limits, Table, from_parquet, read, to_parquet


def parquet(tmp_path, columns, limits=Limits(), **writing):
    path = tmp_path / "records.parquet"
    pq.write_table(pa.table(columns) if isinstance(columns, dict) else columns, path, **writing)
    return read(path, limits)


def refusal(tmp_path, columns, limits=Limits(), **writing):
    with pytest.raises(InvalidInput) as found:
        parquet(tmp_path, columns, limits, **writing)
    assert "\n" not in found.value.sentence
    return found.value.sentence


def test_cells_become_text_and_types_are_kept(tmp_path):
    table = parquet(
        tmp_path,
        {
            "own": [True, False, None],
            "age": [39, None, -1],
            "hours": [0.1, None, float("nan")],
            "work": ["État", None, ""],
            "gap": [None] * 3,
        },
    )
    assert table.types == {"own": "boolean", "age": "integer", "hours": "number", "work": "string", "gap": "string"}
    assert table.cells.to_dict("list") == {
        "own": ["true", "false", None],
        "age": ["39", None, "-1"],
        "hours": ["0.1", None, None],
        "work": ["État", None, ""],
        "gap": [None, None, None],
    }


def test_categories_and_wide_text_are_text(tmp_path):
    frame = pd.DataFrame({"c": pd.Categorical(["x", "y", "x"])})
    assert parquet(tmp_path, pa.Table.from_pandas(frame)).cells["c"].tolist() == ["x", "y", "x"]
    assert parquet(tmp_path, {"l": pa.array(["a"], pa.large_string())}).cells["l"].tolist() == ["a"]


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=30))
def test_floats_come_back_to_the_digit(tmp_path_factory, numbers):
    cells = parquet(tmp_path_factory.mktemp("p"), {"x": numbers}).cells["x"]
    assert [float(cell) for cell in cells] == numbers


def test_single_precision_keeps_its_value(tmp_path):
    cells = parquet(tmp_path, {"x": pa.array(np.array([0.1], np.float32))}).cells["x"]
    assert np.float32(cells[0]) == np.float32(0.1)


@pytest.mark.parametrize(
    ("column", "words"),
    [
        (pa.array([[1, 2]]), "'x' holds list"),
        (pa.array([{"a": 1}]), "'x' holds struct"),
        (pa.array([datetime.datetime(2020, 1, 1)]), "'x' holds timestamp"),
        (pa.array([b"\x00"]), "'x' holds binary"),
        (pa.array([datetime.date(2020, 1, 1)]), "'x' holds date32"),
    ],
)
def test_columns_that_are_no_plain_cells_are_refused(tmp_path, column, words):
    assert words in refusal(tmp_path, {"x": column})


def test_the_shape_is_checked_before_anything_is_decoded(tmp_path):
    columns = {"a": list(range(100)), "b": list(range(100))}
    assert "100 records; at most 99" in refusal(tmp_path, columns, Limits(rows=99))
    assert "2 columns; at most 1" in refusal(tmp_path, columns, Limits(columns=1))
    assert "200 cells; at most 100" in refusal(tmp_path, columns, Limits(decoded=800))
    assert "columns and no records" in refusal(tmp_path, {"a": pa.array([], pa.int64())})
    assert "no columns" in refusal(tmp_path, pa.table({}))
    assert "at most 3 are taken" in refusal(tmp_path, {"a": ["xxxx"]}, Limits(cell=3))


def test_a_small_file_that_swells_is_stopped_by_its_shape(tmp_path):
    bomb = pa.table({f"c{i}": pa.array(np.zeros(1_000_000, np.int64)) for i in range(4)})
    path = tmp_path / "bomb.parquet"
    pq.write_table(bomb, path, compression="zstd")
    assert path.stat().st_size < 50_000
    tracemalloc.start()
    with pytest.raises(InvalidInput, match="1,000,000 records"):
        read(path, Limits(rows=100_000))
    assert tracemalloc.get_traced_memory()[1] < 5_000_000
    tracemalloc.stop()


def test_a_small_file_that_swells_is_stopped_while_it_is_decoded(tmp_path):
    text = "x" * 9_000
    bomb = pa.table({"t": pa.array([text] * 20_000)})
    path = tmp_path / "bomb.parquet"
    pq.write_table(bomb, path, compression="zstd")
    assert path.stat().st_size < 200_000
    with pytest.raises(InvalidInput, match="decodes to more than 20 MB"):
        read(path, Limits(decoded=20 * 2**20))


def test_names_are_checked_as_in_csv(tmp_path):
    two = pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"])
    assert "two columns are named 'a'" in refusal(tmp_path, two)
    assert "column 1 has no name" in refusal(tmp_path, pa.Table.from_arrays([pa.array([1])], names=[""]))


@pytest.mark.parametrize("cut", [4, 50, 200])
def test_a_damaged_file_is_told(tmp_path, cut):
    whole = tmp_path / "whole.parquet"
    pq.write_table(pa.table({"a": list(range(100))}), whole)
    path = tmp_path / "cut.parquet"
    path.write_bytes(whole.read_bytes()[:cut])
    with pytest.raises(InvalidInput, match="cannot be read; write it again"):
        read(path, Limits())


def test_a_file_with_noise_in_its_middle_never_escapes(tmp_path):
    whole = tmp_path / "whole.parquet"
    pq.write_table(pa.table({"a": [f"text {i}" for i in range(500)]}), whole, compression="none")
    content = whole.read_bytes()
    rng = np.random.default_rng(0)
    for trial in range(60):
        noise = bytearray(content)
        for place in rng.integers(4, len(noise), 20):
            noise[place] = rng.integers(0, 256)
        path = tmp_path / f"noise{trial}.parquet"
        path.write_bytes(bytes(noise))
        with contextlib.suppress(InvalidInput):
            assert read(path, Limits()).cells.shape[1] == 1


def table(**columns):
    return Table(pd.DataFrame({k: pd.Series(v, dtype=object) for k, v in columns.items()}), dict.fromkeys(columns, "string"))


def test_the_canonical_form_comes_back_whole():
    original = Table(table(a=["1", None, ""], b=["x", "É", "1"]).cells, {"a": "integer", "b": "string"})
    stored = to_parquet(original)
    back = from_parquet(stored)
    assert back.types == original.types
    assert back.cells.to_dict("list") == original.cells.to_dict("list")
    assert back.digest == original.digest
    assert to_parquet(back) == stored == to_parquet(original)


def test_the_digest_does_not_depend_on_the_format(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("a;b\n1;x\n2;y\n")
    assert read(path, Limits()).digest == parquet(tmp_path, {"a": ["1", "2"], "b": ["x", "y"]}).digest


def test_the_digest_depends_on_every_cell_name_and_type():
    base = table(a=["1", "2"], b=["x", "y"])
    others = [
        table(a=["1", "3"], b=["x", "y"]),
        table(a=["2", "1"], b=["x", "y"]),
        table(a=["1", "2"], c=["x", "y"]),
        table(b=["x", "y"], a=["1", "2"]),
        table(a=["1", "2"], b=["x", None]),
        table(a=["1", "2"], b=["x", ""]),
        table(a=["12", ""], b=["x", "y"]),
        Table(base.cells, {"a": "integer", "b": "string"}),
    ]
    assert len({base.digest, *(other.digest for other in others)}) == len(others) + 1


def test_other_bytes_are_no_stored_records(tmp_path):
    with pytest.raises(InvalidInput, match="damaged"):
        from_parquet(b"PAR1 and nothing else")
    path = tmp_path / "x.parquet"
    pq.write_table(pa.table({"a": [1]}), path)
    with pytest.raises(InvalidInput, match="not in the form"):
        from_parquet(path.read_bytes())
