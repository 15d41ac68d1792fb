"""Attacks on attributes where the answer is known: all of it, none of it, and nothing of what guessing gives."""

import numpy as np
import pandas as pd
import pytest
from inversion_world import COLUMNS, World, constant

from auditor.attacks import registry
from auditor.attacks.inversion.imputation import Imputation
from auditor.attacks.inversion.twin import lookup_answers
from auditor.domain.attack import Query
from auditor.domain.evidence import AttributeGuesses
from auditor.domain.learner import Learner
from auditor.learners import build
from auditor.scoring.assess import assess
from auditor.scoring.grading import Assessment, Grading, Truth
from benchmarks.validation import worlds

NAMES = ("attribute", "fredrikson-map", "fredrikson-confidence", "yeom", "likelihood-ratio", "csmia", "lomia")
ASKING_CONFIDENCE = ("attribute", "csmia")
RUNS = 40
MOST = 5  # 5 % of 40, and two standard errors


def evidence_of(name: str, world: World, query: Query) -> AttributeGuesses:
    found = registry.make(name, {}).run(world.context(query))
    assert isinstance(found, AttributeGuesses)
    return found


def graded(world: World, evidence: AttributeGuesses) -> Assessment:
    truth = Truth(world.data.is_member, world.data.candidates.labels, world.values, None, 2)
    return assess(evidence, truth, Grading(level=25.0, seed=1), Imputation().run(world.context(constant)))


def figure(found: Assessment, name: str) -> float:
    return next(e.value for e in found.estimates if e.name == name and e.value is not None)


@pytest.mark.parametrize("name", ASKING_CONFIDENCE)
def test_a_lookup_table_gives_every_attribute(name: str) -> None:
    """The advantage is what guessing leaves: 1 - baseline, for whoever sees confidences."""
    world = World(seed=3)
    found = graded(world, evidence_of(name, world, lookup_answers(world.data)))
    best = max(figure(found, "precision@k_imputation"), figure(found, "precision@k_non_members"))
    assert figure(found, "precision@k") == 1.0
    assert figure(found, "advantage_over_imputation") == pytest.approx(1 - best)
    assert figure(found, "accuracy") > 0.95


@pytest.fixture(scope="module")
def nothing_known() -> list[Assessment]:
    """Graded guesses of an attack on a target that knows nothing of the attribute: those of imputation, and noise."""
    found = []
    for run in range(RUNS):
        rng = np.random.default_rng(run)
        attack, imputed, truth = worlds.guesses(worlds.halves(300, 150, rng), 0.0, rng)
        noisy = AttributeGuesses(attack.attribute, attack.rows, imputed.scores + 0.3 * rng.standard_normal(attack.scores.shape))
        found.append(assess(noisy, truth, Grading(level=25.0, seed=run), imputed))
    return found


@pytest.mark.parametrize("name", ["advantage_over_imputation", "accuracy_advantage", "distributional_advantage"])
def test_a_target_that_knows_nothing_is_found_in_at_most_5_percent_of_runs(name: str, nothing_known: list[Assessment]) -> None:
    """The limit of each advantage is above 0 as rarely as its confidence says."""
    lows = [next(e.low for e in found.estimates if e.name == name) for found in nothing_known]
    assert sum((low or 0.0) > 0 for low in lows) <= MOST


def test_such_a_target_scores_above_nothing_in_at_most_5_percent_of_runs(nothing_known: list[Assessment]) -> None:
    assert sum((found.score_low or 0.0) > 0 for found in nothing_known) <= MOST


@pytest.mark.parametrize("name", NAMES)
def test_a_model_trained_without_the_attribute_leaks_none_of_it(name: str) -> None:
    world = World(candidates=300, auxiliary=90, seed=11)
    assert graded(world, evidence_of(name, world, blind(world))).score_low == 0


def blind(world: World) -> Query:
    members = world.data.candidates.take(world.data.is_member)
    columns = tuple(c for c in COLUMNS if c.name != "illness")
    model = build(Learner("random-forest", {"n_estimators": 20}), columns, 1).fit(members.features, members.labels)
    return lambda frame: model.over_all(model.predict_proba(frame), 2)


@pytest.mark.parametrize("seed", [0, 1])
def test_imputation_alone_never_scores_above_nothing(seed: int) -> None:
    world = World(candidates=200, auxiliary=150, seed=seed)
    found = graded(world, Imputation().run(world.context(constant)))
    assert (found.score, found.score_low) == (0.0, 0.0)
    assert figure(found, "advantage_over_imputation") <= 0
    assert figure(found, "distributional_advantage") == 0


@pytest.mark.parametrize("name", ASKING_CONFIDENCE)
def test_what_follows_from_the_other_attributes_is_no_leak(name: str) -> None:
    world = World(seed=2, illness="function")
    found = graded(world, evidence_of(name, world, lookup_answers(world.data)))
    assert found.score == 0.0


def test_every_case_of_csmia_is_right_as_often_as_it_was_made_to_be() -> None:
    """A model made by hand of people with gout: of a third their own value alone fits, of a third it and another do, of which the
    other is surer, and of a third none fits, least surely their own."""
    world = World(candidates=300, auxiliary=150)
    truth = pd.Series(world.data.candidates.features["illness"])
    kind = np.arange(300) % 3

    def query(frame: pd.DataFrame) -> np.ndarray:
        rows = frame.index.to_numpy()
        own = (frame["illness"] == truth.iloc[rows].to_numpy()).to_numpy()
        fits = np.where(kind[rows] == 0, own, kind[rows] == 1)
        sure = np.where(own, 0.6, 0.9)
        labels = world.data.candidates.labels[rows]
        answers = np.empty((len(frame), 2))
        answers[np.arange(len(frame)), np.where(fits, labels, 1 - labels)] = sure
        answers[np.arange(len(frame)), np.where(fits, 1 - labels, labels)] = 1 - sure
        return answers

    evidence = evidence_of("csmia", world, query)
    assert evidence.cases is not None
    assert (evidence.cases == np.array([1, 2, 3])[kind]).all()
    found = graded(world, evidence)
    assert [figure(found, f"accuracy@case={case}") for case in (1, 2, 3)] == [1.0, 0.0, 1.0]
    assert [figure(found, f"accuracy_non_members@case={case}") for case in (1, 2, 3)] == [1.0, 0.0, 1.0]
