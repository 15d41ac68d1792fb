"""How many shadow models one step trains: few enough to end in time, enough that the step itself costs nothing beside them.

Learners as their libraries have them were measured beforehand. Where one has parameters of its own, or there is much to do, the
first shadow is trained alone and timed, and the others are cut by what it took. What a shadow answers depends on its index
alone, so cuts change how long a step takes and nothing else.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

SHADOWS_PER_STEP = 4
MOST = 4 * SHADOWS_PER_STEP
STEPS_A_LOOK = 4
"""Steps that a look is cut into at least, so that workers share it."""
LONGEST, COMFORTABLE = 110.0, 60.0  # seconds

# For 1,000 records that a shadow is trained on, on about 100 columns, one thread: benchmarks/shadows.py.
FIT_SECONDS_PER_1000 = {
    "xgboost": 0.03,
    "random-forest": 0.15,
    "logistic-regression": 0.005,
    "linear-regression": 0.005,
    "mlp": 0.4,
    "extra-trees": 0.15,
    "decision-tree": 0.015,
    "gradient-boosting": 0.3,
    "hist-gradient-boosting": 0.1,
    "lightgbm": 0.1,
    "k-nearest-neighbours": 0.1,
    "svm": 0.5,
    "naive-bayes": 0.01,
}
UNKNOWN = 0.15
GROWS_WITH_THE_SQUARE = ("svm", "k-nearest-neighbours")
OVERHEAD = 0.05

FIRST = "shadows:0-0"
"""The step that is timed."""
SHORT = 20.0  # seconds: audits whose shadows take less are not worth a step more


@dataclass(frozen=True)
class Fits:
    """What one shadow takes: `expected` beforehand; `is_timed` where that is not relied on, and then `measured`, None until the
    first step has ended (or found its shadow in store, and trained nothing)."""

    expected: float
    is_timed: bool = False
    is_first_done: bool = False
    measured: float | None = None

    @property
    def seconds(self) -> float:
        return self.measured or self.expected

    def chunks(self, indices: range) -> Iterator[range]:
        """The shadows with these indices, cut into steps; only the first one while it has to be timed."""
        start = indices.start
        if self.is_timed and start == 0:
            yield range(1)
            start = 1
        if self.is_timed and not self.is_first_done:
            return
        size = shadows_a_step(self.seconds, len(indices))
        yield from (range(first, min(first + size, indices.stop)) for first in range(start, indices.stop, size))


def fits(learner: str, params: Mapping[str, Any], candidates: int, shadows: int, done: Mapping[str, Mapping[str, Any]]) -> Fits:
    """For an audit of up to so many `shadows`, from what its steps recorded (`done`)."""
    expected = fit_seconds(learner, candidates)
    is_timed = bool(params) or shadows * expected > SHORT
    return Fits(expected, is_timed, FIRST in done, done.get(FIRST, {}).get("seconds_a_fit"))


def fit_seconds(learner: str, candidates: int) -> float:
    """What one shadow is expected to take: trained on half of the candidates, asked about all of them."""
    thousands = candidates / 2000
    grown = thousands * max(1.0, thousands) if learner in GROWS_WITH_THE_SQUARE else thousands
    return FIT_SECONDS_PER_1000.get(learner, UNKNOWN) * grown + OVERHEAD


def shadows_a_step(seconds: float, count: int) -> int:
    """How many of `count` shadows that take `seconds` each make a comfortable step; below two minutes if one fit is."""
    if SHADOWS_PER_STEP * seconds > LONGEST:
        return max(1, int(LONGEST / seconds))
    share = min(MOST, count // STEPS_A_LOOK, int(COMFORTABLE / seconds))
    return max(SHADOWS_PER_STEP, share // SHADOWS_PER_STEP * SHADOWS_PER_STEP)
