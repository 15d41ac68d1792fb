"""What became of the records before anything was asked, in sentences."""

from collections.abc import Mapping, Sequence
from typing import Any

from auditor.report.printable import shown
from auditor.report.removed import removed_in_words


def data_notes(result: Mapping[str, Any]) -> list[str]:
    """One sentence for each reason why records were removed, then the notes on the data."""
    data = result.get("data") or {}
    return [*removed_in_words(data.get("removed") or {}), *map(shown, data.get("notes") or ())]


def left_over(removed: Mapping[str, int], notes: Sequence[str], candidates: int, auxiliary: int) -> list[str]:
    """The same before an audit starts, and how many records are left where some were removed."""
    told = removed_in_words(removed)
    left = [f"Left: {candidates:,} records in question and {auxiliary:,} auxiliary."] if told else []
    return [*told, *left, *notes]
