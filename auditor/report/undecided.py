"""What leaves a question open: a check that failed, or an interval that holds the policy's level."""

from collections.abc import Mapping, Sequence
from typing import Any

from auditor.report.numbers import span
from auditor.report.weight import failed_checks
from auditor.report.words import control, listed, named

Document = Mapping[str, Any]


def undecided_words(findings: Sequence[Document], level: float | None) -> str:
    """One sentence a reason for the inconclusive findings of one family, which the policy gives `level`."""
    undecided = [f for f in findings if f["outcome"] == "inconclusive"]
    sound = [f for f in undecided if not failed_checks(f)]
    open_ones = [f for f in sound if f.get("score_low") is not None and f.get("score_high") is not None]
    straddling = [f for f in open_ones if level is None or f["score_low"] < level <= f["score_high"]]
    parts = [
        *_failed(undecided),
        _interval(straddling, level),
        _said("no score could be resolved for", [f for f in sound if f not in open_ones]),
        _said("the records alone may explain what was found by", [f for f in open_ones if f not in straddling]),
    ]
    return " ".join(part[:1].upper() + part[1:] + "." for part in parts if part)


def _failed(findings: Sequence[Document]) -> list[str]:
    """Each check once, with the attacks that it failed for."""
    about: dict[str, list[str]] = {}
    for finding in findings:
        for name in failed_checks(finding):
            about.setdefault(name, []).append(str(finding["attack"]))
    return [f"{control(name)} failed for {listed(list(dict.fromkeys(attacks)))}" for name, attacks in about.items()]


def _interval(findings: Sequence[Document], level: float | None) -> str:
    if not findings:
        return ""
    told = listed([f"{named(f)} ({span(f['score_low'], f['score_high'])})" for f in findings])
    several = len(findings) > 1
    at = "" if level is None else f" of {level:.0f}"
    narrower = f"more records make {'them' if several else 'it'} narrower"
    return f"the interval{'s' if several else ''} of {told} hold{'' if several else 's'} the policy's level{at}; {narrower}"


def _said(words: str, findings: Sequence[Document]) -> str:
    return f"{words} {listed([named(f) for f in findings])}" if findings else ""
