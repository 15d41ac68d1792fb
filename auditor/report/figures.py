"""One estimate as it is read: value, interval, n, and what must be known beside it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from auditor.report import numbers
from auditor.report.weight import voids_epsilon
from auditor.report.words import MEANINGS, METHODS, control, estimate, listed

Document = Mapping[str, Any]

PRIORS = {"0.5": "1 in 2", "0.1": "1 in 10", "0.01": "1 in 100"}
PPV = "ppv@prior="
EPSILONS = ("empirical_epsilon", "epsilon_lower_bound")


@dataclass(frozen=True)
class Figure:
    """One estimate; `reason` stands where there is no value."""

    name: str
    value: str
    interval: str
    n: str
    note: str
    reason: str = ""


def brief_of(finding: Document) -> tuple[str, ...]:
    """The estimates that say what an attacker reaches: without epsilon, rates by prior, oracles, and what has no value."""
    kept = [
        figure_of(e)
        for e in finding.get("estimates", ())
        if e.get("value") is not None and e.get("threshold") != "oracle" and e["name"] not in EPSILONS and PPV not in e["name"]
    ]
    return tuple(f"{f.name} {f.value}" + (f" ({f.interval})" if f.interval else "") for f in kept)


def figure_of(item: Document, spread: Document | None = None) -> Figure:
    """`spread`: the same estimate over pseudo-targets, from the smallest to the largest."""
    name = item["name"]
    if item.get("value") is None:
        return Figure(estimate(name), numbers.DASH, "", "", "", item.get("reason") or "not resolvable")
    return Figure(
        estimate(name),
        numbers.figure(name, item["value"]),
        _interval(item),
        numbers.grouped(item.get("n") or 0),
        _note(item, spread),
    )


def figures_of(finding: Document) -> tuple[Figure, ...]:
    """The estimates of a finding, both thresholds of one beside each other, in the order in which their names come first."""
    estimates = finding.get("estimates", ())
    order = list(dict.fromkeys(e["name"] for e in estimates))
    spreads = _spreads(finding)
    together = sorted(estimates, key=lambda e: (order.index(e["name"]), e.get("threshold") == "oracle"))
    figures = [figure_of(e, None if e.get("threshold") == "oracle" else spreads.get(e["name"])) for e in together]
    return _merged([_doubted(f, finding) if e["name"] in EPSILONS else f for e, f in zip(together, figures, strict=True)])


def _doubted(figure: Figure, finding: Document) -> Figure:
    """An epsilon that a failed check speaks against says so before anything else."""
    failed = [control(name) for name in voids_epsilon(finding)]
    if not failed or figure.reason:
        return figure
    return replace(figure, note="; ".join(filter(None, (f"does not hold: {listed(failed)} failed", figure.note))))


def _merged(figures: list[Figure]) -> tuple[Figure, ...]:
    """Neighbours that could not be told for the same reason are one row."""
    kept: list[Figure] = []
    for figure in figures:
        if kept and figure.reason and figure.reason == kept[-1].reason:
            kept[-1] = replace(kept[-1], name=f"{kept[-1].name}, {figure.name}")
        else:
            kept.append(figure)
    return tuple(kept)


def flagged_words(finding: Document) -> tuple[str, ...]:
    """What a flag on a record is worth, in people: how many of those flagged are members. Nothing where a caveat says it."""
    found: list[str] = []
    if any("would be members" in caveat for caveat in finding.get("caveats", ())):
        return ()
    for item in finding.get("estimates", ()):
        prior = item["name"].removeprefix(PPV)
        if item["name"].startswith(PPV) and prior in PRIORS and item.get("value") is not None:
            found.append(_flagged(item, PRIORS[prior]))
    return tuple(found)


def _flagged(item: Document, odds: str) -> str:
    of_hundred = f"{100 * item['value']:.0f}"
    low, high = item.get("low"), item.get("high")
    span = "" if low is None or high is None else f" ({100 * low:.0f} to {100 * high:.0f})"
    return f"If {odds} of the records in question were a member, of 100 flagged records {of_hundred}{span} would be members."


def epsilon_figures(findings: Sequence[Document]) -> tuple[tuple[str, Figure], ...]:
    """(attack, figure) of the largest lower limit of the privacy loss by each method, of findings whose checks let it hold."""
    return tuple((attack, figure_of(item)) for attack, item in largest_epsilons(findings))


def largest_epsilons(findings: Sequence[Document]) -> list[tuple[str, Document]]:
    """(attack, estimate) by each method, without findings whose failed checks void them; limits that share the error level over all
    attacks are compared where there are any."""
    largest: dict[tuple[str, str], tuple[str, Document]] = {}
    for finding in findings:
        for item in () if voids_epsilon(finding) else finding.get("estimates", ()):
            if item["name"] in EPSILONS and item.get("value") is not None:
                kind = item["name"], str(item.get("method"))
                if kind not in largest or decisive(item) > decisive(largest[kind][1]):
                    largest[kind] = str(finding["attack"]), item
    return list(largest.values())


def decisive(item: Document) -> float:
    """The limit that holds over all attacks together; the printed one where nothing was shared."""
    shared = item.get("low_simultaneous")
    return float(item["value"] if shared is None else shared)


def _spreads(finding: Document) -> dict[str, Document]:
    control = (finding.get("controls") or {}).get("pseudo_targets") or {}
    return {e["name"]: e for e in control.get("estimates", ()) if e.get("value") is not None and e.get("threshold") != "oracle"}


def _interval(item: Document) -> str:
    low, high = item.get("low"), item.get("high")
    if low is None or item.get("confidence") == 1:  # 1: nothing was sampled, so nothing varies
        return ""
    return "lower limit" if high is None else numbers.interval(item["name"], low, high)


def _note(item: Document, spread: Document | None) -> str:
    """What a reader must know to read the figure."""
    parts = [*_threshold(item), *_method(item)]
    if item.get("low_simultaneous") is not None:
        parts.append(f"lower limit over all attacks {numbers.figure(item['name'], item['low_simultaneous'])}")
    if spread is not None and spread.get("low") is not None:
        parts.append(f"pseudo-targets {numbers.interval(item['name'], spread['low'], spread['high'])}")
    if item["name"] in MEANINGS:
        parts.append(MEANINGS[item["name"]])
    if item.get("confidence", 0.95) not in (0.95, 1):
        parts.append(f"{numbers.percent(item['confidence'])} interval")
    return "; ".join(parts)


def _threshold(item: Document) -> list[str]:
    parts = [f"{item['threshold']} threshold"] if item.get("threshold") else []
    if item.get("realised_fpr"):
        low, value, high = item["realised_fpr"]
        parts.append(f"FPR met: {numbers.measured(value)} ({numbers.interval('tpr@', low, high)})")
    return parts


def _method(item: Document) -> list[str]:
    """How it was computed, and the most that so many records could have shown."""
    method = item.get("method") or ""
    parts = [METHODS.get(method, method)] if method else []
    if item.get("ceiling") is not None:
        parts.append(f"n allows at most {numbers.figure(item['name'], item['ceiling'])}")
    return parts
