"""The findings of a result document by family, the strongest first, and its verdict in one sentence."""

import textwrap
from collections.abc import Iterator, Mapping
from string import ascii_uppercase
from typing import Any

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from auditor.console.told import told
from auditor.report import numbers, words
from auditor.report.checked import checked_in_words
from auditor.report.printable import printable, shown
from auditor.report.verdict import threat_of
from auditor.report.weight import by_family, telling
from auditor.report.words import named

Finding = Mapping[str, Any]

STYLES = {"breach": "bold red", "pass": "green", "inconclusive": "yellow", "reported": "cyan"}
HEADLINES = {
    "membership": ("auc", "tpr@fpr=0.001", "tpr@fpr=0.01"),
    "inversion": (
        "accuracy_advantage",
        "advantage_over_imputation",
        "mean_distance",
        "mean_distance_guess",
        "reconstruction_error",
        "reconstruction_error_random",
        "reconstruction_error_guess",
        "property_accuracy",
        "memorised_share",
        "exposure",
    ),
    "stealing": ("fidelity",),
}
FIGURES_SHOWN = 2
INDENT = (0, 0, 0, 2)
ATTACK, OUTCOME = 22, 26
OTHER_COLUMNS = ATTACK + OUTCOME + 4


def findings_table(result: Mapping[str, Any], width: int = 120) -> RenderableType:
    """One block a family: what a success shows, the adversaries in words, then one line an attack, the strongest first. An
    interval that does not fit beside its figure on `width` columns has a line of its own."""
    result = printable(result)
    parts: list[RenderableType] = []
    for documents in by_family(result).values():
        parts += _family(documents, width - OTHER_COLUMNS)
    return Group(*parts, *_pairs("Not run", _reasons(result)), *_pairs("", told(result)))


def _family(documents: list[Finding], room: int) -> Iterator[RenderableType]:
    family = str(documents[0]["family"])
    yield Text(words.FAMILIES.get(family, family), style="bold")
    shows = "; ".join(dict.fromkeys(str(d["shows"]) for d in documents if d.get("shows")))
    if shows:
        yield Padding(Text(f"A success shows {shows}."), INDENT)
    letters = dict(zip(dict.fromkeys(threat_of(d) for d in documents), ascii_uppercase, strict=False))
    yield Padding(_adversaries(letters), (0, 0, 1, 2))
    yield Padding(_table(documents, letters, room), (0, 0, 1, 0))


def _adversaries(letters: Mapping[str, str]) -> Table:
    """The threat models, once each; letters tell them apart where there are several."""
    told = Table.grid(padding=(0, 1))
    for threat, letter in letters.items():
        told.add_row(*([Text(letter, style="bold")] if len(letters) > 1 else []), Text(threat))
    return told


def _table(documents: list[Finding], letters: Mapping[str, str], room: int) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="underline")
    table.add_column("attack", overflow="fold", max_width=ATTACK)
    if len(letters) > 1:
        table.add_column("", width=1)
    table.add_column("figure (95 % interval)", overflow="fold")
    table.add_column("outcome, score", overflow="fold", max_width=OUTCOME)
    for position, document in enumerate(documents):
        shown = _headlines(document)[: FIGURES_SHOWN if position == 0 else 1]
        letter = [Text(letters.get(threat_of(document), ""))] if len(letters) > 1 else []
        figures = Text("\n".join(_figure(e, room) for e in shown) or checked_in_words(document) or "no figure could be resolved")
        table.add_row(Text(named(document), style="bold" if position == 0 else ""), *letter, figures, _outcome(document))
    for how, reached in _baselines(documents[0]).items():
        table.add_row(Text(how, style="dim"), *([Text("")] if len(letters) > 1 else []), Text(reached, style="dim"), "")
    return table


def _outcome(finding: Finding) -> Text:
    outcome = finding["outcome"]
    return Text(f"{words.OUTCOMES.get(outcome, outcome)} {_score(finding)}", style=STYLES.get(outcome, ""))


def _reasons(result: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Once each: an attack that is tried on several attributes may be kept from all of them by the same thing."""
    return list(dict.fromkeys((str(item["attack"]), str(item["reason"])) for item in result.get("not_run", ())))


def _pairs(title: str, rows: list[tuple[str, str]]) -> Iterator[RenderableType]:
    if not rows:
        return
    if title:
        yield Text(title, style="bold")
    table = Table.grid(padding=(0, 2, 0, 0))
    for name, words_of_it in rows:
        table.add_row(Text(name, style="yellow" if title else "bold"), Text(words_of_it))
    yield Padding(table, (0, 0, 1, 2 if title else 0))


def _score(finding: Finding) -> str:
    if finding.get("score") is None:
        return "score not resolved"
    return f"{numbers.score(finding['score'])} ({numbers.span(finding['score_low'], finding['score_high'])})"


def _headlines(finding: Finding) -> list[Finding]:
    """The first figures of the family that have a value, that which made the score before others."""
    return list(telling(finding, HEADLINES.get(finding["family"], ()))[:FIGURES_SHOWN])


def _figure(estimate: Finding, room: int) -> str:
    text = f"{words.estimate(estimate['name'])} {numbers.figure(estimate['name'], estimate['value'])}"
    *lines, last = textwrap.wrap(text, max(room, 1), break_long_words=False)  # not between a number and its unit
    if estimate.get("low") is None or estimate.get("high") is None:
        return "\n".join([*lines, last])
    interval = f"({numbers.interval(estimate['name'], estimate['low'], estimate['high'])})"
    return "\n".join([*lines, f"{last} {interval}" if len(last) + 1 + len(interval) <= room else f"{last}\n{interval}"])


def _baselines(finding: Finding) -> dict[str, str]:
    """What someone reaches who does not ask the model: how, and the figures."""
    reached: dict[str, list[str]] = {}
    for how, figure in dict.fromkeys(filter(None, (_baseline_of(finding, e["name"]) for e in _headlines(finding)))):
        reached.setdefault(how, []).append(figure)
    return {how: "\n".join(figures) for how, figures in reached.items()}


def _baseline_of(finding: Finding, name: str) -> tuple[str, str] | None:
    if name == "auc":
        return "by guessing", "AUC 0.500"
    if name.startswith("tpr@fpr="):
        return "by guessing", f"{words.estimate(name)} {numbers.percent(float(name.removeprefix('tpr@fpr=')))}"
    if name in ("accuracy_advantage", "advantage_over_imputation"):
        return "by imputation", f"0{numbers.POINTS}"
    values = finding.get("curve", {}).get("baseline") or [] if name == "fidelity" else []
    return ("without queries", numbers.measured(values[0])) if values else None


def verdict(result: Mapping[str, Any]) -> str:
    """The outcome of the audit in one line of markup."""
    audit = result["audit"]
    outcome = audit["outcome"]
    score = "" if audit.get("score") is None else f", score {numbers.score(audit['score'])} of 100 ({audit['severity']})"
    asked = f"{audit['queries']:,} rows asked in {numbers.duration(audit['seconds'])}"
    title = words.OUTCOMES.get(outcome, outcome)
    return f"[{STYLES.get(outcome, 'bold')}]{title}[/]{score}: {escape(shown(str(audit['name'])))}, {asked}"
