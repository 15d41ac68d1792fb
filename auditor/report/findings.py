"""One finding as it is read: threat model and caveats first, then figures, controls and the chart with its table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from auditor.report import numbers
from auditor.report.charts.fidelity import baseline_of, fidelity_rows, fidelity_svg
from auditor.report.charts.roc import roc_rows, roc_svg
from auditor.report.charts.scorebar import scorebar_svg
from auditor.report.checked import Looked, checked_in_words, checked_of
from auditor.report.figures import Figure, brief_of, figure_of, figures_of, flagged_words
from auditor.report.groups import Groups, groups_of
from auditor.report.reconstructed import Rebuilt, rebuilt_of
from auditor.report.values import ValueRow, values_of
from auditor.report.verdict import threat_of
from auditor.report.weight import failed_checks, telling
from auditor.report.words import OUTCOMES, control, listed, named

Document = Mapping[str, Any]


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
class Exposed:
    """Single records, counted; who they are is personal data and stands in no report."""

    sentence: str
    stability: str


@dataclass(frozen=True)
class Finding:
    """`attack` names the attribute too where one is attacked; `key` is the figure that stands in its line of a list, `brief` are
    its main figures in a few words each, for print."""

    anchor: str
    attack: str
    family: str
    kind: str
    shows: str
    outcome: str
    outcome_word: str
    severity: str
    score: str
    span: str
    bar: str
    threat: str
    caveats: tuple[str, ...]
    key: str
    figures: tuple[Figure, ...]
    brief: tuple[str, ...]
    flagged: tuple[str, ...]
    checks: tuple[Check, ...]
    looked: tuple[Looked, ...]
    rebuilt: Rebuilt | None
    chart: Chart | None
    values: tuple[ValueRow, ...]
    groups: Groups | None
    exposed: Exposed | None
    warning: str
    found_nothing: bool
    parameters: tuple[tuple[str, str], ...]
    queries: str


def finding_of(finding: Document, level: float | None, position: int) -> Finding:
    """`level` is the policy's level for the family, `position` numbers the finding within the page."""
    scores = (finding.get("score_low"), finding.get("score"), finding.get("score_high"))
    known = tuple(s for s in scores if s is not None)
    return Finding(
        anchor=f"finding-{position}",
        attack=named(finding),
        family=finding["family"],
        kind=finding.get("kind", ""),
        shows=finding.get("shows", ""),
        outcome=finding["outcome"],
        outcome_word=OUTCOMES.get(finding["outcome"]) or str(finding["outcome"]),
        severity=finding.get("severity") or "none",
        score=numbers.score(scores[1]),
        span=numbers.span(scores[0], scores[2]) if len(known) == 3 else "not resolvable",
        bar=scorebar_svg((known[0], known[1], known[2]), level, finding["outcome"]) if len(known) == 3 else "",
        threat=threat_of(finding),
        caveats=tuple(finding.get("caveats", ())),
        key=_key(finding),
        figures=figures_of(finding),
        brief=brief_of(finding),
        flagged=flagged_words(finding),
        checks=tuple(check_of(name, c) for name, c in (finding.get("controls") or {}).items() if c),
        looked=checked_of(finding),
        rebuilt=rebuilt_of(finding),
        chart=_chart(finding),
        values=values_of(finding),
        groups=None if finding.get("kind") == "attribute" else groups_of(finding),
        exposed=_exposed(finding.get("exposure")),
        warning=warning_of(finding),
        found_nothing=finding["outcome"] == "pass" and not finding.get("score") and not finding.get("checks"),
        parameters=tuple(
            (str(k).replace("_", " "), _value(v)) for k, v in (finding.get("parameters") or {}).items() if v is not None
        ),
        queries=numbers.grouped(finding.get("queries") or 0),
    )


def _key(finding: Document) -> str:
    """The first of the family's main figures that has a value; of checks, how many found something."""
    known = telling(finding, KEYS.get(finding["family"], ()))
    if not known:
        return checked_in_words(finding)
    shown = figure_of(known[0])
    return f"{shown.name} {shown.value}"


KEYS = {
    "membership": ("auc", "tpr@fpr=0.001", "tpr@fpr=0.01"),
    "inversion": (
        *("accuracy_advantage", "advantage_over_imputation", "precision@k"),
        *("improvement_over_guess", "reconstruction_error", "property_accuracy", "memorised_share", "exposure"),
    ),
    "stealing": ("fidelity",),
}


def warning_of(finding: Document) -> str:
    """Stands in front of whom a finding concerns; empty where its checks passed."""
    failed = [control(name) for name in failed_checks(finding)]
    return f"A check of this finding failed ({listed(failed)}), so what follows does not hold." if failed else ""


def _exposed(exposure: Document | None) -> Exposed | None:
    if not exposure:
        return None
    stability = exposure.get("stability")
    told = (
        "" if stability is None else f"Rank correlation of single records between two halves of the shadow models: {stability:.2f}."
    )
    return Exposed(str(exposure.get("sentence") or ""), told)


def check_of(name: str, item: Document) -> Check:
    passed = item.get("passed")
    state = "expectation" if passed is None else "passed" if passed else "failed"
    figures = tuple(figure_of(e) for e in item.get("estimates", ()))
    return Check(control(name), state, state.capitalize(), item.get("sentence") or "", figures)


def _chart(finding: Document) -> Chart | None:
    curve = finding.get("curve") or {}
    attack = finding["attack"]
    if "fpr" in curve:
        return _roc(curve, f"ROC curve of {attack} on logarithmic axes, with its interval", _unmeasured(finding))
    if "queries" in curve:
        return _fidelity(curve, f"Fidelity of the copy made by {attack} against queries")
    return None


RATE, TOO_FEW = "tpr@fpr=", "needs at least"


def _unmeasured(finding: Document) -> float:
    """The largest false-positive rate that the non-members are too few for; 0 where they are enough for each that was tried."""
    names = [e["name"] for e in finding.get("estimates", ()) if str(e.get("reason") or "").startswith(TOO_FEW)]
    return max((float(name.removeprefix(RATE)) for name in names if name.startswith(RATE)), default=0.0)


def _roc(curve: Document, title: str, unmeasured: float) -> Chart | None:
    """What an estimate calls too few non-members to measure is told as no figure of the table either."""
    svg = roc_svg(curve, title)
    measured = [row for row in roc_rows(curve) if row[0] > unmeasured] if svg else []
    rows = tuple(_row(numbers.percent(r), numbers.measured(t), low, high) for r, t, low, high in measured)
    return Chart(svg, title, ("FPR at most", "TPR", "Interval"), rows) if svg else None


def _fidelity(curve: Document, title: str) -> Chart | None:
    svg = fidelity_svg(curve, title)
    if not svg:
        return None
    rows = [_row(numbers.grouped(q), numbers.measured(f), low, high) for q, f, low, high in fidelity_rows(curve)]
    base = baseline_of(curve)
    first = [] if base is None else [("0 (baseline)", numbers.measured(base), "")]
    return Chart(svg, title, ("Queries", "Fidelity", "Interval"), tuple(first + rows))


def _row(at: str, value: str, low: float, high: float) -> tuple[str, ...]:
    return at, value, numbers.interval("tpr@", low, high)


def _value(value: object) -> str:
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(map(_value, value))
    return f"{value:g}" if isinstance(value, float) else str(value)
