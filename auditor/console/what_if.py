"""Channels that say less, as a table on a terminal: what leaks behind each, and what it costs."""

from collections.abc import Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from auditor.console.findings import STYLES
from auditor.report.what_if import ChannelLine, what_if_of

SHOWN = 2  # of the costs: those that channels are ordered by


def what_if_table(document: Mapping[str, Any]) -> RenderableType:
    """The answer first, then one line a channel, the cheapest first, then what must be known beside it. Intervals of the costs are
    in reports: here they would break every line."""
    found = what_if_of(document)
    assert found is not None  # noqa: S101 - a document that was made
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="underline")
    for name in ("channel", "outcome, the attack that finds most", *found.costs[:SHOWN]):
        table.add_column(name.lower(), overflow="fold")
    for line in found.lines:
        table.add_row(Text(line.name), _leaks(line), *(Text(cost.partition(" (")[0]) for cost in line.costs[:SHOWN]))
    sentences = [Text(sentence) for sentence in found.defences]
    return Group(Text(found.head, style="bold"), *sentences, Text(""), table, Text(""), *(Text(note) for note in found.notes))


def _leaks(line: ChannelLine) -> Text:
    told = Text()
    for position, leak in enumerate(line.leaks):
        told.append("\n" if position else "")
        told.append(leak.word, style=STYLES.get(leak.outcome, ""))
        told.append(f"  {leak.strongest}")
    return told
