"""What a defence of the output costs those who use the answers: measured on non-members, whose labels the model has not seen."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from auditor.domain.finding import Estimate
from auditor.domain.seeds import generator
from auditor.scoring.estimates import estimate
from auditor.scoring.grading import Grading
from auditor.scoring.intervals import Floats, Interval, around, clopper_pearson, quantile
from auditor.scoring.resampling import weights

BINS = 15  # of the calibration error, each with the same number of records
FEWEST = 30
Labels = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Reading:
    """Answers (n, C) of one channel as a user of them reads them: all classes known, none NaN. `clip`: the least probability that
    the channel can tell from zero; a loss reads no probability as smaller."""

    probabilities: Floats
    clip: float

    @property
    def labels(self) -> Labels:
        return np.asarray(self.probabilities.argmax(axis=1), dtype=np.intp)


def of_labels(answers: Floats, truth: Labels) -> Reading:
    """Labels (n, C) as 0/1, read by someone who knows how often the labels are right: that share for the class named, the rest in
    equal parts for the others."""
    right = float(np.clip((answers.argmax(axis=1) == truth).mean(), 1 / answers.shape[1], 1 - 1e-6))
    rest = (1 - right) / max(1, answers.shape[1] - 1)
    return Reading(np.where(answers > 0, right, rest), 1e-7)


def utility(before: Reading, after: Reading, truth: Labels | None, grading: Grading) -> tuple[Estimate, ...]:
    """What changes for users of the answers, on n records: `before` as it is, `after` through the channel. `truth` (n,) is None
    where the records' labels are no real ones (canaries): then only what changes is told.

    label_change and probability_change (half the sum over classes, between 0 and 1) need no truth; task_accuracy, log_loss (nats),
    log_loss_change (after minus before, paired), brier (sum over classes) and calibration_error (15 bins of equal size by the
    probability of the named class; the bootstrap's interval, and upwards biased where records are few) do.
    """
    n, alpha = len(before.probabilities), grading.marginal_alpha
    if n < FEWEST:
        return tuple(Estimate(name, reason=f"needs {FEWEST} non-members; there are {n}") for name in NAMES)
    changed = before.labels != after.labels
    moved = np.abs(before.probabilities - after.probabilities).sum(axis=1) / 2
    found = [
        estimate("label_change", clopper_pearson(int(changed.sum()), n, alpha), n, grading),
        estimate("probability_change", mean(moved, alpha, (0.0, 1.0)), n, grading),
    ]
    return (*found, *(_against(before, after, truth, grading) if truth is not None else _untold()))


NAMES = (
    "label_change",
    "probability_change",
    "task_accuracy",
    "log_loss",
    "log_loss_change",
    "brier",
    "calibration_error",
)


def cost(found: Sequence[Estimate]) -> tuple[float, float]:
    """What defences are ordered by: the rise of the log-loss, then how far probabilities move."""
    by_name = {e.name: e.value or 0.0 for e in found}
    return by_name["log_loss_change"], by_name["probability_change"]


def mean(values: Floats, alpha: float, within: tuple[float, float] = (-np.inf, np.inf)) -> Interval:
    """The mean of (n,) values with its normal interval, cut to where a mean can lie."""
    value, half = float(values.mean()), quantile(alpha) * float(values.std(ddof=1)) / np.sqrt(len(values))
    return Interval(max(within[0], value - half), value, min(within[1], value + half))


def calibration_error(reading: Reading, truth: Labels, alpha: float, seed: int) -> Interval:
    """Expected calibration error: in bins of equal size, the share of right labels beside the mean probability of the label."""
    surety = reading.probabilities.max(axis=1)
    gap = surety - (reading.labels == truth)
    edges = np.unique(np.quantile(surety, np.linspace(0, 1, BINS + 1)[1:-1]))
    member = np.eye(len(edges) + 1)[np.searchsorted(edges, surety, side="right")]
    binned = member * gap[:, None]
    value = float(np.abs(binned.sum(axis=0)).sum() / len(gap))
    resampled = [np.abs(drawn @ binned).sum(axis=1) / len(gap) for drawn in weights(len(gap), generator(seed, "calibration"))]
    return around(value, np.concatenate(resampled), alpha)


def _against(before: Reading, after: Reading, truth: Labels, grading: Grading) -> list[Estimate]:
    n, alpha = len(truth), grading.marginal_alpha
    losses = [_loss(reading, truth) for reading in (before, after)]
    squares = ((after.probabilities - np.eye(after.probabilities.shape[1])[truth]) ** 2).sum(axis=1)
    right = int((after.labels == truth).sum())
    found = {
        "task_accuracy": clopper_pearson(right, n, alpha),
        "log_loss": mean(losses[1], alpha, (0.0, np.inf)),
        "log_loss_change": mean(losses[1] - losses[0], alpha),
        "brier": mean(squares, alpha, (0.0, 2.0)),
        "calibration_error": calibration_error(after, truth, alpha, grading.seed),
    }
    return [estimate(name, interval, n, grading) for name, interval in found.items()]


def _untold() -> list[Estimate]:
    return [Estimate(name, reason="the labels of canaries are no real ones") for name in NAMES[2:]]


def _loss(reading: Reading, truth: Labels) -> Floats:
    return np.asarray(-np.log(np.clip(reading.probabilities[np.arange(len(truth)), truth], reading.clip, 1.0)))
