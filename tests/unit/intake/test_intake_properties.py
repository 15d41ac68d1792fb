"""Any table survives the way from file to typed columns, and no bytes make the reader stumble."""

import csv
import io
import string

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.domain.data import Column, ColumnType
from auditor.errors import InvalidInput
from auditor.intake import Limits, from_parquet, read, to_parquet
from auditor.intake.types import infer, typed

NAMES = st.lists(st.text(string.ascii_letters + "_é", min_size=1, max_size=8), min_size=1, max_size=5, unique_by=str.strip)
CELLS = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0\r\n"), max_size=12)
SMALL = Limits(bytes=100_000, rows=1_000, columns=20, cell=1_000, decoded=10_000_000)


@st.composite
def tables(draw):
    names = draw(NAMES)
    count = draw(st.integers(1, 12))
    rows = draw(st.lists(st.lists(CELLS, min_size=len(names), max_size=len(names)), min_size=count, max_size=count))
    return names, rows


def written(names, rows, delimiter=",", end="\n", quoting=csv.QUOTE_ALL):
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, lineterminator=end, quoting=quoting)
    writer.writerow(names)
    writer.writerows(rows)
    return text.getvalue().encode()


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return tmp_path_factory.mktemp("intake") / "records"


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@settings(max_examples=40)
@given(table=tables())
def test_csv_gives_back_what_was_written(path, delimiter, end, table):
    names, rows = table
    path.write_bytes(written(names, rows, delimiter, end))
    found = read(path, SMALL).cells
    assert found.columns.tolist() == [name.strip() for name in names]
    assert found.to_numpy(dtype=object).tolist() == rows


@settings(max_examples=60)
@given(table=tables())
def test_csv_and_parquet_of_the_same_cells_are_the_same_table(path, table):
    names, rows = table
    path.write_bytes(written(names, rows))
    from_csv = read(path, SMALL)
    columns = [pa.array([row[i] for row in rows], pa.string()) for i in range(len(names))]
    pq.write_table(pa.Table.from_arrays(columns, names=names), path)
    assert read(path, SMALL).digest == from_csv.digest == from_parquet(to_parquet(from_csv)).digest


@settings(max_examples=300)
@given(content=st.binary(max_size=300))
def test_any_bytes_are_a_table_or_a_sentence(path, content):
    path.write_bytes(content)
    try:
        found = read(path, SMALL)
    except InvalidInput as refusal:
        sentence = refusal.sentence
    else:
        sentence = ""
        assert len(found) > 0
        assert found.cells.shape[1] > 0
    assert "\n" not in sentence
    assert len(sentence) < 300


@settings(max_examples=150)
@given(content=st.binary(max_size=200))
def test_any_bytes_after_the_mark_of_parquet_are_told_as_damaged(path, content):
    path.write_bytes(b"PAR1" + content + b"PAR1")
    with pytest.raises(InvalidInput, match="cannot be read"):
        read(path, SMALL)


@settings(max_examples=150)
@given(lines=st.lists(st.text(string.ascii_letters + ',;\t" ', max_size=20), min_size=1, max_size=8))
def test_any_lines_are_a_table_or_name_the_line(path, lines):
    path.write_text("\n".join(lines))
    try:
        found = read(path, SMALL)
    except InvalidInput as refusal:
        assert any(word in refusal.sentence for word in ("line", "column", "file"))  # noqa: PT017
    else:
        assert len(found) <= len(lines)


@given(values=st.lists(st.one_of(st.none(), st.integers(-(2**53), 2**53)), min_size=1, max_size=20))
def test_whole_numbers_come_through(values):
    cells = pd.DataFrame({"x": pd.Series([None if v is None else str(v) for v in values], dtype=object)})
    kind = infer([cells["x"]])
    assert kind is (ColumnType.STRING if set(values) == {None} else ColumnType.INTEGER)
    back = typed(cells, [Column("x", ColumnType.INTEGER)])["x"]
    assert [None if pd.isna(v) else int(v) for v in back] == values


@given(values=st.lists(st.one_of(st.none(), st.floats(allow_nan=False, allow_infinity=False)), min_size=1, max_size=20))
def test_decimals_come_through(values):
    cells = pd.DataFrame({"x": pd.Series([None if v is None else repr(v) for v in values], dtype=object)})
    assert infer([cells["x"]], native=["number"]) is (ColumnType.STRING if set(values) == {None} else ColumnType.NUMBER)
    back = typed(cells, [Column("x", ColumnType.NUMBER)])["x"]
    assert [None if np.isnan(v) else v for v in back] == values


@given(parts=st.lists(st.lists(st.one_of(st.none(), CELLS), max_size=6), min_size=1, max_size=4))
def test_the_type_does_not_depend_on_how_records_are_spread_over_files(parts):
    spread = infer([pd.Series(part, dtype=object) for part in parts])
    together = infer([pd.Series([cell for part in parts for cell in part], dtype=object)])
    assert spread is together


@given(cells=st.lists(st.one_of(st.none(), CELLS), min_size=1, max_size=10))
def test_what_was_inferred_can_be_typed(cells):
    frame = pd.DataFrame({"x": pd.Series(cells, dtype=object)})
    kind = infer([frame["x"]])
    found = typed(frame, [Column("x", kind)], missing=("",))["x"]
    assert found.isna().tolist() == [cell is None or cell == "" for cell in cells]
    assert (found.dtype == object) is not kind.is_numeric
