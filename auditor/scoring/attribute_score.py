"""The score of attribute inference: the larger of what the surest claims give away and what all guesses together do."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from auditor.domain.finding import Estimate
from auditor.scoring import score
from auditor.scoring.attribute_bulk import Right, accuracy_advantage
from auditor.scoring.attribute_tail import Arms, advantage, distributional, draws_of
from auditor.scoring.estimates import estimate
from auditor.scoring.grading import NOTHING, Assessment, Grading
from auditor.scoring.intervals import Floats, Interval, clopper_pearson
from auditor.scoring.score import BULK, TAIL, Score
from auditor.scoring.shares import percent

NOTHING_LEFT = 0.99
POPULATION = (
    "Of people it was not trained on, too, the model tells more than imputation does (distributional_advantage): that is knowledge "
    "about the population, whoever was trained on, and is not counted in the score."
)


@dataclass(frozen=True, eq=False)
class Parts:
    """What the two parts are made of: the surest claims, and every guess."""

    arms: Arms
    right: Right


def graded(parts: Parts, found: tuple[Estimate, ...], caveat: str, grading: Grading) -> Assessment:
    """S = max(S_tail, S_bulk), each 100 max(0, A - B) / (1 - B). Tail (ATTACKS 9.2): A is P@k on members, B the better of P@k on
    non-members and the imputer's on members. Bulk: the same of the share of people guessed right. A part with a B of NOTHING_LEFT
    or more is left out; with both the score is 0. `found` and `caveat` stand before what is said here."""
    draws = draws_of(parts.arms, grading.seed)
    population = distributional(parts.arms, draws, grading.marginal_alpha)
    listed = (*found, *_estimates(parts, draws, population, grading))
    caveats = (caveat, *([POPULATION] if population.low > 0 else []))
    left = [_part(*kind, grading.alpha) for kind in _kinds(parts, draws) if kind[2] < NOTHING_LEFT]
    if not left:
        return Assessment(listed, 0.0, 0.0, 0.0, (*caveats, _nothing(parts)), driver=NOTHING)
    best = score.largest(left)
    return Assessment(listed, best.value, best.low, best.high, (*caveats, _driver(best, parts)), driver=best.driver)


Gain = Callable[[float], Interval]


def _kinds(parts: Parts, draws: Floats) -> tuple[tuple[str, Gain, float], ...]:
    """Of each part its name, the gain over the better rival at a given error level, and what that rival reaches."""
    return (
        (TAIL, partial(advantage, parts.arms, draws), max(parts.arms.precision()[1:])),
        (BULK, partial(accuracy_advantage, parts.right), parts.right.best),
    )


def _part(name: str, gain: Gain, best: float, alpha: float) -> Score:
    """The larger of two lower limits errs where either does, so each has half of the error level. The larger of two upper limits
    errs only where that of the truly larger part does, so those share nothing."""
    half, whole = gain(alpha / 2), gain(alpha)
    value, low, high = (min(100.0, 100 * max(0.0, v) / (1 - best)) for v in (whole.value, half.low, whole.high))
    return Score(value, low, high, name)


def _estimates(parts: Parts, draws: Floats, population: Interval, grading: Grading) -> tuple[Estimate, ...]:
    arms, alpha = parts.arms, grading.marginal_alpha
    members, imputer, non_members = arms.precision()
    return (
        estimate("accuracy_advantage", accuracy_advantage(parts.right, alpha), len(arms.members), grading),
        _precision("precision@k", members, arms.k, grading),
        _precision("precision@k_non_members", non_members, round(arms.k_non_members), grading),
        _precision("precision@k_imputation", imputer, arms.k, grading),
        estimate("advantage_over_imputation", advantage(arms, draws, alpha), len(arms.members), grading),
        estimate("distributional_advantage", population, len(arms.non_members), grading),
    )


def _precision(name: str, value: float, k: int, grading: Grading) -> Estimate:
    return estimate(name, clopper_pearson(value * k, k, grading.marginal_alpha), k, grading)


def _nothing(parts: Parts) -> str:
    surest = max(parts.arms.precision()[1:])
    return (
        f"Nothing is left to leak: without the records of members {percent(surest, 0)} of the surest claims, and "
        f"{percent(parts.right.best, 0)} of all guesses, are right already."
    )


def _driver(best: Score, parts: Parts) -> str:
    """Which part the score rests on, with the figures it is made of."""
    members, imputer, non_members = map(percent, parts.arms.precision())
    tail = f"of the surest claims {members} are right about members, {non_members} about non-members, {imputer} without the model"
    members, imputer, non_members = map(percent, parts.right.shares)
    bulk = f"{members} of members are guessed right, {non_members} of non-members, and {imputer} of members without the model"
    if best.value == 0:
        return f"The score is 0: {tail}; {bulk}."
    return f"The score rests on the {best.driver}: {tail if best.driver == TAIL else bulk}."
