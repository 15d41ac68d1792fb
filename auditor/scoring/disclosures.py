"""Grading of deterministic checks: what was found is certain, so a score has no interval."""

from auditor.domain.evidence import Disclosures
from auditor.domain.finding import Estimate, Severity
from auditor.scoring.grading import Assessment

FLOORS = {Severity.NONE: 0.0, Severity.LOW: 5.0, Severity.MODERATE: 25.0, Severity.HIGH: 50.0, Severity.CRITICAL: 75.0}
"""The score at which each severity begins (docs/score.md); a check that found something is worth the floor of its severity."""


def assess_disclosures(evidence: Disclosures) -> Assessment:
    """The gravest thing that was found. What could not be looked at leaves the finding unresolved, with an open upper limit."""
    found = [check for check in evidence.checks if check.found]
    unseen = [check for check in evidence.checks if check.found is None]
    score = max((FLOORS[check.severity] for check in found), default=0.0)
    sentences = tuple(check.sentence for check in (*found, *unseen))
    if unseen and not found:
        return Assessment(_counted(evidence), None, None, None, sentences, resolved=False)
    high = max([score, *(FLOORS[check.severity] for check in unseen)])
    return Assessment(_counted(evidence), score, score, high, sentences, resolved=not unseen)


def _counted(evidence: Disclosures) -> tuple[Estimate, ...]:
    """How many checks found something, of all that there are."""
    return (Estimate("disclosures", float(sum(check.found is True for check in evidence.checks)), n=len(evidence.checks)),)
