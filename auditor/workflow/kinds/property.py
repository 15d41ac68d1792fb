"""Property inference: one guess about all members, held against the share among them."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from auditor.attacks.inversion.property_worlds import has_value
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
    """None: the held-out models of both worlds, half of each, are the attack's own controls."""
    return {}


def truth(look: Look, item: Item) -> Truth:
    """`attribute` is 1 for candidates with the property, else 0."""
    features = look.material.data.candidates.features
    column, value = str(item["params"].get("column", "")), str(item["params"].get("value", ""))
    if column not in features.columns:
        return membership.truth(look, item)
    return replace(membership.truth(look, item), attribute=has_value(features, column, value).astype(np.intp))


def checks(look: Look, case: Case, ran: Mapping[str, Evidence], grading: Grading) -> dict[str, Control]:
    return {}
