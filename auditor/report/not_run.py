"""What did not run, and why: one row for one reason, however many attacks and attributes it kept from running."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from auditor.report.words import listed, plural

Document = Mapping[str, Any]
NEEDS = re.compile(r"needs at least ([\d,]+) queries")
NAMED = 8


@dataclass(frozen=True)
class NotRun:
    """`attack`: one or several, in words."""

    attack: str
    reason: str


def not_run_of(result: Document) -> tuple[NotRun, ...]:
    """Attacks that were kept from running by the same things stand together; of one that several attributes keep from running for
    want of queries the row says how many at least and at most."""
    reasons: dict[str, list[str]] = {}
    for item in result.get("not_run", ()):
        reasons.setdefault(str(item["attack"]), []).append(str(item["reason"]))
    told: dict[str, list[str]] = {}
    for attack, known in reasons.items():
        told.setdefault(" ".join(_folded(known)), []).append(attack)
    return tuple(NotRun(listed(attacks), reason) for reason, attacks in told.items())


def shortfall(result: Document) -> list[str]:
    """What did not run belongs beside the verdict: how many attacks, and which; one that ran on some attribute did run."""
    ran = {str(f["attack"]) for f in result.get("findings", ())}
    missing = list(dict.fromkeys(str(item["attack"]) for item in result.get("not_run", ())))
    never, partly = [a for a in missing if a not in ran], [a for a in missing if a in ran]
    parts = [f"{plural(len(never), 'attack')} did not run{_names(never)}"] if never else []
    parts += [f"{listed(partly)} did not run on every attribute"] if partly else []
    return [f"{' and '.join(parts)}; the reasons are below."] if parts else []


def _names(attacks: Sequence[str]) -> str:
    """Few are named; many would bury the verdict."""
    return f" ({listed(list(attacks))})" if 1 < len(attacks) <= NAMED else ""


def _folded(reasons: Sequence[str]) -> list[str]:
    """Reasons that differ in the queries that are needed alone are one."""
    folded: dict[str, list[int]] = {}
    for reason in reasons:
        needed = NEEDS.search(reason)
        counts = folded.setdefault(NEEDS.sub("{}", reason, count=1), [])
        counts += [int(needed[1].replace(",", ""))] if needed else []
    return [text.replace("{}", _range(counts), 1) if counts else text for text, counts in folded.items()]


def _range(counts: Sequence[int]) -> str:
    low, high = min(counts), max(counts)
    least = f"needs at least {low:,}"
    return f"{least} queries" if low == high else f"{least} to {high:,} queries, depending on the attribute"
