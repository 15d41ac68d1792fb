"""CSV is written column by column, and to the byte as Python's writer does it row by row."""

import csv
import io
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.querying.protocols.csv_text import as_csv

CELLS = {
    "numbers": st.floats(allow_nan=False, allow_infinity=False),
    "gaps": st.none() | st.floats(0, 1),
    "whole": st.none() | st.integers(),
    "texts": st.none() | st.text(max_size=4) | st.sampled_from(["", "a,b", 'x"y', "a\r\nb", " lead", "Self-emp", "\x00"]),
    "truth": st.none() | st.booleans(),
    "mixed": st.none() | st.booleans() | st.integers(0, 1) | st.floats(0, 1) | st.text(max_size=2),
}


def by_rows(columns: Sequence[list[Any]], names: Sequence[str]) -> str:
    text = io.StringIO(newline="\n")
    writer = csv.writer(text, lineterminator="\n")
    if names:
        writer.writerow(names)
    shown = [[{True: "true", False: "false"}[v] if isinstance(v, bool) else v for v in cells] for cells in columns]
    writer.writerows(zip(*shown, strict=True))
    return text.getvalue()


@given(st.data(), st.lists(st.sampled_from(sorted(CELLS)), max_size=4), st.integers(0, 5), st.booleans())
@settings(deadline=None, max_examples=80)
def test_columns_give_the_bytes_of_rows(data: st.DataObject, kinds: list[str], rows: int, with_names: bool) -> None:
    columns = [data.draw(st.lists(CELLS[kind], min_size=rows, max_size=rows)) for kind in kinds]
    names = [f'{kind}, "q"' for kind in kinds] if with_names else []
    assert as_csv(columns, names) == by_rows(columns, names)


@given(st.lists(st.floats(), min_size=1))
@settings(deadline=None)
def test_numbers_of_any_size_keep_every_digit_as_python_writes_them(numbers: list[float]) -> None:
    assert as_csv([numbers, ["x"] * len(numbers)]) == "".join(f"{number!r},x\n" for number in numbers)


@pytest.mark.parametrize("alone", [[None, "a"], ["", "b,c"], [True, None], [1.5, 1e-9]])
def test_a_column_that_stands_alone_has_its_empty_cells_quoted(alone: list[Any]) -> None:
    assert as_csv([alone]) == by_rows([alone], [])
    assert as_csv([alone], ["name"]) == by_rows([alone], ["name"])


def test_no_records_are_no_lines() -> None:
    assert as_csv([[], []]) == ""
    assert as_csv([[], []], ["a", "b"]) == "a,b\n"
