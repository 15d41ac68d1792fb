"""One training record out of a model and all the others: claims about single members against these."""

from collections.abc import Mapping

from auditor.attacks.inversion import linear_record_known
from auditor.attacks.inversion.linear_record import LinearRecord
from auditor.domain.attack import Attack, Query
from auditor.domain.data import AuditData
from auditor.domain.evidence import Evidence, Reconstructions
from auditor.domain.finding import Control
from auditor.domain.shadow import ShadowOutputs
from auditor.scoring import missing_record_controls
from auditor.scoring.assess import Grading
from auditor.workflow.case import Case
from auditor.workflow.kinds import reconstruction
from auditor.workflow.look import Look

truth = reconstruction.truth


def targets(attack: Attack, data: AuditData, shadows: ShadowOutputs | None, seed: int) -> dict[str, Query]:
    """None: nothing is asked, and the models whose records are known are computed with."""
    return {}


def checks(look: Look, case: Case, ran: Mapping[str, Evidence], grading: Grading) -> dict[str, Control]:
    assert isinstance(case.evidence, Reconstructions) and isinstance(case.attack, LinearRecord)  # noqa: S101, PT018 - the kind's
    found = linear_record_known.rebuilt_share(*linear_record_known.found_of(case.attack, grading.seed))
    strangers = linear_record_known.found_of_strangers(case.attack, grading.seed)
    return {
        "known_target": missing_record_controls.known(found),
        "negative": missing_record_controls.strangers(strangers),
        "all_records": missing_record_controls.premise(case.evidence.figures["gradient_left"]),
    }
