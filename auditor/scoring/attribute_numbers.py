"""Grading of guesses of a number: who comes close, and how far off guesses are beside those made without the model."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

from auditor.domain.finding import Estimate
from auditor.domain.seeds import generator
from auditor.scoring.estimates import estimate
from auditor.scoring.grading import Grading
from auditor.scoring.intervals import Floats, around, clopper_pearson
from auditor.scoring.precision import Claims
from auditor.scoring.resampling import weights

CLOSE = 0.25  # standard deviations of the attribute among attacked non-members: of a normal one as good as one guess in five
TIE = 1e-6  # of windows that hold the same, the one whose middle is likeliest


@dataclass(frozen=True, eq=False)
class Numbers:
    """What m people have (m,), the grid (V,) that was claimed on, and what counts as close."""

    true: Floats
    grid: Floats
    tolerance: float


def tolerance_of(true: Floats, is_member: NDArray[np.bool_]) -> float:
    return CLOSE * float(np.std(true[~is_member]))


def claims_of_numbers(scores: Floats, numbers: Numbers) -> Claims:
    """The point of the grid with the most probability within the tolerance, as sure as that probability; right if it is that close.
    `scores` (m, V) are log-weights."""
    confidence, guess = closest(scores, numbers)
    return Claims(confidence, np.abs(numbers.grid[guess] - numbers.true) <= numbers.tolerance)


def closest(scores: Floats, numbers: Numbers) -> tuple[Floats, NDArray[np.intp]]:
    """(m,) how sure each claim is, and (m,) which point of the grid is claimed."""
    near = np.abs(numbers.grid[:, None] - numbers.grid[None, :]) <= numbers.tolerance
    shares = softmax(scores, axis=1)
    mass = shares @ near
    return mass.max(axis=1), (mass + TIE * shares).argmax(axis=1)


def mean_guess(scores: Floats, grid: Floats) -> Floats:
    """(m,) the mean under the scores as log-weights: the guess that squared errors ask for."""
    return np.asarray(softmax(scores, axis=1) @ grid)


def errors(attack: Floats, imputer: Floats, numbers: Numbers, grading: Grading, name: str) -> tuple[Estimate, ...]:
    """Ratios of the attack's root mean square and mean absolute error to the imputer's on the same people, below 1 where the model
    helps; limits from a paired bootstrap over people. `attack`, `imputer` (m, V) scores."""
    ours, theirs = (np.abs(mean_guess(scores, numbers.grid) - numbers.true) for scores in (attack, imputer))
    rng, n = generator(grading.seed, "errors", name), len(numbers.true)
    drawn = list(weights(n, rng))
    found = []
    for title, power in (("rmse_ratio", 2.0), ("mae_ratio", 1.0)):
        mine, other = ours**power, theirs**power
        value = float(_ratio(mine.sum(), other.sum()) ** (1 / power))
        resampled = np.concatenate([_ratio(w @ mine, w @ other) for w in drawn]) ** (1 / power)
        found.append(estimate(title + name, around(value, resampled, grading.marginal_alpha), n, grading))
    return tuple(found)


def _ratio(ours: Floats, theirs: Floats) -> Floats:
    return np.asarray(ours / np.maximum(theirs, 1e-300))


def within(name: str, made: Claims, grading: Grading) -> Estimate:
    """Share of people guessed to within the tolerance."""
    return estimate(name, clopper_pearson(int(made.correct.sum()), len(made), grading.marginal_alpha), len(made), grading)
