"""What changed between two audits of the same records, as it is read: a sentence, figures and a chart."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from auditor.report import numbers
from auditor.report.charts.intervals import Bar, intervals_svg
from auditor.report.figures import Figure, figure_of

Document = Mapping[str, Any]
DRAWN = "auc_difference"


@dataclass(frozen=True)
class AttackChange:
    attack: str
    sentence: str
    figures: tuple[Figure, ...]


@dataclass(frozen=True)
class Change:
    """`svg` draws the difference in AUC of every attack; "" where none could be told. `caveats` go before all figures."""

    sides: str
    caveats: tuple[str, ...]
    attacks: tuple[AttackChange, ...]
    missing: tuple[str, ...]
    svg: str
    caption: str


def change_of(comparison: Document) -> Change:
    """`comparison`: what `workflow.compare` answers, as JSON."""
    attacks = comparison["attacks"]
    caption = "Difference in AUC, second minus first; to the right of the line the second target leaks more"
    return Change(
        sides=f"{comparison['members']:,} members and {comparison['non_members']:,} non-members, the same in both",
        caveats=tuple(comparison.get("caveats", ())),
        attacks=tuple(AttackChange(a["attack"], a["sentence"], tuple(map(figure_of, a["estimates"]))) for a in attacks),
        missing=tuple(_missing(comparison)),
        svg=intervals_svg(_bars(attacks), caption, lambda value: numbers.plain(round(value, 12))),
        caption=caption,
    )


def _missing(comparison: Document) -> list[str]:
    names = (("first", comparison["first_only"]), ("second", comparison["second_only"]))
    return [f"Only the {which} audit ran {', '.join(attacks)}." for which, attacks in names if attacks]


def _bars(attacks: Sequence[Document]) -> list[Bar]:
    drawn = [(a["attack"], e) for a in attacks for e in a["estimates"] if e["name"] == DRAWN and e.get("value") is not None]
    return [Bar(attack, e["value"], e["low"], e["high"]) for attack, e in drawn]
