"""What if the model answered less: each channel with what leaks behind it and what it costs, and the cheapest that is enough."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from auditor.report import numbers
from auditor.report.words import FAMILIES, OUTCOMES, listed

Document = Mapping[str, Any]

ENOUGH = "Brings every finding that is not below its level, below it: {name}. It is the cheapest of those that do."
NOT_ENOUGH = "No channel of those tried brings every finding below its level: answering less is not enough for this model."
NOTHING = "Every finding is below its level as it is, so nothing has to be hidden."


@dataclass(frozen=True)
class Leak:
    """One family behind one channel: its verdict, and the attack that finds most."""

    family: str
    outcome: str
    word: str
    strongest: str


@dataclass(frozen=True)
class ChannelLine:
    """`costs`: one cell for each of `WhatIf.costs`."""

    name: str
    words: str
    leaks: tuple[Leak, ...]
    costs: tuple[str, ...]


@dataclass(frozen=True)
class WhatIf:
    """`head` is the sentence that answers the question; `defences` say it for each finding; `aside` are attacks that were
    not graded behind some channels, and why."""

    head: str
    defences: tuple[str, ...]
    costs: tuple[str, ...]
    lines: tuple[ChannelLine, ...]
    aside: tuple[str, ...]
    notes: tuple[str, ...]


COSTS = (
    ("log_loss_change", "Log-loss"),
    ("probability_change", "Moved"),
    ("task_accuracy", "Accuracy"),
    ("calibration_error", "Calibration error"),
)


def what_if_of(block: Document | None) -> WhatIf | None:
    """None where channels were not tried."""
    if not block:
        return None
    channels = [block["as_it_is"], *block["tried"]]
    return WhatIf(
        head=_head(block),
        defences=_together(block["defences"]),
        costs=tuple(name for _, name in COSTS),
        lines=tuple(_line(channel, position == 0) for position, channel in enumerate(channels)),
        aside=_aside(channels),
        notes=tuple(map(str, block["notes"])),
    )


def _head(block: Document) -> str:
    if not block["defences"]:
        return NOTHING
    return ENOUGH.format(name=block["cheapest_for_all"]) if block["cheapest_for_all"] else NOT_ENOUGH


def _line(channel: Document, is_first: bool) -> ChannelLine:
    found = {e["name"]: e for e in channel["utility"]}
    name = str(channel["channel"])
    return ChannelLine(
        name=name[:1].upper() + name[1:],
        words=str(channel["words"]),
        leaks=tuple(_leak(channel, family, outcome) for family, outcome in channel["families"].items()),
        costs=tuple(_cost(found.get(name), is_first) for name, _ in COSTS),
    )


def _leak(channel: Document, family: str, outcome: str) -> Leak:
    scored = [a for a in channel["attacks"] if a["family"] == family and a["score"] is not None]
    best = max(scored, key=lambda a: (a["score_low"], a["score"]), default=None)
    shown = "not graded"
    if best is not None:
        shown = f"{best['attack']} {best['score']:.0f} ({best['score_low']:.0f} to {best['score_high']:.0f})"
    return Leak(FAMILIES.get(family, family), outcome, OUTCOMES.get(outcome, outcome), shown)


def _cost(item: Document | None, is_first: bool) -> str:
    """With its interval; as it is, nothing has changed, so a change is a dash."""
    if item is None or item.get("value") is None:
        return numbers.DASH
    name = str(item["name"])
    if name.endswith("_change") and is_first:
        return numbers.DASH
    if name in ("task_accuracy", "probability_change"):
        return f"{numbers.measured(item['value'])} ({numbers.interval('accuracy', item['low'], item['high'])})"
    sign = "+" if name.endswith("_change") and item["value"] >= 0.0005 else ""
    return f"{sign}{_plain(item['value'])} ({_plain(item['low'])} to {_plain(item['high'])})"


def _plain(value: float) -> str:
    """Without the sign of a zero."""
    return numbers.plain(round(value, 3) + 0.0)


def _together(defences: Sequence[Document]) -> tuple[str, ...]:
    """What is said of several attacks in the same words is said once."""
    said: dict[str, list[str]] = {}
    for one in defences:
        attack, words = str(one["attack"]), str(one["sentence"])
        said.setdefault(words.removeprefix(f"{attack}: "), []).append(attack if words.startswith(f"{attack}: ") else "")
    return tuple(": ".join(filter(None, (listed([*filter(None, attacks)]), words))) for words, attacks in said.items())


def _aside(channels: Sequence[Document]) -> tuple[str, ...]:
    """Attacks without a verdict behind some channels, by attack and reason."""
    where: dict[tuple[str, str], list[str]] = {}
    for channel in channels:
        for attack in channel["attacks"]:
            if attack["outcome"] is None:
                where.setdefault((str(attack["attack"]), str(attack["reason"])), []).append(str(channel["channel"]))
    return tuple(f"{attack}, behind {', '.join(names)}: {reason}" for (attack, reason), names in where.items())
