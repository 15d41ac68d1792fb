"""CSV: strict UTF-8, one header, the same number of cells in every line. Cells stay as they are written."""

import csv
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from auditor.errors import InvalidInput
from auditor.intake.names import check_names
from auditor.intake.table import FIELD, Limits, Table, Texts, frame_of

DELIMITERS = ",;\t"
ROWS_AT_ONCE = 4_096


class Lines:
    """Decoded lines, counted; a line without an end is refused before it fills the memory."""

    def __init__(self, file: BinaryIO, limits: Limits) -> None:
        self._file = file
        self._longest = 4 * limits.cell * min(limits.columns, 100)
        self.number = 0

    def __iter__(self) -> Iterator[str]:
        while line := self._file.readline(self._longest + 1):
            self.number += 1
            if len(line) > self._longest:
                raise InvalidInput(
                    FIELD, f"line {self.number:,} is longer than {self._longest:,} bytes; check its quotes and line end"
                )
            yield self._decoded(line.removeprefix(b"\xef\xbb\xbf") if self.number == 1 else line)

    def _decoded(self, line: bytes) -> str:
        try:
            text = line.decode("utf-8")
        except UnicodeDecodeError as error:
            byte = line[error.start]
            raise InvalidInput(
                FIELD, f"line {self.number:,} is not UTF-8 (byte {byte:#04x}); save the file with the encoding UTF-8"
            ) from None
        if "\0" in text:
            raise InvalidInput(FIELD, f"line {self.number:,} holds a NUL character; give plain CSV in UTF-8, or Parquet")
        return text


def read_csv(path: Path, limits: Limits) -> Table:
    """Comma, semicolon or tab, whichever the header holds most often; a byte order mark is passed over."""
    with path.open("rb") as file:
        lines = Lines(file, limits)
        texts = iter(lines)
        header = next(texts)
        if not header.strip():
            raise InvalidInput(FIELD, "the first line is empty; start the file with a line of column names")
        rows = csv.reader(itertools.chain([header], texts), delimiter=max(DELIMITERS, key=header.count), strict=True)
        try:
            names = check_names(next(rows), limits)
            columns = _read(rows, lines, len(names), limits)
        except csv.Error as error:
            raise InvalidInput(FIELD, f"line {lines.number:,} is not valid CSV ({error}); check its quotes") from None
    return Table(frame_of(names, columns), dict.fromkeys(names, "string"))


def _read(rows: Iterator[list[str]], lines: Lines, width: int, limits: Limits) -> list[Texts]:
    columns = [Texts(limits) for _ in range(width)]
    same = _of_one_width(rows, lines, width)
    count = 0
    while chunk := list(itertools.islice(same, ROWS_AT_ONCE)):
        count += len(chunk)
        if count > limits.rows:
            raise InvalidInput(FIELD, f"the file has more than {limits.rows:,} records; give fewer")
        for column, cells in zip(columns, zip(*chunk, strict=True), strict=True):
            column.extend(cells)
    if not count:
        raise InvalidInput(FIELD, "the file has a header and no records; add records below it")
    return columns


def _of_one_width(rows: Iterator[list[str]], lines: Lines, width: int) -> Iterator[list[str]]:
    """Empty lines are passed over; any other line must have a cell for each column."""
    for row in rows:
        if len(row) == width:
            yield row
        elif row:
            raise InvalidInput(
                FIELD, f"line {lines.number:,} has {len(row)} cells, the header has {width}; give every record the same columns"
            )
