"""Stealing as a claim: easy targets are copied, known rules beat the baseline, and noise is never copied."""

from dataclasses import replace

import numpy as np
import pytest
from inversion_world import COLUMNS, World, people

from auditor.attacks.stealing.surrogate import Surrogate
from auditor.attacks.stealing.twin import known_target, noise_target
from auditor.domain.attack import Context, Query
from auditor.domain.evidence import SurrogateLabels
from auditor.domain.learner import Learner
from auditor.learners import build
from auditor.scoring.assess import assess
from auditor.scoring.controls import stealing
from auditor.scoring.grading import Assessment, Grading, Truth

GRADING = Grading(level=25.0, seed=1)


def logistic() -> Query:
    members = people(400, 77)
    model = build(Learner("logistic-regression"), COLUMNS, 1).fit(members.features, members.labels)
    return lambda frame: model.over_all(model.predict_proba(frame), 2)


def stolen(
    world: World, query: Query, queries: int = 1_000, learner: str = "logistic-regression"
) -> tuple[SurrogateLabels, SurrogateLabels]:
    attack = Surrogate(queries=queries)
    context = world.stealing(query, learner)
    return attack.run(context), attack.baseline.run(context)


def truth(world: World, query: Query) -> Truth:
    candidates = world.data.candidates
    return Truth(world.data.is_member, candidates.labels, None, query(candidates.features).argmax(axis=1), 2)


def graded(world: World, query: Query, queries: int = 1_000, learner: str = "logistic-regression") -> Assessment:
    evidence, baseline = stolen(world, query, queries, learner)
    return assess(evidence, truth(world, query), GRADING, baseline)


def value(assessment: Assessment, name: str) -> float:
    found = next(e.value for e in assessment.estimates if e.name == name)
    assert found is not None
    return found


def test_a_logistic_model_is_stolen() -> None:
    found = graded(World(candidates=1_000), logistic(), queries=2_000)
    assert value(found, "fidelity") > 0.97
    assert value(found, "fidelity_uniform") > 0.97
    assert value(found, "fidelity") > value(found, "baseline_fidelity")


@pytest.mark.parametrize("learner", ["logistic-regression", "xgboost", "random-forest"])
def test_a_known_rule_is_stolen_with_every_declared_learner(learner: str) -> None:
    world = World()
    query = known_target(world.data.auxiliary, COLUMNS, 2, seed=5)
    found = graded(world, query, learner=learner)
    assert value(found, "fidelity") > 0.9
    assert found.score_low is not None
    assert found.score_low > 25


def test_noise_is_never_stolen() -> None:
    """Over 6 targets, agreement is that of a coin, and the lower limit of the score is above 0 at most once."""
    fidelities, demonstrated = [], 0
    world = World(candidates=500)
    baseline = Surrogate().baseline.run(world.stealing(logistic()))
    for seed in range(6):
        query = noise_target(2, seed)
        evidence = Surrogate(queries=200).run(world.stealing(query))
        found = assess(evidence, truth(world, query), GRADING, baseline)
        fidelities.append(value(found, "fidelity"))
        demonstrated += (found.score_low or 0.0) > 0
    assert abs(np.mean(fidelities) - 0.5) < 3 * 0.5 / np.sqrt(6 * 500)
    assert demonstrated <= 1


@pytest.mark.parametrize("classes", [2, 4])
def test_both_controls_pass_on_their_targets(classes: int) -> None:
    world = World()
    profile_classes = tuple(f"class {c}" for c in range(classes))
    attack = Surrogate(queries=500)
    evidence = {}
    for name, query in {
        "known": known_target(world.data.auxiliary, COLUMNS, classes, seed=5),
        "noise": noise_target(classes, seed=5),
    }.items():
        context = world.stealing(query)
        evidence[name] = attack.run(_with_classes(context, profile_classes))
    baseline = attack.baseline.run(_with_classes(world.stealing(logistic()), profile_classes))
    told = known_target(world.data.auxiliary, COLUMNS, classes, seed=5)(world.data.candidates.features).argmax(axis=1)
    rule = Truth(world.data.is_member, world.data.candidates.labels, None, told, classes)
    checks = stealing(evidence["known"], evidence["noise"], baseline, rule, GRADING)
    assert checks["known_target"].passed
    assert checks["noise_target"].passed


def _with_classes(context: Context, classes: tuple[str, ...]) -> Context:
    return replace(context, profile=replace(context.profile, classes=classes))


def test_more_answers_never_cost_much() -> None:
    """The fidelity curve rises: averaged over targets, no budget is worse than the one before, up to noise, and a third of the
    wrong answers goes."""
    world = World(candidates=800)
    curves = []
    for seed in range(3):
        query = known_target(world.data.auxiliary, COLUMNS, 2, seed)
        evidence = Surrogate(queries=1_000).run(world.stealing(query, "xgboost"))
        assert isinstance(evidence, SurrogateLabels)
        curves.append((evidence.labels == truth(world, query).target_labels[evidence.rows]).mean(axis=1))
    rise = np.mean(curves, axis=0)
    assert (np.diff(rise) > -0.02).all()
    assert 1 - rise[-1] < 0.7 * (1 - rise[0])
