"""The findings of a result document as a table, and its verdict in one sentence."""

from collections.abc import Mapping
from typing import Any

from rich.markup import escape
from rich.table import Table
from rich.text import Text

from auditor.report import numbers, words

Finding = Mapping[str, Any]

STYLES = {"breach": "bold red", "pass": "green", "inconclusive": "yellow", "reported": "cyan"}
HEADLINES = {
    "membership": ("auc", "tpr@fpr=0.001", "tpr@fpr=0.01"),
    "inversion": ("advantage_over_imputation",),
    "stealing": ("fidelity",),
}
FIGURES_SHOWN = 2
FIXED = {"attack": 15}  # «loss-threshold» and «attribute: race» stay whole
WIDTHS = {"attack": 18, "what it shows": 26, "figure (95 % interval)": 34, "baseline": 22, "outcome": 18}


def findings_table(result: Mapping[str, Any]) -> Table:
    """One row a finding: attack, what it shows, figures with their intervals, the baseline, the outcome."""
    table = Table(title=None, show_lines=True, expand=False)
    for heading, width in WIDTHS.items():
        table.add_column(heading, width=FIXED.get(heading), max_width=width, overflow="fold")
    for finding in result["findings"]:
        table.add_row(*_row(finding))
    for missing in result.get("not_run", []):
        table.add_row(Text(missing["attack"]), Text(missing["reason"]), "", "", Text("not run", style="yellow"))
    return table


def _row(finding: Finding) -> tuple[Text, ...]:
    shown = _headlines(finding)
    outcome = f"{words.OUTCOMES.get(finding['outcome'], finding['outcome'])}\n{_score(finding)}"
    return (
        Text(_name(finding)),
        Text(str(finding.get("shows", ""))),
        Text("\n".join(map(_figure, shown)) or "no figure could be resolved"),
        Text(_baseline(finding, shown)),
        Text(outcome, style=STYLES.get(finding["outcome"], "")),
    )


def _name(finding: Finding) -> str:
    sensitive = finding.get("parameters", {}).get("sensitive")
    return f"{finding['attack']}: {sensitive}" if sensitive else str(finding["attack"])


def _score(finding: Finding) -> str:
    if finding.get("score") is None:
        return "score not resolved"
    return (
        f"score {numbers.score(finding['score'])} ({numbers.score(finding['score_low'])} to {numbers.score(finding['score_high'])})"
    )


def _headlines(finding: Finding) -> list[Finding]:
    """The first figures of the family that have a value; a calibrated threshold goes before an oracle's."""
    chosen: list[Finding] = []
    for name in HEADLINES.get(finding["family"], ()):
        known = [e for e in finding["estimates"] if e["name"] == name and e.get("value") is not None]
        known.sort(key=lambda e: e.get("threshold") == "oracle")
        chosen += known[:1]
    return chosen[:FIGURES_SHOWN]


def _figure(estimate: Finding) -> str:
    text = f"{words.estimate(estimate['name'])} {numbers.figure(estimate['name'], estimate['value'])}"
    if estimate.get("low") is None or estimate.get("high") is None:
        return text
    return f"{text} ({numbers.interval(estimate['name'], estimate['low'], estimate['high'])})"


def _baseline(finding: Finding, shown: list[Finding]) -> str:
    """What someone reaches who does not ask the model."""
    return "\n".join(filter(None, (_baseline_of(finding, e["name"]) for e in shown)))


def _baseline_of(finding: Finding, name: str) -> str:
    if name == "auc":
        return "0.500 by guessing"
    if name.startswith("tpr@fpr="):
        return f"{numbers.percent(float(name.removeprefix('tpr@fpr=')))} by guessing"
    if name == "advantage_over_imputation":
        return "0 % by imputation"
    if name == "fidelity":
        values = finding.get("curve", {}).get("baseline") or []
        return f"{numbers.percent(values[0])} without queries" if values else ""
    return ""


def verdict(result: Mapping[str, Any]) -> str:
    """The outcome of the audit in one line of markup."""
    audit = result["audit"]
    outcome = audit["outcome"]
    score = "" if audit.get("score") is None else f", score {numbers.score(audit['score'])} of 100 ({audit['severity']})"
    asked = f"{audit['queries']:,} rows asked in {numbers.duration(audit['seconds'])}"
    title = words.OUTCOMES.get(outcome, outcome)
    return f"[{STYLES.get(outcome, 'bold')}]{title}[/]{score}: {escape(str(audit['name']))}, {asked}"
