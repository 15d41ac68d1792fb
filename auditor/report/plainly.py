"""The figure that made a finding, said so that no term has to be known."""

from collections.abc import Mapping
from typing import Any

from auditor.report import numbers
from auditor.report.weight import telling

Document = Mapping[str, Any]
TAILS = ("tpr@fpr=0.001", "tpr@fpr=0.01")
RESTS_ON = ("The score rests on the bulk: ", "The score rests on the tail: ")
"""How the caveat of an attribute begins that names its figures."""


def plainly(finding: Document) -> str:
    """One sentence with its interval and what is reached without the model; empty where the family has no such figure."""
    told = {"membership": _membership, "stealing": _stealing, "inversion": _inversion}.get(finding["family"])
    return told(finding) if told else ""


def _membership(finding: Document) -> str:
    found = next(iter(telling(finding, ("auc", *TAILS))), None)
    if found is None:
        return ""
    if found["name"] in TAILS:
        strangers = round(1 / _accused(found))
        return f"It recognises {_share(found)} of members while it accuses 1 in {strangers:,} strangers."
    half = numbers.percent(0.5)
    return f"Of a member and a stranger it tells which is which in {_share(found, 'accuracy')} of pairs; guessing does in {half}."


def _accused(found: Document) -> float:
    """The rate that was aimed at, or the one that was realised where that turned out larger."""
    aimed = float(found["name"].removeprefix("tpr@fpr="))
    return max(aimed, float((found.get("realised_fpr") or (0.0, aimed, 1.0))[1]))


def _stealing(finding: Document) -> str:
    copy = next(iter(telling(finding, ("fidelity",))), None)
    blind = next(iter(telling(finding, ("baseline_fidelity",))), None)
    if copy is None:
        return ""
    without = f"; one that never asked it, on {numbers.figure('fidelity', blind['value'])}" if blind else ""
    return f"Its copy answers as the model does on {_share(copy)} of records{without}."


def _inversion(finding: Document) -> str:
    for caveat in map(str, finding.get("caveats", ())):
        words = next((caveat.removeprefix(start) for start in RESTS_ON if caveat.startswith(start)), "")
        if words:
            return words[:1].upper() + words[1:]
    return ""


def _share(estimate: Document, name: str = "") -> str:
    name = name or estimate["name"]
    value = numbers.figure(name, estimate["value"])
    if estimate.get("low") is None or estimate.get("high") is None:
        return value
    return f"{value} ({numbers.interval(name, estimate['low'], estimate['high'])})"
