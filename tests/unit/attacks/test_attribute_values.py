"""Attributes from a target that answers one number, where the answer is known."""

from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest

from auditor.attacks import registry
from auditor.attacks.inversion.attribute import AttributeInference
from auditor.attacks.inversion.completed_values import ask_values, auxiliary_residuals, log_density, usual_error
from auditor.attacks.inversion.fredrikson import FredriksonMap
from auditor.attacks.inversion.imputation import Imputation
from auditor.attacks.inversion.marginals import log_marginals
from auditor.attacks.inversion.twin import lookup_answers
from auditor.attacks.inversion.yeom import Yeom
from auditor.domain.attack import Attack, Context, Family, Query
from auditor.domain.evidence import AttributeGuesses
from auditor.errors import AttackFailed
from auditor.scoring.assess import assess
from auditor.scoring.grading import Assessment, Grading, Truth
from auditor.testing import small_value_world

NAMES = ("attribute", "fredrikson-map", "yeom")
WORLD = small_value_world()
JOBS = WORLD.data.candidates.features["job"].map({"clerk": 0, "farmer": 1, "nurse": 2}).to_numpy()
INSIDE = WORLD.data.is_member


def context(attack: Attack, query: Query) -> Context:
    return WORLD.context(attack, query, lambda fraction: None)


@cache
def imputed() -> AttributeGuesses:
    """The same whatever the target answers: it asks nothing."""
    return Imputation().run(context(Imputation(), by_job))


def graded(attack: Attack, query: Query) -> Assessment:
    evidence = attack.run(context(attack, query))
    assert isinstance(evidence, AttributeGuesses)
    assert evidence.scores.shape == (len(evidence.rows), 3)
    truth = Truth(INSIDE, WORLD.data.candidates.labels, JOBS, None, 0)
    return assess(evidence, truth, Grading(level=25.0, seed=1), imputed())


def figure(found: Assessment, name: str) -> float:
    return next(e.value for e in found.estimates if e.name == name and e.value is not None)


@pytest.mark.parametrize(("name", "least"), [("attribute", 0.95), ("yeom", 0.9), ("fredrikson-map", 0.6)])
def test_a_table_of_the_members_gives_the_attribute(name: str, least: float) -> None:
    """All of it to who learned what a table answers; who allows for errors as wide as on strangers misses people near the mean."""
    found = graded(registry.make(name, {}), lookup_answers(WORLD.data))
    assert figure(found, "accuracy") > least
    assert figure(found, "accuracy_non_members") < 0.5
    assert figure(found, "precision@k") == 1.0
    assert (found.score_low or 0.0) > 50


@pytest.mark.parametrize("name", NAMES)
def test_a_model_of_other_people_gives_none_of_it(name: str) -> None:
    assert graded(registry.make(name, {}), WORLD.null(Family.INVERSION)).score_low == 0.0


def by_job(frame: pd.DataFrame) -> np.ndarray:
    """A target whose answer is the job: 10, 20 or 30."""
    return frame["job"].map({"clerk": 10.0, "farmer": 20.0, "nurse": 30.0}).to_numpy(dtype=float)[:, None]


def test_residuals_are_answer_minus_truth_for_every_value() -> None:
    off = ask_values(context(Yeom(), by_job), 100)
    assert off.records.values is not None
    assert off.residuals == pytest.approx(np.array([10.0, 20.0, 30.0]) - off.records.values[:, None])


def test_the_scores_are_those_of_the_papers() -> None:
    """Fredrikson: a normal density as wide as the target is off on auxiliary records. Yeom: by the size of the residual."""
    auxiliary = WORLD.data.auxiliary
    assert auxiliary.values is not None
    wrong = by_job(auxiliary.features)[:, 0] - auxiliary.values
    marginals = log_marginals(auxiliary, WORLD.data.sensitive[0])
    fredrikson, yeom = FredriksonMap().run(context(FredriksonMap(), by_job)), Yeom().run(context(Yeom(), by_job))
    off = ask_values(context(Yeom(), by_job), 2_000)
    few = auxiliary_residuals(context(Yeom(), by_job), off, 1_000)
    assert np.isin(np.round(few, 9), np.round(wrong, 9)).all()
    own = off.residuals[: len(fredrikson.rows)]
    assert fredrikson.scores == pytest.approx(marginals - 0.5 * own**2 / (few**2).mean(), rel=0.1, abs=0.1)
    assert yeom.scores == pytest.approx(marginals - np.abs(own) / (0.5 * np.abs(few).mean()), rel=0.1, abs=0.1)


def test_the_imputer_knows_the_true_value_as_a_number() -> None:
    """The value follows the job, so who knows it guesses better than the shares do."""
    scores = imputed().scores
    assert (scores.argmax(axis=1) == JOBS).mean() > np.bincount(JOBS).max() / len(JOBS) + 0.05


def test_the_unit_is_what_a_model_of_strangers_is_off_by() -> None:
    auxiliary = WORLD.data.auxiliary
    unit = usual_error(context(AttributeInference(), by_job), auxiliary)
    assert 8.0 < unit < 25.0  # the noise has a standard deviation of 12
    assert log_density(np.array([0.0, unit]), unit).tolist() == [0.0, -0.5]


@pytest.mark.parametrize("name", NAMES)
def test_an_answer_or_a_truth_that_is_no_number_is_one_sentence(name: str) -> None:
    attack = registry.make(name, {})
    with pytest.raises(AttackFailed, match="a number in every answer"):
        attack.run(context(attack, lambda frame: np.full((len(frame), 1), np.nan)))
    known = context(attack, by_job)
    assert known.candidates is not None
    with pytest.raises(AttackFailed, match="true value of every record"):
        attack.run(replace(known, candidates=replace(known.candidates, values=None)))
