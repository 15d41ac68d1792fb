"""Subgroups of one finding: a table, the most exposed first, and a chart of their differences."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from auditor.report import numbers
from auditor.report.charts.intervals import Bar, intervals_svg
from auditor.report.words import estimate

Document = Mapping[str, Any]
DRAWN = 12


@dataclass(frozen=True)
class GroupRow:
    """One group; its figures are dashes with their reason in `sentence` where it is too small."""

    name: str
    members: str
    non_members: str
    rate: str
    rate_span: str
    auc: str
    auc_span: str
    difference: str
    difference_span: str
    sentence: str


@dataclass(frozen=True)
class Groups:
    """`rate_name` and `difference_name` head the columns; `small`: groups that could not be measured, one sentence each."""

    rate_name: str
    difference_name: str
    rows: tuple[GroupRow, ...]
    small: tuple[tuple[str, str], ...]
    svg: str
    caption: str


def groups_of(finding: Document) -> Groups | None:
    """None where a finding has no subgroups."""
    groups = finding.get("subgroups") or ()
    if not groups:
        return None
    measured = sorted((g for g in groups if _difference(g) is not None), key=lambda g: -_difference(g)["value"])  # type: ignore[index]
    others = [g for g in groups if _difference(g) is None]
    caption = f"How much more of each group {finding['attack']} finds than of everybody else, with simultaneous limits"
    return Groups(
        rate_name=_name_of(measured, "tpr@") or "TPR",
        difference_name=_difference_name(measured),
        rows=tuple(map(_row, measured)),
        small=tuple((_label(g), g.get("sentence") or "It could not be measured.") for g in others),
        svg=_chart(measured[:DRAWN], caption),
        caption=caption,
    )


def _row(group: Document) -> GroupRow:
    rate, auc, difference = _estimate(group, "tpr@"), _estimate(group, "auc"), _difference(group)
    return GroupRow(
        _label(group),
        numbers.grouped(group["members"]),
        numbers.grouped(group["non_members"]),
        *_shown(rate),
        *_shown(auc),
        *_shown(difference),
        group.get("sentence") or "",
    )


def _shown(item: Document | None) -> tuple[str, str]:
    if item is None or item.get("value") is None:
        return numbers.DASH, ""
    name, low, high = item["name"], item.get("low"), item.get("high")
    return numbers.figure(name, item["value"]), "" if low is None or high is None else numbers.interval(name, low, high)


def _label(group: Document) -> str:
    return f"{group['attribute']}: {group['value']}"


def _difference(group: Document) -> Document | None:
    found: Document | None = group.get("difference")
    return found if found is not None and found.get("value") is not None else None


def _estimate(group: Document, start: str) -> Document | None:
    """The first estimate of this kind with a value; the oracle's threshold is nobody's."""
    named = [e for e in group.get("estimates", ()) if e["name"].startswith(start) and e.get("threshold") != "oracle"]
    return next((e for e in named if e.get("value") is not None), None)


def _name_of(groups: Sequence[Document], start: str) -> str:
    found = next(filter(None, (_estimate(g, start) for g in groups)), None)
    return "" if found is None else estimate(found["name"])


def _difference_name(groups: Sequence[Document]) -> str:
    return estimate(groups[0]["difference"]["name"]) if groups else "Difference"


def _chart(groups: Sequence[Document], title: str) -> str:
    drawn = [g for g in groups if g["difference"].get("low") is not None and g["difference"].get("high") is not None]
    bars = [Bar(_label(g), *(g["difference"][key] for key in ("value", "low", "high"))) for g in drawn]
    name = drawn[0]["difference"]["name"] if drawn else ""
    return intervals_svg(bars, title, lambda value: numbers.tick(name, round(value, 12)))
