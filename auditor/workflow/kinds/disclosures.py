"""Deterministic checks: nothing is sampled, so there is no baseline and no control."""

from collections.abc import Mapping

from auditor.domain.attack import Attack, Query
from auditor.domain.data import AuditData
from auditor.domain.evidence import Evidence
from auditor.domain.finding import Control
from auditor.domain.shadow import ShadowOutputs
from auditor.scoring.assess import Grading, Truth
from auditor.workflow.case import Case
from auditor.workflow.kinds import membership
from auditor.workflow.look import Item, Look


def targets(attack: Attack, data: AuditData, shadows: ShadowOutputs | None, seed: int) -> dict[str, Query]:
    return {}


def truth(look: Look, item: Item) -> Truth:
    return membership.truth(look, item)


def checks(look: Look, case: Case, ran: Mapping[str, Evidence], grading: Grading) -> dict[str, Control]:
    return {}
