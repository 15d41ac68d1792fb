"""The one place where evidence meets the truth: a branch for each kind of evidence."""

from auditor.domain.evidence import Evidence, MembershipScores
from auditor.scoring.grading import Assessment, Grading, Truth
from auditor.scoring.membership import assess_membership

__all__ = ["Assessment", "Grading", "Truth", "assess"]


def assess(evidence: Evidence, truth: Truth, grading: Grading, baseline: Evidence | None = None) -> Assessment:
    """Grade one attack's evidence; `baseline` is the evidence of the same attack without the model, where its kind has one.

    Raises AttackFailed, with a sentence, for evidence that cannot be graded.
    """
    if isinstance(evidence, MembershipScores):
        return assess_membership(evidence, truth, grading)
    raise NotImplementedError
