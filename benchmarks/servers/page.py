"""The table of docs/protocols.md that was measured."""

import json
from pathlib import Path
from typing import Any

from benchmarks.servers.catalog import SERVERS

PAGE = Path(__file__).parents[2] / "docs" / "protocols.md"
BEGIN, END = "<!-- real servers -->\n", "<!-- end of real servers -->\n"
HEADINGS = (
    "server",
    "started with",
    "model",
    "what the probe found",
    "forms answered alike",
    "answers",
    "estimates",
    "outcome",
    "commit",
)

Row = dict[str, Any]


def write(rows: dict[str, Row]) -> None:
    """Replaces the table by what was recorded of each server; those that were never tried are left out."""
    before, rest = PAGE.read_text(encoding="utf-8").split(BEGIN)
    lines = [line for name in SERVERS if name in rows for line in _lines(name, rows[name])]
    head = f"| {' | '.join(HEADINGS)} |\n{'|---' * len(HEADINGS)}|\n"
    PAGE.write_text(before + BEGIN + head + "".join(lines) + END + rest.split(END)[1], encoding="utf-8")


def _lines(name: str, row: Row) -> list[str]:
    server = SERVERS[name]
    called = f"{server.package} {server.version}"
    if "reason" in row:
        cells = [called, server.shown, "", f"not run: {row['reason']}", "", "", "", "", row["commit"]]
        return [_line(cells)]
    return [
        _line(
            [
                *(called, server.shown, kind, f"`{one['found']}`", ", ".join(one["alike"]) or "that one"),
                *(_size(one["answers"]), f"{_size(one['estimates'])} of {one['figures']}", one["verdict"], row["commit"]),
            ]
        )
        for kind, one in row["models"].items()
    ]


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |\n"


def _size(difference: float) -> str:
    return "0" if difference == 0 else f"{difference:.1g}"


def kept(path: Path) -> dict[str, Row]:
    """What earlier runs recorded."""
    rows: dict[str, Row] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return rows
