"""Targets whose truth is known: positive and negative controls that every attack is run against."""

import numpy as np
from numpy.typing import NDArray

from auditor.attacks.inversion import twin as attribute_twin
from auditor.attacks.membership.twin import Answers, memory
from auditor.attacks.signals import complete
from auditor.attacks.stealing import twin as stealing_twin
from auditor.domain.attack import Attack, Query
from auditor.domain.data import AuditData
from auditor.domain.seeds import derive
from auditor.domain.shadow import ShadowOutputs

REMEMBERED = 1.0 - 1e-6


def targets_for(attack: Attack, data: AuditData, shadows: ShadowOutputs | None, seed: int) -> dict[str, Query]:
    """By name of the control: the lookup twin (members remembered), or for stealing a known rule and pure noise."""
    if attack.kind == "attribute":
        return {"lookup_twin": attribute_twin.lookup_answers(data)}
    if attack.family == "stealing":
        return {
            "known_target": stealing_twin.known_target(
                data.auxiliary, data.columns, len(data.classes), derive(seed, "known-target")
            ),
            "noise_target": stealing_twin.noise_target(len(data.classes), derive(seed, "noise-target")),
        }
    return {"lookup_twin": lookup_twin(data, shadows)}


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
    total = np.einsum("kn,knc->nc", out.astype(float), complete(shadows.probabilities))
    return np.asarray(total / np.maximum(1, out.sum(axis=0))[:, None])
