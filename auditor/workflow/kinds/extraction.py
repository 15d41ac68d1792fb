"""Model stealing: a copy against the target's own answers."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from auditor.attacks.stealing import twin
from auditor.domain.attack import Attack, Query
from auditor.domain.data import AuditData
from auditor.domain.evidence import Copies, Evidence
from auditor.domain.finding import Control
from auditor.domain.seeds import derive
from auditor.domain.shadow import ShadowOutputs
from auditor.scoring import controls
from auditor.scoring.assess import Grading, Truth
from auditor.workflow.case import Case
from auditor.workflow.kinds import membership
from auditor.workflow.look import Item, Look
from auditor.workflow.recorded import answers_of


def targets(attack: Attack, data: AuditData, shadows: ShadowOutputs | None, seed: int) -> dict[str, Query]:
    """A rule that can be learned, and pure noise. An attack that copies one kind of model alone brings a rule of that kind: a
    method `known_target(auxiliary, columns, classes, seed) -> Query`."""
    known = getattr(attack, "known_target", twin.known_target)
    return {
        "known_target": known(data.auxiliary, data.columns, len(data.classes), derive(seed, "known-target")),
        "noise_target": twin.noise_target(len(data.classes), derive(seed, "noise-target")),
    }


def truth(look: Look, item: Item) -> Truth:
    """The target's own class for every candidate, from its recorded answers, -1 where it was never asked; or its own number."""
    answers = answers_of(look.services, look.material)
    known = membership.truth(look, item)
    if not known.classes:
        return replace(known, target_values=np.full(len(known.labels), np.nan) if answers is None else answers[:, 0])
    if answers is None:
        return replace(known, target_labels=np.full(len(known.labels), -1, dtype=np.intp))
    unasked = np.isnan(answers).all(axis=1)
    labels = np.where(unasked, -1, np.nan_to_num(answers, nan=-np.inf).argmax(axis=1))
    return replace(known, target_labels=labels, target_answers=answers)


def checks(look: Look, case: Case, ran: Mapping[str, Evidence], grading: Grading) -> dict[str, Control]:
    known, noise = ran["known_target"], ran["noise_target"]
    assert isinstance(known, Copies) and isinstance(noise, Copies)  # noqa: S101, PT018 - the same attack
    return controls.stealing(known, noise, case.baseline, case.truth, grading)
