"""The blind baseline of an audit, read back from its step: a control of every membership finding."""

from typing import Any

from auditor.domain.evidence import Evidence, MembershipScores
from auditor.domain.finding import Control
from auditor.scoring.assess import Assessment, Grading, Truth
from auditor.scoring.validity import BlindScores, against_blind
from auditor.workflow.look import Look
from auditor.workflow.material import Material

MISSING = Control(False, "The blind baseline could not run, so a difference between members and non-members cannot be ruled out.")


def blind_of(material: Material) -> dict[str, Control]:
    """As a control it fails only where it could not run; when it fired, the figures are corrected instead."""
    return {} if "blind" in material.results else {"blind_baseline": MISSING}


def blind_json(material: Material) -> dict[str, Any] | None:
    if "blind" in material.results:
        return dict(material.results["blind"]["control"])
    asked = any(i["family"] == "membership" for i in material.results["probe"]["run"])
    return MISSING.as_json() if asked else None


def weigh_against_blind(look: Look, evidence: Evidence, truth: Truth, assessment: Assessment, grading: Grading) -> Assessment:
    """Where the blind baseline fired, an attack is worth only what it finds beyond it."""
    blind = look.material.results.get("blind")
    if blind is None or not blind["fired"] or not isinstance(evidence, MembershipScores):
        return assessment
    with look.services.database.read() as tx:
        arrays = look.services.artifacts.get_arrays(tx, look.material.audit.workspace_id, blind["evidence"])
    return against_blind(evidence, truth, assessment, BlindScores(arrays["rows"], arrays["scores"]), grading)
