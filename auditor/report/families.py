"""Findings by family and, within one, by the adversary that they assume: told once, above the attacks it could run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from auditor.report.findings import Finding, finding_of
from auditor.report.verdict import Answer, level_of
from auditor.report.weight import by_family
from auditor.report.words import FAMILIES

Document = Mapping[str, Any]


@dataclass(frozen=True)
class Adversary:
    """One threat model in plain words and the findings under it, the worst first."""

    words: str
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class FamilyOf:
    """`shows` is what a success would show; `apart` says where single records are. The first finding of the first adversary is the
    headline; it stands open."""

    family: str
    title: str
    anchor: str
    shows: str
    apart: str
    answer: Answer | None
    adversaries: tuple[Adversary, ...]

    @property
    def findings(self) -> tuple[Finding, ...]:
        return tuple(f for adversary in self.adversaries for f in adversary.findings)


def families_of(result: Document, answers: Sequence[Answer]) -> tuple[FamilyOf, ...]:
    """The family with the weightiest finding first."""
    answered, numbered = {a.family: a for a in answers}, 0
    found = []
    for family, documents in by_family(result).items():
        level = level_of(result, family)
        findings = [finding_of(f, level, numbered + i) for i, f in enumerate(documents, start=1)]
        numbered += len(findings)
        found.append(_family(family, findings, answered.get(family)))
    return tuple(found)


PERSONAL = (
    "What is true, what was recovered and what is guessed without the model of single members is personal data and stands in no "
    "report: keys of the role record-reader see a sample by pseudonym, under Recovered values or by `auditor records --recovered`."
)


def _family(family: str, findings: Sequence[Finding], answer: Answer | None) -> FamilyOf:
    threats: dict[str, list[Finding]] = {}
    for finding in findings:
        threats.setdefault(finding.threat, []).append(finding)
    adversaries = tuple(Adversary(words, tuple(members)) for words, members in threats.items())
    title = FAMILIES.get(family) or family[:1].upper() + family[1:].replace("-", " ")
    shows = "; ".join(dict.fromkeys(f.shows for f in findings if f.shows))
    apart = PERSONAL if any(f.kind in ("attribute", "records", "missing-record") for f in findings) else ""
    return FamilyOf(family, title, f"family-{family}", shows, apart, answer, adversaries)
