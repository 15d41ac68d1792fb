"""How the weight of the model's answers is learned from auxiliary records alone."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from inversion_world import COLUMNS, ILLNESS, PROFILE, World, constant, people

from auditor.attacks.inversion.completion import completions, signal
from auditor.attacks.inversion.tempering import Weights, fit_weights, signals_of, temper
from auditor.attacks.inversion.twin import lookup_answers
from auditor.domain.attack import Query
from auditor.domain.learner import Learner
from auditor.domain.target import Output, Profile
from auditor.learners import build


def signals(world: World, query: Query, clip: float = 1e-7) -> np.ndarray:
    candidates = world.data.candidates
    frames = completions(candidates.features, ILLNESS, candidates.features)
    return np.stack([signal(query(frame), candidates.labels, clip) for frame in frames], axis=1)


def trained(name: str, world: World) -> Query:
    members = world.data.candidates.take(world.data.is_member)
    model = build(Learner(name), COLUMNS, 9).fit(members.features, members.labels)
    return lambda frame: model.over_all(model.predict_proba(frame), 2)


@cache
def learned(target: str) -> Weights:
    """From 600 auxiliary records about a target of this family, or about a table of the members; several tests look at the same."""
    world = World(candidates=600, auxiliary=600) if target != "lookup" else World()
    query = trained(target, world) if target != "lookup" else lookup_answers(world.data)
    return temper(world.context(query), ILLNESS, world.data.auxiliary, signals(world, query))


@pytest.mark.parametrize("name", ["random-forest", "xgboost"])
def test_the_family_of_the_target_is_recognised(name: str) -> None:
    assert learned(name).family == name


def test_a_target_that_remembers_is_recognised_and_trusted() -> None:
    assert learned("lookup").family == "lookup"
    assert learned("lookup").answered > 5


def test_a_forest_is_trusted_far_more_than_its_face_value() -> None:
    assert learned("random-forest").answered > 5


def test_with_too_few_auxiliary_records_both_weights_are_one() -> None:
    world = World(auxiliary=90)
    assert temper(world.context(constant), ILLNESS, world.data.auxiliary, signals(world, constant)) == Weights(1.0, 1.0, "none")


def test_the_channel_of_the_target_is_applied_to_the_shadows() -> None:
    """With answers of one decimal every signal is one of eleven values, on both sides."""
    world = World()
    coarse = Profile(Output.PROBABILITIES, PROFILE.classes, decimals=1)
    query = lookup_answers(world.data)
    rounded = signals(world, lambda frame: np.round(query(frame), 1), coarse.clip)
    weights = temper(world.context(query, profile=coarse), ILLNESS, world.data.auxiliary, rounded)
    assert weights.family == "lookup"


def test_the_same_seed_gives_the_same_weights() -> None:
    world = World(candidates=100, auxiliary=120)
    found = [temper(world.context(constant), ILLNESS, world.data.auxiliary, signals(world, constant)) for _ in range(2)]
    assert found[0] == found[1]


def test_it_reports_progress() -> None:
    world = World(candidates=100, auxiliary=120)
    temper(world.context(constant), ILLNESS, world.data.auxiliary, signals(world, constant))
    assert world.fractions == sorted(world.fractions)
    assert len(world.fractions) >= 3


def test_the_truth_of_the_candidates_changes_nothing() -> None:
    world = World(candidates=100, auxiliary=120)
    context = world.context(constant)
    other = replace(context, candidates=people(50, 99))
    seen = signals(world, constant)
    assert temper(context, ILLNESS, world.data.auxiliary, seen) == temper(other, ILLNESS, world.data.auxiliary, seen)


def two_sources(informative: int, n: int = 2_000) -> tuple[list[np.ndarray], np.ndarray]:
    """Two log-probability tables of which one tells the value."""
    rng = np.random.default_rng(0)
    values = rng.integers(3, size=n)
    tables = [rng.normal(size=(n, 3)) for _ in range(2)]
    tables[informative][np.arange(n), values] += 1.0
    return tables, values


def test_only_the_source_that_tells_is_weighted() -> None:
    tables, values = two_sources(informative=1)
    imputed, answered = fit_weights(tables, values)
    assert answered == pytest.approx(1.0, abs=0.15)
    assert imputed < 0.1


def test_the_fitted_weights_are_those_of_the_likelihood() -> None:
    """Gaussian tables shifted by 1 have the log-likelihood ratio as their value: the right weight is 1, of a scaled one 1/4."""
    tables, values = two_sources(informative=0)
    imputed, _ = fit_weights(tables, values)
    _, quarter = fit_weights((tables[1], 4 * tables[0]), values)
    assert imputed == pytest.approx(1.0, abs=0.15)
    assert quarter == pytest.approx(0.25, abs=0.04)


def test_answers_that_mislead_are_ignored_not_inverted() -> None:
    tables, values = two_sources(informative=1)
    _, answered = fit_weights((tables[0], -tables[1]), values)
    assert answered == 0.0


def test_perfect_answers_keep_a_finite_weight() -> None:
    n = 500
    values = np.arange(n) % 2
    answers = np.where(np.arange(2)[None, :] == values[:, None], 0.0, -5.0)
    _, answered = fit_weights((np.zeros((n, 2)), answers), values)
    assert 1.0 < answered < 100.0


def test_what_a_forest_remembers_is_told_by_a_reference_that_never_saw_it() -> None:
    """The reference is of the target's family and trained on no candidate; what the target says beyond it earns a weight."""
    weights = learned("random-forest")
    assert weights.remembered > 1
    assert weights.reference is not None
    assert weights.reference.learner.name == weights.family == "random-forest"


def test_a_table_has_no_reference() -> None:
    assert (learned("lookup").remembered, learned("lookup").reference) == (0.0, None)


def test_the_signals_of_a_model_of_our_own_are_those_of_its_completions() -> None:
    world = World(candidates=80)
    model = build(Learner("logistic-regression"), COLUMNS, 1).fit(world.data.auxiliary.features, world.data.auxiliary.labels)
    found = signals_of(model, world.context(constant), ILLNESS, world.data.candidates)
    assert found == pytest.approx(signals(world, lambda frame: model.over_all(model.predict_proba(frame), 2)))
