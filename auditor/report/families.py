"""Findings by family and, within one, by the adversary that they assume: told once, above the attacks it could run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from auditor.report.findings import Finding, finding_of
from auditor.report.verdict import Answer, level_of
from auditor.report.words import FAMILIES

Document = Mapping[str, Any]
ORDER = {"breach": 0, "inconclusive": 1}


@dataclass(frozen=True)
class Adversary:
    """One threat model in plain words and the findings under it, the worst first."""

    words: str
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class FamilyOf:
    """`shows` is what a success would show. The first finding of the first adversary is the headline; it stands open."""

    family: str
    title: str
    anchor: str
    shows: str
    answer: Answer | None
    adversaries: tuple[Adversary, ...]

    @property
    def findings(self) -> tuple[Finding, ...]:
        return tuple(f for adversary in self.adversaries for f in adversary.findings)


def families_of(result: Document, answers: Sequence[Answer]) -> tuple[FamilyOf, ...]:
    """The family with the worst finding first."""
    answered, numbered = {a.family: a for a in answers}, 0
    found = []
    for family, documents in by_family(result).items():
        level = level_of(result, family)
        findings = [finding_of(f, level, numbered + i) for i, f in enumerate(documents, start=1)]
        numbered += len(findings)
        found.append(_family(family, findings, answered.get(family)))
    return tuple(found)


def by_family(result: Document) -> dict[str, list[Document]]:
    """Breaches, then open questions, then the rest; within each the highest lower limit first, then the highest score."""
    grouped: dict[str, list[Document]] = {}
    for finding in sorted(result.get("findings", ()), key=_weight):
        grouped.setdefault(str(finding["family"]), []).append(finding)
    return grouped


def _weight(finding: Document) -> tuple[int, float, float]:
    return ORDER.get(finding["outcome"], 2), -(finding.get("score_low") or 0), -(finding.get("score") or 0)


def _family(family: str, findings: Sequence[Finding], answer: Answer | None) -> FamilyOf:
    threats: dict[str, list[Finding]] = {}
    for finding in findings:
        threats.setdefault(finding.threat, []).append(finding)
    adversaries = tuple(Adversary(words, tuple(members)) for words, members in threats.items())
    title = FAMILIES.get(family) or family[:1].upper() + family[1:].replace("-", " ")
    shows = "; ".join(dict.fromkeys(f.shows for f in findings if f.shows))
    return FamilyOf(family, title, f"family-{family}", shows, answer, adversaries)
