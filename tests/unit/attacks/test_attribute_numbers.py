"""Attributes that are numbers: guessed on a grid, right if they are close."""

from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest
from inversion_world import PROFILE, World, constant

from auditor.attacks.inversion.attribute import AttributeInference
from auditor.attacks.inversion.completion import grid_of, nearest, value_indices
from auditor.attacks.inversion.csmia import Csmia
from auditor.attacks.inversion.fredrikson import FredriksonConfidence
from auditor.attacks.inversion.imputation import Imputation
from auditor.attacks.inversion.imputation_numbers import NumberModel, cells, fit_number
from auditor.attacks.inversion.likelihood_ratio import LikelihoodRatio
from auditor.attacks.inversion.lomia import Lomia
from auditor.attacks.inversion.twin import lookup_answers
from auditor.attacks.inversion.yeom import Yeom
from auditor.domain.attack import Attack, Context, Query, Scope
from auditor.domain.data import AuditData, Column, ColumnType, Sensitive
from auditor.domain.evidence import AttributeGuesses
from auditor.errors import InvalidInput
from auditor.scoring.assess import Assessment, Grading, Truth, assess
from auditor.scoring.attribute_numbers import Numbers, claims_of_numbers, mean_guess, tolerance_of
from auditor.scoring.precision import precision_at

GRID = np.linspace(145.0, 195.0, 26)
HEIGHT = Sensitive("height", ("height",), tuple((v,) for v in GRID.tolist()), is_number=True)
WORLD = World(candidates=300, auxiliary=200)
DATA: AuditData = replace(WORLD.data, sensitive=(HEIGHT,))
TRUE = DATA.candidates.features["height"].to_numpy(dtype=np.float64)


def context(query: Query) -> Context:
    whole = WORLD.data.candidates
    hidden = replace(whole, features=whole.features.assign(height=np.nan))
    return replace(WORLD.context(query), candidates=hidden, sensitive=HEIGHT)


@cache
def imputed() -> AttributeGuesses:
    return Imputation().run(context(constant))


@cache
def remembered() -> AttributeGuesses:
    """Of a table of the members; two tests look at it."""
    return AttributeInference().run(context(lookup_answers(DATA)))


def graded(evidence: AttributeGuesses) -> Assessment:
    truth = Truth(DATA.is_member, DATA.candidates.labels, nearest(TRUE, GRID), None, 2, numbers=TRUE)
    return assess(evidence, truth, Grading(level=25.0, seed=1), imputed())


def figures(found: Assessment) -> dict[str, float]:
    return {e.name: e.value for e in found.estimates if e.value is not None}


def test_a_number_belongs_to_the_nearest_point_and_a_missing_one_to_none() -> None:
    assert nearest(np.array([1.0, 1.4, 1.6, 99.0, np.nan, -5.0]), np.array([1.0, 2.0, 4.0])).tolist() == [0, 0, 1, 2, -1, 0]
    frame = pd.DataFrame({"height": [145.9, np.nan, 195.0]})
    assert value_indices(frame, HEIGHT).tolist() == [0, -1, 25]
    assert grid_of(HEIGHT).tolist() == GRID.tolist()


def test_the_cells_of_a_grid_cover_the_line_around_it() -> None:
    assert cells(np.array([0.0, 1.0, 3.0])).tolist() == [1.0, 1.5, 2.0]


def test_a_number_that_follows_from_the_others_is_imputed() -> None:
    rng = np.random.default_rng(0)
    x = rng.uniform(0, 10, 400)
    known, grid = pd.DataFrame({"x": x}), Sensitive("s", ("s",), tuple((float(v),) for v in range(0, 21, 2)), is_number=True)
    model = fit_number(known, 2 * x + rng.normal(0, 0.3, 400), (Column("x", ColumnType.NUMBER),), grid, seed=1)
    assert isinstance(model, NumberModel)
    assert 0.25 < model.width < 0.6
    shares = np.exp(model.log_probabilities(pd.DataFrame({"x": [2.0, 7.0]})))
    assert shares.sum(axis=1) == pytest.approx([1.0, 1.0])
    assert shares.argmax(axis=1).tolist() == [2, 7]


def test_members_of_a_target_that_remembers_are_guessed_to_within_a_cell() -> None:
    guesses = GRID[remembered().scores.argmax(axis=1)]
    off = np.abs(guesses - TRUE)
    inside = DATA.is_member & (np.abs(TRUE - 170) < 24)
    assert (off[inside] <= 1.0 + 1e-9).mean() > 0.97
    assert (off[~DATA.is_member] <= 1.0).mean() < 0.25


def test_such_a_target_scores_high_and_its_errors_are_small() -> None:
    found = graded(remembered())
    assert (found.score or 0) > 90
    told = figures(found)
    assert told["within_tolerance"] > 0.75
    assert told["within_tolerance_non_members"] < 0.4
    assert told["rmse_ratio"] < 0.75
    assert told["mae_ratio"] < 0.75
    assert told["rmse_ratio_non_members"] == pytest.approx(1.0, abs=0.1)
    assert found.subgroups == ()


@pytest.mark.parametrize("attack", [AttributeInference(), LikelihoodRatio(), FredriksonConfidence()], ids=repr)
def test_a_target_that_tells_nothing_scores_nothing(attack: Attack) -> None:
    evidence = attack.run(context(constant))
    assert isinstance(evidence, AttributeGuesses)
    found = graded(evidence)
    assert found.score_low == 0
    assert figures(found)["rmse_ratio"] > 0.9  # the shares alone are a little better than a regression on noise


def test_imputation_alone_scores_exactly_nothing() -> None:
    found = graded(imputed())
    assert (found.score, found.score_low) == (0.0, 0.0)
    told = {e.name: e for e in found.estimates}
    assert told["rmse_ratio"].value == told["rmse_ratio"].low == told["rmse_ratio"].high == 1.0
    assert told["distributional_advantage"].value == 0


def test_the_guess_is_where_most_lies_within_reach_and_the_mean_for_squares() -> None:
    """Two neighbours of a third each beat the one point of 0.34."""
    numbers = Numbers(np.array([0.0, 5.0]), np.array([0.0, 1.0, 5.0]), 1.0)
    scores = np.log(np.array([[0.33, 0.33, 0.34], [0.33, 0.33, 0.34]]))
    made = claims_of_numbers(scores, numbers)
    assert made.confidence == pytest.approx([0.66, 0.66])
    assert made.correct.tolist() == [True, False]
    assert mean_guess(scores, numbers.grid) == pytest.approx([2.03, 2.03])
    assert precision_at(made, 1)[0] == pytest.approx(0.5)


def test_the_tolerance_is_a_quarter_of_what_non_members_differ_by() -> None:
    assert tolerance_of(np.array([100.0, 0.0, 4.0]), np.array([True, False, False])) == 0.5


def test_people_of_whom_the_number_is_missing_are_left_out() -> None:
    numbers = TRUE.copy()
    numbers[:40] = np.nan
    truth = Truth(DATA.is_member, DATA.candidates.labels, nearest(numbers, GRID), None, 2, numbers=numbers)
    found = {e.name: e.n for e in assess(imputed(), truth, Grading(25.0), imputed()).estimates}
    assert found["within_tolerance"] + found["within_tolerance_non_members"] == 260


def test_too_few_of_them_are_a_reason() -> None:
    numbers = np.where(np.arange(300) < 60, TRUE, np.nan)
    truth = Truth(DATA.is_member, DATA.candidates.labels, nearest(numbers, GRID), None, 2, numbers=numbers)
    found = assess(imputed(), truth, Grading(25.0), imputed())
    assert found.score is None
    assert not found.resolved


@pytest.mark.parametrize("attack", [Csmia(), Lomia(), Yeom()], ids=repr)
def test_attacks_about_categories_say_so(attack: Attack) -> None:
    with pytest.raises(InvalidInput, match="about categories; 'height' is a number"):
        attack.needs(Scope(PROFILE, 300, 200, 0, 100_000, (HEIGHT,)))
