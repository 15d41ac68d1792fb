"""The one place where evidence meets the truth: a branch for each kind of evidence."""

from auditor.domain.evidence import (
    AttributeGuesses,
    CanarySignals,
    Disclosures,
    Evidence,
    MembershipScores,
    PropertyGuess,
    Reconstructions,
)
from auditor.scoring.attribute import assess_attribute
from auditor.scoring.canary_exposure import assess_exposure_of_canaries
from auditor.scoring.disclosures import assess_disclosures
from auditor.scoring.grading import Assessment, Grading, Originals, Truth
from auditor.scoring.membership import assess_membership
from auditor.scoring.missing_records import assess_missing
from auditor.scoring.property import assess_property
from auditor.scoring.rebuilt_records import assess_rebuilt
from auditor.scoring.reconstruction import assess_reconstruction
from auditor.scoring.stealing import assess_stealing

__all__ = ["Assessment", "Grading", "Originals", "Truth", "assess"]


def assess(evidence: Evidence, truth: Truth, grading: Grading, baseline: Evidence | None = None) -> Assessment:
    """Grade one attack's evidence; `baseline` is the evidence of the same attack without the model, where its kind has one.

    Raises AttackFailed, with a sentence, for evidence that cannot be graded.
    """
    if isinstance(evidence, MembershipScores):
        return assess_membership(evidence, truth, grading)
    if isinstance(evidence, AttributeGuesses):
        return assess_attribute(evidence, baseline, truth, grading)
    if isinstance(evidence, CanarySignals):
        return assess_exposure_of_canaries(evidence, truth, grading)
    if isinstance(evidence, PropertyGuess):
        return assess_property(evidence, truth, grading)
    if isinstance(evidence, Disclosures):
        return assess_disclosures(evidence, truth, grading)
    if isinstance(evidence, Reconstructions) and evidence.rows is not None:
        return assess_missing(evidence, baseline, truth, grading)
    if isinstance(evidence, Reconstructions) and evidence.is_each:
        return assess_rebuilt(evidence, truth, grading)
    if isinstance(evidence, Reconstructions):
        return assess_reconstruction(evidence, baseline, truth, grading)
    return assess_stealing(evidence, baseline, truth, grading)
