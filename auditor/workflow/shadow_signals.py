"""The signal that grading reads off answers: logit-scaled confidence in the true class, or how close a value is to the true one."""

import numpy as np
from numpy.typing import NDArray

from auditor.attacks import signals
from auditor.attacks.membership import pairs
from auditor.domain.data import Records
from auditor.domain.shadow import ShadowOutputs
from auditor.domain.target import Profile
from auditor.scoring.vulnerability import ShadowSignals


def logits_of(answers: NDArray[np.float64], candidates: Records, profile: Profile) -> NDArray[np.float64]:
    """(..., n) from answers (..., n, C); higher means more like a member."""
    if candidates.values is not None:
        return np.asarray(-np.abs(answers[..., 0] - candidates.values))
    return signals.logit_confidence(answers, candidates.labels, profile.clip)


def signals_of(shadows: ShadowOutputs, candidates: Records, profile: Profile) -> ShadowSignals:
    """A target that answers a value has no probabilities."""
    logits = pairs.signals_of(shadows, lambda answers: logits_of(answers, candidates, profile))
    if candidates.values is not None:
        return ShadowSignals(logits, shadows.masks)
    confidence = pairs.signals_of(shadows, lambda answers: signals.confidence(answers, candidates.labels, profile.clip))
    return ShadowSignals(logits, shadows.masks, confidence)
