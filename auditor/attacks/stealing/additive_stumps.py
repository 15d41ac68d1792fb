"""Sums of functions of one column each, such as boosted stumps: exact from one search along every column."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from auditor.attacks.stealing.additive_pairs import PairCopy, measured_pairs, refined_pairs, third_difference
from auditor.attacks.stealing.ensemble_link import Link
from auditor.attacks.stealing.leaf_answers import Answers, Spent
from auditor.attacks.stealing.leaf_axes import MISSING, Axes, Axis, Points
from auditor.attacks.stealing.repeats import wire_error

Floats = NDArray[np.float64]
INNER = 16
PAIRS = 8
NEAR = 64
SMOOTH_SHARE = 0.8
MORE_PER_VALUE = 4
FLOAT32 = 6e-8


def squares(points: Points, answers: Answers, rng: np.random.Generator) -> list[Floats]:
    """Answers (PAIRS, C) for pairs of asked records x and y, and for the two records that half of their cells exchanged make."""
    x, y = points[:PAIRS], points[PAIRS : 2 * PAIRS]
    swap = rng.permuted(np.tile(np.arange(x.shape[1]) % 2 == 0, (len(x), 1)), axis=1)
    return [answers.vectors_of(part) for part in (x, y, np.where(swap, y, x), np.where(swap, x, y))]


def second_difference(corners: list[Floats], link: Link) -> float:
    """The largest f(x) + f(y) - f(x with half of y's cells) - f(y with those of x): 0 for every sum over columns."""
    x, y, mixed, remixed = (link.scores(answers) for answers in corners)
    return float(np.abs(x + y - mixed - remixed).max())


@dataclass(frozen=True, eq=False)
class Steps:
    """One column's part: `starts` (s,) ascending positions where a value begins, `values` (s, K), counted from the base point; a
    missing number is worth `missing` (K,)."""

    starts: Points
    values: Floats
    missing: Floats

    def at(self, positions: Points) -> Floats:
        """(n, K)"""
        place = np.clip(np.searchsorted(self.starts, positions, side="right") - 1, 0, None)
        return np.where((positions == MISSING)[:, None], self.missing, self.values[place])


@dataclass(frozen=True, eq=False)
class AdditiveCopy:
    """`base` (K,) is the score of one record; every column adds its steps."""

    axes: Axes
    link: Link
    base: Floats
    steps: tuple[Steps, ...]

    @property
    def words(self) -> str:
        return (
            f"The target is a sum of functions of one column each, like boosted stumps: {self.thresholds} thresholds were found,"
            " each to the last 32-bit float, and its"
        )

    @property
    def thresholds(self) -> int:
        return sum(len(part.starts) - 1 for axis, part in zip(self.axes.axes, self.steps, strict=True) if axis.is_ordered)

    def scores(self, points: Points) -> Floats:
        """(n, K)"""
        return np.asarray(self.base + sum(part.at(points[:, j]) for j, part in enumerate(self.steps)))


@dataclass(frozen=True, eq=False)
class Looked:
    """`copy` if the target is a sum over columns on either scale and its columns have thresholds; `difference`: the largest second
    difference, on the scale where it is smaller; `is_smooth`: a sum, but of columns without thresholds; `third`: the largest third
    difference, over what digits explain, if the second is too large; `is_dear`: pairs of columns, for which the limit ended."""

    copy: AdditiveCopy | PairCopy | None
    difference: float
    is_smooth: bool = False
    third: float | None = None
    is_dear: bool = False

    @property
    def figures(self) -> dict[str, float]:
        return {"second_difference": self.difference}


def look(answers: Answers, natural: pd.DataFrame, rng: np.random.Generator) -> Looked:
    """Raises Spent where the limit of `answers` ends before every step is measured."""
    points, _ = answers.of_records(natural.iloc[: 2 * PAIRS])
    links = (Link(True), Link(False)) if answers.context.classes else (Link(False),)
    corners = squares(points, answers, rng)
    differences = [second_difference(corners, link) for link in links]
    link, difference = links[int(np.argmin(differences))], min(differences)
    if difference > _tolerance(answers, link):
        return _look_at_pairs(answers, natural, rng, (points, links, difference))
    base = _central(points, answers, link)
    if not is_stepwise(base, answers):
        return Looked(None, difference, is_smooth=True)
    return Looked(refined(measured(base, answers, link), answers, natural), difference)


def _look_at_pairs(
    answers: Answers, natural: pd.DataFrame, rng: np.random.Generator, seen: tuple[Points, Sequence[Link], float]
) -> Looked:
    points, links, difference = seen
    thirds = [third_difference(points, answers, link, rng) for link in links]
    link, third = links[int(np.argmin(thirds))], min(thirds)
    base = _central(points, answers, link)
    if third > 1 or not is_stepwise(base, answers):
        return Looked(None, difference, third=third)
    try:
        return Looked(refined_pairs(measured_pairs(base, answers, link), answers, natural, 2 * PAIRS), difference, third=third)
    except Spent:
        return Looked(None, difference, third=third, is_dear=True)


def _central(points: Points, answers: Answers, link: Link) -> Points:
    """The record whose answer is told with the most digits: the one closest to even odds, if possible without missing numbers."""
    size = np.abs(link.scores(answers.vectors_of(points))).max(axis=1)
    central: Points = points[int(np.argmin(size + 1e6 * (points == MISSING).any(axis=1)))]
    return central


def _tolerance(answers: Answers, link: Link) -> float:
    """What 32-bit answers, or rounded ones, may be off by when four of them are added."""
    error = max(FLOAT32, wire_error(answers.context.profile))
    vectors = np.nan_to_num(np.array(answers.vectors))
    if not link.is_logistic:
        return 10 * error * max(1.0, float(np.abs(vectors).max()))
    rarest = float(np.clip(vectors, max(error, 1e-9), None).min())
    return 10 * error / rarest


def is_stepwise(base: Points, answers: Answers) -> bool:
    """No column whose answer changes with nearly every small step: a smooth one has no thresholds to find."""
    for j, axis in enumerate(answers.axes.axes):
        inner = axis.inner(PAIRS)
        if not axis.is_ordered or axis.high - axis.low <= NEAR * PAIRS or len(inner) < PAIRS:
            continue
        near = inner + max(1, int(np.diff(inner).min()) // NEAR)
        here, there = (answers.of(_along(base, j, positions)) for positions in (inner, near))
        if (here != there).mean() >= SMOOTH_SHARE:
            return False
    return True


def measured(base: Points, answers: Answers, link: Link) -> AdditiveCopy:
    """Every step of every column, from the base point (d,). Raises Spent."""
    _isolate(base, answers)
    score = link.scores(answers.vectors_of(base[None, :]))[0]
    steps = tuple(_steps(axis, j, base, answers, link, score) for j, axis in enumerate(answers.axes.axes))
    return AdditiveCopy(answers.axes, link, score, steps)


def refined(copy: AdditiveCopy, answers: Answers, natural: pd.DataFrame) -> AdditiveCopy:
    """The same steps with values by least squares from all that was asked and some natural records more, each weighted by the
    digits that its answer tells: what 32-bit or rounded answers lose at extreme odds is regained elsewhere."""
    sizes = [len(part.starts) for part in copy.steps]
    room = min(MORE_PER_VALUE * sum(sizes), answers.limit - len(answers), len(natural) - 2 * PAIRS)
    if room > 0:
        answers.of_records(natural.iloc[2 * PAIRS : 2 * PAIRS + room])
    points = np.array(answers.points)
    points = points[~(points == MISSING).any(axis=1)]
    vectors = answers.vectors_of(points)
    digits = np.nan_to_num(vectors).min(axis=1)[:, None] if copy.link.is_logistic else np.ones((len(points), 1))
    places = [np.clip(np.searchsorted(part.starts, points[:, j], "right") - 1, 0, None) for j, part in enumerate(copy.steps)]
    design = np.column_stack([np.eye(size)[place] for size, place in zip(sizes, places, strict=True)])
    residual = copy.link.scores(vectors) - copy.scores(points)
    change = np.linalg.lstsq(digits * design, digits * residual, rcond=1e-9)[0]
    parts = np.split(change, np.cumsum(sizes)[:-1])
    steps = [replace(part, values=part.values + more) for part, more in zip(copy.steps, parts, strict=True)]
    return replace(copy, steps=tuple(steps))


def _isolate(base: Points, answers: Answers) -> None:
    """Asks until between any two asked neighbours of a column the answer is the same, or they are adjacent. One frame a round."""
    ladders = {j: _first(axis) for j, axis in enumerate(answers.axes.axes) if axis.is_ordered}
    while True:
        found = _asked(base, ladders, answers)
        middles = {j: _middles(ladders[j], found[j]) for j in ladders}
        if not any(len(middle) for middle in middles.values()):
            return
        ladders = {j: np.union1d(ladders[j], middles[j]) for j in ladders}


def _first(axis: Axis) -> Points:
    return np.unique(np.concatenate([[axis.low, axis.high], axis.inner(INNER)])).astype(np.int64)


def _asked(base: Points, ladders: dict[int, Points], answers: Answers) -> dict[int, NDArray[np.intp]]:
    if not ladders:
        return {}
    found = answers.of(np.concatenate([_along(base, j, positions) for j, positions in ladders.items()]))
    ends = np.cumsum([len(positions) for positions in ladders.values()])[:-1]
    return dict(zip(ladders, np.split(found, ends), strict=True))


def _middles(ladder: Points, identities: NDArray[np.intp]) -> Points:
    differs = (identities[1:] != identities[:-1]) & (np.diff(ladder) > 1)
    return np.asarray((ladder[:-1][differs] + ladder[1:][differs]) // 2)


def _steps(axis: Axis, j: int, base: Points, answers: Answers, link: Link, score: Floats) -> Steps:
    positions = answers.asked_along(base, j) if axis.is_ordered else np.arange(axis.high + 1)
    values = link.scores(answers.vectors_of(_along(base, j, positions))) - score
    changes = np.concatenate([[True], (values[1:] != values[:-1]).any(axis=1)])
    absent = np.zeros_like(score)
    if axis.is_ordered and axis.missing:
        absent = link.scores(answers.vectors_of(_along(base, j, np.array([MISSING]))))[0] - score
    return Steps(positions[changes], values[changes], absent)


def _along(base: Points, axis: int, positions: Points) -> Points:
    points = np.repeat(base[None, :], len(positions), axis=0)
    points[:, axis] = positions
    return points
