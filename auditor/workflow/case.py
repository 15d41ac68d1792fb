"""One attack's evidence beside its baseline and the truth, as it is graded."""

from dataclasses import dataclass

from auditor.domain.attack import Attack
from auditor.domain.evidence import Evidence
from auditor.scoring.assess import Assessment, Truth
from auditor.workflow.look import Item


@dataclass(frozen=True, eq=False)
class Case:
    """`first`: how it was graded when it was checked, on the terms of the first round; None where attacks that fell out leave the
    others more of the error."""

    item: Item
    attack: Attack
    evidence: Evidence
    baseline: Evidence | None
    truth: Truth
    first: Assessment | None = None
