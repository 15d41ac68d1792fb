"""Membership inference: the twin that remembers its members, and the split itself."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from auditor.attacks.membership.twin import Answers, memory
from auditor.attacks.signals import complete
from auditor.domain.attack import Attack, Query
from auditor.domain.data import AuditData
from auditor.domain.evidence import Evidence, MembershipScores
from auditor.domain.finding import Control
from auditor.domain.shadow import ShadowOutputs
from auditor.scoring import controls
from auditor.scoring.assess import Grading, Truth, assess
from auditor.workflow.blindness import blind_of
from auditor.workflow.case import Case
from auditor.workflow.look import Item, Look

REMEMBERED = 1.0 - 1e-6


def targets(attack: Attack, data: AuditData, shadows: ShadowOutputs | None, seed: int) -> dict[str, Query]:
    return {"lookup_twin": lookup_twin(data, shadows)}


def truth(look: Look, item: Item) -> Truth:
    """Who was trained on, and the labels: what every kind of evidence is held against."""
    data = look.material.data
    return Truth(data.is_member, data.candidates.labels, None, None, len(data.classes))


def checks(look: Look, case: Case, ran: Mapping[str, Evidence], grading: Grading) -> dict[str, Control]:
    assert isinstance(case.evidence, MembershipScores)  # noqa: S101 - the kind's
    twin = assess(ran["lookup_twin"], case.truth, grading, case.baseline)
    found = {
        "lookup_twin": controls.lookup_twin(twin),
        "negative": controls.negative(case.evidence, case.truth, grading),
        "pseudo_targets": controls.pseudo_targets(case.evidence, case.truth, grading),
    }
    return found | blind_of(look.material) | look.checks.of_membership


def lookup_twin(data: AuditData, shadows: ShadowOutputs | None) -> Query:
    """A model that remembers its members and generalises like the average shadow on everybody else.

    The answer for a candidate that is no member is the mean over shadows that never saw it; other records are answered as
    `auditor.attacks.membership.twin` says.
    """
    answers = Answers(_remembered(data), _generalised(data, shadows), data.is_member)
    return memory(data.candidates.features, data.columns, answers)


def _remembered(data: AuditData) -> NDArray[np.float64]:
    """(n, C): each record's own label; (n, 1) its own value where the target answers one."""
    if data.candidates.values is not None:
        return data.candidates.values[:, None]
    labels = data.candidates.labels
    remembered = np.full((len(labels), len(data.classes)), (1.0 - REMEMBERED) / max(1, len(data.classes) - 1))
    remembered[np.arange(len(labels)), labels] = REMEMBERED
    return remembered


def _generalised(data: AuditData, shadows: ShadowOutputs | None) -> NDArray[np.float64]:
    if shadows is None and data.candidates.values is not None:
        return np.full((len(data.candidates), 1), data.candidates.values.mean())
    if shadows is None:
        prior = np.bincount(data.candidates.labels, minlength=len(data.classes)) / len(data.candidates)
        return np.tile(prior, (len(data.candidates), 1))
    out = ~shadows.masks
    total = np.zeros((len(data.candidates), shadows.answers(0).shape[-1]))
    for shadow, is_out in enumerate(out):
        total += is_out[:, None] * complete(shadows.answers(shadow))
    return np.asarray(total / np.maximum(1, out.sum(axis=0))[:, None])
