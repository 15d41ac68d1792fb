"""Rows as CSV, column by column: what Python's writer would write of each cell, asked once for each distinct text."""

import csv
import io
import re
from collections.abc import Sequence
from typing import Any

import orjson

TRUTH = {True: "true", False: "false"}
ODD = ("e", "0.0000", "n")
"""In a number that others may write in another way: an exponent, so small that it could have one, or none (null)."""
PLAIN = re.compile(r"[A-Za-z0-9_.<>=+/-]+")
"""A text that nobody quotes."""
FEWEST = 2
"""In a row of one cell, the writer quotes an empty one."""


def as_csv(columns: Sequence[list[Any]], names: Sequence[str] = ()) -> str:
    """Missing cells are empty, booleans are true and false, floats keep every digit."""
    texts = [written for cells in columns if (written := _texts(cells)) is not None]
    if len(texts) < max(FEWEST, len(columns)):
        return _by_rows(columns, names)
    rows = "\n".join(map(",".join, zip(*texts, strict=True)))
    return (_lines([names]) if names else "") + (rows + "\n" if rows else "")


def _by_rows(columns: Sequence[list[Any]], names: Sequence[str]) -> str:
    cells = ([TRUTH[cell] if isinstance(cell, bool) else cell for cell in column] for column in columns)
    return _lines([*([names] if names else []), *zip(*cells, strict=True)])


def _lines(rows: Sequence[Sequence[Any]]) -> str:
    text = io.StringIO(newline="\n")  # as it is written; without a line end, StringIO looks for line ends in all of it
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def _texts(cells: list[Any]) -> list[str] | None:
    """None for cells of several kinds."""
    kinds = set(map(type, cells))
    if kinds == {float}:
        return _floats(cells)
    if kinds <= {int, type(None)} or kinds <= {float, type(None)}:
        return ["" if cell is None else repr(cell) for cell in cells]
    if not kinds <= {str, bool, type(None)}:
        return None
    known = {cell: TRUTH[cell] if isinstance(cell, bool) else _text(cell) for cell in set(cells)}
    return list(map(known.__getitem__, cells))


def _text(cell: str | None) -> str:
    return cell if cell is not None and PLAIN.fullmatch(cell) else _lines([[cell, ""]]).removesuffix(",\n")


def _floats(cells: list[float]) -> list[str]:
    """As `repr` writes them: orjson finds the same digits in a quarter of the time, but writes exponents in its own way."""
    written = orjson.dumps(cells).decode()
    texts = written[1:-1].split(",")
    if any(sign in written for sign in ODD):
        texts = [repr(cell) if any(sign in text for sign in ODD) else text for cell, text in zip(cells, texts, strict=True)]
    return texts
