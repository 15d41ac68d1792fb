"""The pool of shadow models: the content key of one of them, and its stored answers as the target would show them."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from auditor.domain.learner import Learner, Task
from auditor.domain.shadow import ShadowOutputs
from auditor.domain.target import Output, Profile
from auditor.learners import check
from auditor.learners.estimators import versions

# Change this when the encoding, the design, the seeds or the stored arrays of shadows change, so that nothing old is taken for new.
TRAINING_VERSION = 5


def key(pool_digest: str, learner: Learner, index: int, seed: int, installed: Mapping[str, str] | None = None) -> str:
    """What the outputs of one shadow depend on, as a hexadecimal digest: never the target, so a new version of the target
    reuses every shadow. `installed`: versions of libraries, by default of those that are installed."""
    checked = check(learner)
    content = {
        "training": TRAINING_VERSION,
        "pool": pool_digest,
        "learner": checked.name,
        "task": str(checked.task),
        "params": dict(checked.params),
        "index": index,
        "seed": seed,
        "versions": versions(checked) if installed is None else dict(installed),
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def array_name(task: Task) -> str:
    """Under which name one shadow's answers are stored: what they are differs by task."""
    return "values" if task is Task.REGRESSION else "log_odds"


def kept(answers: NDArray[np.float32], task: Task) -> dict[str, NDArray[np.float32]]:
    """One shadow's answers (n, C) as they are stored. Of two classes only the second: the log-odds of the first are its negative.
    Near 0 and 1 that is also the finer one, where a library rounds the first to 32 bits as the complement of the second."""
    is_binary = task is Task.CLASSIFICATION and answers.shape[-1] == 2
    return {array_name(task): np.ascontiguousarray(answers[:, 1:]) if is_binary else answers}


def _both_classes(stored: NDArray[np.float32]) -> NDArray[np.float32]:
    """Log-odds (..., 1) of the second of two classes -> (..., 2); with more classes as they are."""
    return np.concatenate([-stored, stored], axis=-1) if stored.shape[-1] == 1 else stored


class StoredOutputs(ShadowOutputs):
    """Answers kept as they were stored, in 32 bits and one column for two classes: an eighth of what is shown."""

    stored: NDArray[np.float32]
    profile: Profile

    def __init__(self, stored: NDArray[np.float32], masks: NDArray[np.bool_], profile: Profile) -> None:
        for name, value in (("stored", stored), ("masks", masks), ("profile", profile)):
            object.__setattr__(self, name, value)

    @cached_property
    def probabilities(self) -> NDArray[np.float64]:
        """All at once, and from then on kept so."""
        return shown(self.stored, self.profile)

    def answers(self, shadow: int) -> NDArray[np.float64]:
        return shown(self.stored[shadow], self.profile)

    def chosen(self, shadows: Sequence[int] | NDArray[np.intp]) -> ShadowOutputs:
        rows = list(shadows)
        return StoredOutputs(self.stored[rows], self.masks[rows], self.profile)

    def of_records(self, records: slice) -> ShadowOutputs:
        return StoredOutputs(self.stored[:, records], self.masks[:, records], self.profile)


def outputs(stored: NDArray[np.float32], masks: NDArray[np.bool_], profile: Profile) -> ShadowOutputs:
    """Stored log-odds (K, n, C), or (K, n, 1) of the second of two classes, as probabilities of the target's channel: labels as
    0/1, classes that the target does not return as NaN, rounded to the target's decimals; stored values (K, n, 1) as values,
    rounded likewise. Attacks calibrated on sharper answers than they get would misjudge."""
    return StoredOutputs(stored, masks, profile)


def shown(stored: NDArray[np.float32], profile: Profile) -> NDArray[np.float64]:
    """(..., n, C) through the target's channel, from what is stored."""
    if profile.output is Output.VALUE:
        return values_as_shown(stored.astype(np.float64), profile.decimals)
    return as_shown(probabilities(_both_classes(stored)), profile)


def values_as_shown(values: NDArray[np.float64], decimals: int | None) -> NDArray[np.float64]:
    """Values seen through the channel of the target; -3 decimals are whole thousands."""
    return values if decimals is None else np.round(values, decimals)


def probabilities(log_odds: NDArray[np.float32]) -> NDArray[np.float64]:
    """The inverse of `trainers.log_odds`, in 64 bits."""
    wide = log_odds.astype(np.float64)
    np.negative(wide, out=wide)
    np.exp(wide, out=wide)
    wide += 1.0
    return np.reciprocal(wide, out=wide)


def as_shown(sharp: NDArray[np.float64], profile: Profile) -> NDArray[np.float64]:
    """Probabilities (..., C) seen through the channel of the target; ties of the label go to the first class."""
    if profile.output is Output.LABELS:
        return np.asarray(np.arange(sharp.shape[-1]) == sharp.argmax(axis=-1)[..., None], dtype=np.float64)
    shown = sharp if profile.decimals is None else _rounded(sharp, profile.decimals)
    if profile.output is Output.TOP_K and 0 < profile.top < sharp.shape[-1]:
        rank = np.argsort(np.argsort(-sharp, axis=-1, kind="stable"), axis=-1, kind="stable")
        shown = np.where(rank < profile.top, shown, np.nan)
    return shown


def _rounded(sharp: NDArray[np.float64], decimals: int) -> NDArray[np.float64]:
    # Forests answer exact halves of a unit (0.35); storage in 32 bits must not decide which way those are rounded.
    return np.round(np.round(sharp, 6) if decimals < 6 else sharp, decimals)
