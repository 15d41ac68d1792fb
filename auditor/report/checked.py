"""What was looked for one thing at a time, in a model's file or its parameters, and whether it was there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Document = Mapping[str, Any]
SCANNER = "scanner:"
NAMES = {
    "runs-code": "Code that would run",
    "digest": "Another file than declared",
    "unknown-code": "Names that nothing here knows",
    "irregular": "Irregularities of the file",
    "outside": "Parts outside the file",
    "not-read": "Parts that were not read",
    "executing-format": "A format that runs what stands in it",
}


@dataclass(frozen=True)
class Looked:
    """One check: `found` in words, `tone` as badges have them, and what was seen or not seen."""

    name: str
    tone: str
    found: str
    sentence: str


def checked_of(finding: Document) -> tuple[Looked, ...]:
    """In the order of the finding, which puts what was found first."""
    return tuple(_looked(check) for check in finding.get("checks") or ())


def checked_in_words(finding: Document) -> str:
    """One line of a list; empty for a finding without such checks."""
    checks: Sequence[Document] = finding.get("checks") or ()
    found = [named(str(check["name"])).lower() for check in checks if check.get("found")]
    unseen = sum(check.get("found") is None for check in checks)
    if not checks:
        return ""
    told = f"found: {', '.join(dict.fromkeys(found))}" if found else "nothing found"
    return f"{told}, of {len(checks)} checks" + (f"; {unseen} could not be made" if unseen else "")


def named(name: str) -> str:
    if name.startswith(SCANNER):
        return f"Opinion of {name.removeprefix(SCANNER)}"
    return NAMES.get(name) or name[:1].upper() + name[1:].replace("_", " ").replace("-", " ")


def _looked(check: Document) -> Looked:
    found = check.get("found")
    tone = "inconclusive" if found is None else "failed" if found else "passed"
    word = "Not seen" if found is None else f"Yes: {check.get('severity', 'none')}" if found else "No"
    return Looked(named(str(check["name"])), tone, word, str(check.get("sentence") or ""))
