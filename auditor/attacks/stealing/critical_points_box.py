"""Numeric columns as a box, answers as scores: what a search for critical points is made on, and why there may be none."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from auditor.domain.attack import Context
from auditor.domain.data import Column, ColumnType
from auditor.domain.target import Profile

Floats = NDArray[np.float64]
LEAST_DIGITS = 10
SMALLEST = 1e-300
SURE = 1e-5
"""Log-odds of two classes lose digits where one is this unlikely, for its probability is what is left to 1."""
EPSILON, ENOUGH = 4e-16, 50
OWN = 1e-17
"""A probability below this is computed by itself: what another leaves to 1 is a multiple of 1e-16, or 0."""


class Spent(Exception):
    """The search has asked all it may; what it found so far is no copy."""


@dataclass(frozen=True, eq=False)
class Box:
    """Columns that vary, between the extremes of the auxiliary records; the others stay where they are."""

    numbers: tuple[Column, ...]
    centre: Floats
    half: Floats

    @staticmethod
    def of(features: pd.DataFrame, columns: Sequence[Column]) -> "Box":
        low, high = (features[[c.name for c in columns]].agg(side).to_numpy(dtype=np.float64) for side in ("min", "max"))
        return Box(tuple(columns), (low + high) / 2, (high - low) / 2)

    @property
    def varies(self) -> NDArray[np.bool_]:
        return np.asarray(self.half > 0)

    def frame(self, points: Floats) -> pd.DataFrame:
        cells = np.tile(self.centre, (len(points), 1))
        cells[:, self.varies] += points * self.half[self.varies]
        return pd.DataFrame(cells, columns=[c.name for c in self.numbers])

    def points(self, frame: pd.DataFrame) -> Floats:
        """(n, varying columns); a missing cell is the centre."""
        cells = frame[[c.name for c in self.numbers]].to_numpy(dtype=np.float64, na_value=np.nan)[:, self.varies]
        return np.nan_to_num((cells - self.centre[self.varies]) / self.half[self.varies])


@dataclass(frozen=True, eq=False)
class ScoreForm:
    """Probabilities to log-odds against the class `reference`, and back; numbers stay. `lossy`: of two classes those whose small
    probabilities are what the other leaves to 1, so that their digits are lost."""

    reference: int | None
    lossy: tuple[int, ...] = (0, 1)

    @staticmethod
    def of(answers: Floats) -> "ScoreForm":
        if answers.shape[1] == 1:
            return ScoreForm(None)
        own = ((answers > 0) & (answers < OWN)).any(axis=0)
        return ScoreForm(int(answers.mean(axis=0).argmax()), tuple(int(c) for c in np.flatnonzero(~own)))

    def scores(self, answers: Floats, least: float = SMALLEST) -> Floats:
        """(n, C) -> (n, C - 1), or (n, 1). Probabilities below `least` count as that."""
        if self.reference is None:
            return answers
        logs = np.log(np.maximum(np.nan_to_num(answers), least))
        return np.asarray(np.delete(logs - logs[:, [self.reference]], self.reference, axis=1))

    def answers(self, scores: Floats) -> Floats:
        if self.reference is None:
            return scores
        odds = np.insert(scores, self.reference, 0.0, axis=1)
        shares = np.exp(odds - odds.max(axis=1, keepdims=True))
        return np.asarray(shares / shares.sum(axis=1, keepdims=True))

    def exact(self, answers: Floats) -> NDArray[np.bool_]:
        """(n,) records whose scores are as exact as doubles allow: of two classes those not too sure."""
        least = self._least(answers)
        return np.asarray(np.isfinite(self.scores(answers)).all(axis=1) if least is None else least >= SURE)

    def kept(self, answers: Floats) -> NDArray[np.bool_]:
        """(n,) the same, and ENOUGH in any case."""
        least = self._least(answers)
        if least is None:
            return self.exact(answers)
        return np.asarray(least >= min(SURE, float(np.sort(least)[-min(ENOUGH, len(least))])))

    def surest(self, answers: Floats) -> NDArray[np.intp]:
        """The half of the records whose scores are most exact: of two classes those where the lossy one is most likely."""
        least = self._least(answers)
        return np.arange(len(answers)) if least is None else np.argsort(-least, kind="stable")[: max(1, len(least) // 2)]

    def floor(self, answers: Floats) -> float:
        """The least error of scores, from what doubles lose."""
        least = self._least(answers)
        lost = 0.0 if least is None else EPSILON / max(float(least.min()), SMALLEST)
        return lost + 2 * EPSILON * max(1.0, float(np.abs(self.scores(answers)).max()))

    def _least(self, answers: Floats) -> Floats | None:
        """(n,) the smallest probability whose digits are lost as it nears 0; None where there is no such class."""
        return answers[:, list(self.lossy)].min(axis=1) if answers.shape[1] == 2 and self.lossy else None


@dataclass(eq=False)
class Asking:
    """The target as scores over the box; keeps what it asked. Raises Spent beyond `limit` records."""

    context: Context
    box: Box
    form: ScoreForm
    limit: int
    frames: list[pd.DataFrame] = field(default_factory=list)
    answers: list[Floats] = field(default_factory=list)

    @property
    def columns(self) -> int:
        return int(self.box.varies.sum())

    @property
    def asked(self) -> int:
        return sum(map(len, self.frames))

    def __call__(self, points: Floats) -> Floats:
        if self.asked + len(points) > self.limit:
            raise Spent
        return self.form.scores(self.answer(self.box.frame(points)))

    def answer(self, frame: pd.DataFrame) -> Floats:
        answers = self.context.query(frame)
        self.frames.append(frame)
        self.answers.append(answers)
        return answers


def obstacle(features: pd.DataFrame, columns: Sequence[Column], profile: Profile) -> str | None:
    """Why no critical point can be searched for: a sentence, or None."""
    others = [c.name for c in columns if c.type is not ColumnType.NUMBER]
    if others:
        return (
            f"Critical points are searched for along lines through numbers, and {', '.join(others[:3])}"
            f"{' and others are' if len(others) > 3 else ' is' if len(others) == 1 else ' are'} not continuous."
        )
    if features.isna().any(axis=None):
        return "Critical points are searched for along lines through numbers, and auxiliary records have missing cells."
    if profile.decimals is not None and profile.decimals < LEAST_DIGITS:
        return f"Critical points take {LEAST_DIGITS} digits, and the target answers with {profile.decimals} decimals."
    return None


MOSTLY = 0.5
SATURATED = "Nearly all answers between the columns' extremes are so close to 0 and 1 that doubles keep too little of log-odds."


def precision_obstacle(noise: float, floor: float, answers: Floats) -> str | None:
    """The same, from answers around one point: `noise` is how far their scores are from any affine function, `floor` what doubles
    lose of the scores."""
    if floor > 10.0**-LEAST_DIGITS * LEAST_DIGITS:
        return SATURATED
    if noise <= 10.0**-LEAST_DIGITS * LEAST_DIGITS:
        return None
    if _are_saturated(answers):
        return SATURATED
    if np.array_equal(answers, answers.astype(np.float32).astype(np.float64)):
        return f"Critical points take {LEAST_DIGITS} digits, and the target answers in single precision (7 digits)."
    return (
        f"Nowhere are the target's scores an affine function of the columns (they are off by {noise:.1g} or more): it is no network"
        f" of ReLU units, or its answers are noisy or have fewer than {LEAST_DIGITS} digits."
    )


def _are_saturated(answers: Floats) -> bool:
    """Do most records get some probability of exactly 0 or 1? Nothing is told of precision, or of units, by those."""
    is_lost = ((answers <= 0.0) | (answers >= 1.0)).any(axis=1)
    return answers.shape[1] > 1 and bool(is_lost.mean() > MOSTLY)
