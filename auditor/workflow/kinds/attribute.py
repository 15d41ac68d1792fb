"""Attribute inference: guesses against the true values of the candidates."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from auditor.attacks.inversion.completion import value_indices
from auditor.attacks.inversion.twin import lookup_answers
from auditor.domain.attack import Attack, Query
from auditor.domain.data import AuditData
from auditor.domain.evidence import AttributeGuesses, Evidence
from auditor.domain.finding import Control
from auditor.domain.shadow import ShadowOutputs
from auditor.domain.threat import Sees
from auditor.scoring import controls
from auditor.scoring.assess import Grading, Truth, assess
from auditor.workflow.case import Case
from auditor.workflow.kinds import membership
from auditor.workflow.look import Item, Look

FILE = "It reads the submitted file and asks nothing, so a target that remembers its members cannot be put in its place."


def targets(attack: Attack, data: AuditData, shadows: ShadowOutputs | None, seed: int) -> dict[str, Query]:
    """A table of the members. Who reads a file asks nothing, so no table can stand in for it."""
    return {} if attack.threat_model.sees is Sees.PARAMETERS else {"lookup_twin": lookup_answers(data)}


def truth(look: Look, item: Item) -> Truth:
    """The true value of each candidate as an index into the attribute's values, -1 for one the adversary never saw; of a number the
    nearest on the grid, and the number itself."""
    sensitive = look.material.sensitive(item["sensitive"])
    assert sensitive is not None  # noqa: S101 - planned only for attributes that exist
    features = look.material.data.candidates.features
    numbers = features[sensitive.columns[0]].to_numpy(dtype=np.float64) if sensitive.is_number else None
    return replace(membership.truth(look, item), attribute=value_indices(features, sensitive), numbers=numbers)


def checks(look: Look, case: Case, ran: Mapping[str, Evidence], grading: Grading) -> dict[str, Control]:
    assert isinstance(case.evidence, AttributeGuesses)  # noqa: S101 - the kind's
    negative = controls.attribute_negative(case.evidence, case.baseline, case.truth, grading)
    if case.attack.threat_model.sees is Sees.PARAMETERS:
        return {"lookup_twin": Control(None, FILE), "negative": negative}
    twin = assess(ran["lookup_twin"], case.truth, grading, case.baseline)
    return {"lookup_twin": controls.lookup_twin(twin), "negative": negative}
