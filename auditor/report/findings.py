"""One finding as it is read: threat model and caveats first, then figures, controls and the chart with its table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from auditor.report import numbers
from auditor.report.charts.fidelity import baseline_of, fidelity_rows, fidelity_svg
from auditor.report.charts.roc import roc_rows, roc_svg
from auditor.report.charts.scorebar import scorebar_svg
from auditor.report.verdict import threat_of
from auditor.report.words import MEANINGS, OUTCOMES, control, estimate

Document = Mapping[str, Any]


@dataclass(frozen=True)
class Figure:
    """One estimate; `reason` stands where there is no value."""

    name: str
    value: str
    interval: str
    n: str
    note: str
    reason: str = ""


@dataclass(frozen=True)
class Check:
    """A control: `state` is passed, failed or expectation."""

    name: str
    state: str
    word: str
    sentence: str
    figures: tuple[Figure, ...]


@dataclass(frozen=True)
class Chart:
    """`svg` and the table that says the same: `head` names the columns of `rows`."""

    svg: str
    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Finding:
    """`oracle`: the estimates at thresholds set on the target's own non-members, which no adversary has."""

    anchor: str
    attack: str
    family: str
    shows: str
    outcome: str
    outcome_word: str
    severity: str
    score: str
    span: str
    bar: str
    threat: str
    caveats: tuple[str, ...]
    figures: tuple[Figure, ...]
    oracle: tuple[Figure, ...]
    checks: tuple[Check, ...]
    chart: Chart | None
    parameters: tuple[tuple[str, str], ...]
    queries: str


def finding_of(finding: Document, level: float | None, position: int) -> Finding:
    """`level` is the policy's level for the family, `position` numbers the finding within the page."""
    scores = (finding.get("score_low"), finding.get("score"), finding.get("score_high"))
    known = tuple(s for s in scores if s is not None)
    estimates = finding.get("estimates", ())
    return Finding(
        anchor=f"finding-{position}",
        attack=finding["attack"],
        family=finding["family"],
        shows=finding.get("shows", ""),
        outcome=finding["outcome"],
        outcome_word=OUTCOMES.get(finding["outcome"]) or str(finding["outcome"]),
        severity=finding.get("severity") or "none",
        score=numbers.score(scores[1]),
        span=numbers.span(scores[0], scores[2]) if len(known) == 3 else "not resolvable",
        bar=scorebar_svg((known[0], known[1], known[2]), level, finding["outcome"]) if len(known) == 3 else "",
        threat=threat_of(finding),
        caveats=tuple(finding.get("caveats", ())),
        figures=tuple(figure_of(e) for e in estimates if e.get("threshold") != "oracle"),
        oracle=tuple(figure_of(e) for e in estimates if e.get("threshold") == "oracle"),
        checks=tuple(check_of(name, c) for name, c in (finding.get("controls") or {}).items() if c),
        chart=_chart(finding),
        parameters=tuple((str(k).replace("_", " "), _value(v)) for k, v in (finding.get("parameters") or {}).items()),
        queries=numbers.grouped(finding.get("queries") or 0),
    )


def figure_of(item: Document) -> Figure:
    name = item["name"]
    if item.get("value") is None:
        return Figure(estimate(name), numbers.DASH, "", "", "", item.get("reason") or "not resolvable")
    low, high = item.get("low"), item.get("high")
    span = "" if low is None or high is None else numbers.interval(name, low, high)
    return Figure(estimate(name), numbers.figure(name, item["value"]), span, numbers.grouped(item.get("n") or 0), _note(item))


def _note(item: Document) -> str:
    """What a reader must know to read the figure: confidence, threshold, the rate that was really met."""
    parts = [f"{item['threshold']} threshold"] if item.get("threshold") else []
    if item.get("realised_fpr"):
        low, value, high = item["realised_fpr"]
        parts.append(f"FPR met: {numbers.percent(value)} ({numbers.interval('tpr@', low, high)})")
    if item.get("low_simultaneous") is not None:
        parts.append(f"lower limit over all attacks {numbers.figure(item['name'], item['low_simultaneous'])}")
    if item["name"] in MEANINGS:
        parts.append(MEANINGS[item["name"]])
    if item.get("confidence", 0.95) != 0.95:
        parts.append(f"{numbers.percent(item['confidence'])} interval")
    return "; ".join(parts)


def check_of(name: str, item: Document) -> Check:
    passed = item.get("passed")
    state = "expectation" if passed is None else "passed" if passed else "failed"
    figures = tuple(figure_of(e) for e in item.get("estimates", ()))
    return Check(control(name), state, state.capitalize(), item.get("sentence") or "", figures)


def _chart(finding: Document) -> Chart | None:
    curve = finding.get("curve") or {}
    attack = finding["attack"]
    if "fpr" in curve:
        return _roc(curve, f"ROC curve of {attack} on logarithmic axes, with its interval")
    if "queries" in curve:
        return _fidelity(curve, f"Fidelity of the copy made by {attack} against queries")
    return None


def _roc(curve: Document, title: str) -> Chart | None:
    svg = roc_svg(curve, title)
    rows = tuple(_row(numbers.percent(r), numbers.percent(t), low, high) for r, t, low, high in roc_rows(curve)) if svg else ()
    return Chart(svg, title, ("FPR at most", "TPR", "Interval"), rows) if svg else None


def _fidelity(curve: Document, title: str) -> Chart | None:
    svg = fidelity_svg(curve, title)
    if not svg:
        return None
    rows = [_row(numbers.grouped(q), numbers.percent(f), low, high) for q, f, low, high in fidelity_rows(curve)]
    base = baseline_of(curve)
    first = [] if base is None else [("0 (baseline)", numbers.percent(base), "")]
    return Chart(svg, title, ("Queries", "Fidelity", "Interval"), tuple(first + rows))


def _row(at: str, value: str, low: float, high: float) -> tuple[str, ...]:
    return at, value, numbers.interval("tpr@", low, high)


def _value(value: object) -> str:
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(map(_value, value))
    return f"{value:g}" if isinstance(value, float) else str(value)
