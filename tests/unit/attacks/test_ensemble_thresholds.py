"""Sums of stumps are copied exactly, deeper ensembles better than by plain retraining, and what cannot be copied is not."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from inversion_world import COLUMNS, PROFILE, Recorded, World, constant, people

from auditor.attacks.record_keys import record_keys
from auditor.attacks.stealing.additive_stumps import Steps
from auditor.attacks.stealing.copying import answered, classes_of
from auditor.attacks.stealing.ensemble_choice import pool
from auditor.attacks.stealing.ensemble_link import Link
from auditor.attacks.stealing.ensemble_refit import FINE, Bench
from auditor.attacks.stealing.ensemble_thresholds import EnsembleThresholds
from auditor.attacks.stealing.leaf_axes import MISSING
from auditor.attacks.stealing.population import UNIFORM
from auditor.attacks.stealing.query_limits import JUDGING
from auditor.attacks.stealing.twin import noise_target
from auditor.domain.attack import Context, Query, Scope
from auditor.domain.data import Records
from auditor.domain.evidence import SurrogateLabels, SurrogateValues
from auditor.domain.learner import Learner
from auditor.domain.target import Output, Profile
from auditor.errors import BudgetExhausted, Cancelled, InvalidInput, TargetRefused
from auditor.learners import build

NONE = np.zeros(0, np.uint64)


def known(world: World, classes: int = 2) -> Query:
    return EnsembleThresholds.known_target(world.data.auxiliary, COLUMNS, classes, 5)


def trained(learner: str, **params: object) -> Query:
    members = people(400, 77)
    model = build(Learner(learner, params), COLUMNS, 1).fit(members.features, members.labels)
    return lambda frame: model.over_all(model.predict_proba(frame), 2)


def boosted(depth: int) -> Query:
    return trained("xgboost", n_estimators=50, max_depth=depth)


def agreement(world: World, query: Query, evidence: SurrogateLabels) -> np.ndarray:
    truth = classes_of(query(world.data.candidates.features.iloc[evidence.rows]))
    return (evidence.labels == truth).mean(axis=1)


def of_classes(world: World, query: Query, classes: int) -> Context:
    return replace(world.stealing(query), profile=replace(PROFILE, classes=tuple("abcd"[:classes])))


def run(context: Context, queries: int = 1_000) -> SurrogateLabels:
    evidence = EnsembleThresholds(queries).run(context)
    assert isinstance(evidence, SurrogateLabels)
    return evidence


@pytest.mark.parametrize("classes", [2, 3])
def test_a_sum_of_stumps_is_copied_to_the_last_digits(classes: int) -> None:
    world = World()
    evidence = run(of_classes(world, known(world, classes), classes))
    assert evidence.figures["largest_difference"] < 1e-12
    assert evidence.figures["second_difference"] < 1e-12
    assert 5 < evidence.figures["thresholds"] <= 40
    assert np.array_equal(evidence.uniform_labels[-1], evidence.uniform)
    assert evidence.copied is not None
    truth = known(world, classes)(world.data.candidates.features)
    assert (np.abs(evidence.copied - truth).max(axis=1) < 1e-12).mean() > 0.98  # but for numbers beyond those of the population
    assert "sum of functions of one column each" in evidence.notes[0]


def test_trained_stumps_are_copied_as_far_as_32_bits_tell() -> None:
    world = World()
    evidence = run(world.stealing(boosted(1)))
    assert evidence.figures["largest_difference"] < 1e-4
    assert agreement(world, boosted(1), evidence)[-1] > 0.995


def test_a_sum_that_answers_a_number_is_copied_too() -> None:
    world = World()
    context = replace(world.stealing(known(world, 0)), profile=Profile(Output.VALUE, ()))
    evidence = EnsembleThresholds(1_000).run(context)
    assert isinstance(evidence, SurrogateValues)
    assert np.abs(evidence.uniform_values[-1] - evidence.uniform).max() < 1e-12


def test_numbers_of_deeper_trees_are_learned() -> None:
    world = World()

    def product(frame: pd.DataFrame) -> np.ndarray:
        return ((frame["age"] > 50) * (frame["height"] - 170).clip(-10, 10)).to_numpy()[:, None]

    context = replace(world.stealing(product), profile=Profile(Output.VALUE, ()))
    evidence = EnsembleThresholds(800).run(context)
    assert isinstance(evidence, SurrogateValues)
    truth = product(world.data.candidates.features.iloc[evidence.rows])[:, 0]
    assert np.corrcoef(evidence.values[-1], truth)[0, 1] > 0.95


@pytest.mark.parametrize("learner", ["xgboost", "random-forest"])
def test_deeper_ensembles_are_learned_and_never_called_exact(learner: str) -> None:
    world = World()
    query = trained(learner)
    evidence = run(world.stealing(query), 800)
    assert agreement(world, query, evidence)[-1] > 0.9
    assert evidence.figures["second_difference"] > 0.01
    assert "nothing of it is exact" in evidence.notes[0]
    assert evidence.queries[-1] == 800
    assert (np.diff(evidence.queries) > 0).all()


def test_rounded_stumps_are_copied_to_their_digits() -> None:
    world = World()

    def rounded(frame: pd.DataFrame) -> np.ndarray:
        return np.round(known(world)(frame), 3)

    context = replace(world.stealing(rounded), profile=replace(PROFILE, decimals=3))
    evidence = run(context)
    assert agreement(world, rounded, evidence)[-1] > 0.97
    assert evidence.figures["largest_difference"] > 1e-4


def test_labels_alone_are_learned_from() -> None:
    world = World()

    def labels(frame: pd.DataFrame) -> np.ndarray:
        return np.eye(2)[boosted(3)(frame).argmax(axis=1)]

    assert agreement(world, labels, run(world.stealing(labels), 600))[-1] > 0.88


def test_a_smooth_sum_is_left_to_equation_solving() -> None:
    world = World()
    query = trained("logistic-regression")
    evidence = run(world.stealing(query))
    assert "smooth ones without thresholds: equation-solving" in evidence.notes[0]
    assert agreement(world, query, evidence)[-1] > 0.9


def test_noise_is_not_copied() -> None:
    world = World(candidates=1_000)
    query = noise_target(2, seed=5)
    assert 0.42 < agreement(world, query, run(world.stealing(query), 300))[-1] < 0.58


def test_a_constant_target_has_no_threshold() -> None:
    evidence = run(World().stealing(constant))
    assert evidence.figures["thresholds"] == 0
    assert np.array_equal(evidence.uniform_labels[-1], evidence.uniform)


def test_several_classes_are_learned_with_and_without_own_labels() -> None:
    world = World()

    def crossed(frame: pd.DataFrame) -> np.ndarray:
        old, tall = (frame["age"] > 50).to_numpy(), (frame["height"] > 170).to_numpy()
        return np.where((old ^ tall)[:, None], [[0.7, 0.2, 0.1]], np.where(old[:, None], [[0.1, 0.6, 0.3]], [[0.2, 0.1, 0.7]]))

    context = of_classes(world, crossed, 3)
    hidden = Records(world.data.auxiliary.features, np.full(300, -1))
    for auxiliary in (context.auxiliary, hidden):
        evidence = run(replace(context, auxiliary=auxiliary), 300)
        assert agreement(world, crossed, evidence)[-1] > 0.95


def test_the_limit_is_kept_and_no_judged_record_is_asked() -> None:
    world = World()
    query = Recorded(boosted(4))
    evidence = run(world.stealing(query, limit=600 + JUDGING))
    assert len(query.asked) <= 600 + UNIFORM
    asked = record_keys(pd.concat(query.frames[1:]))
    assert len(asked) == len(set(asked.tolist()))
    assert not np.isin(record_keys(world.data.candidates.features.iloc[evidence.rows]), asked).any()


def test_a_limit_below_the_least_is_refused() -> None:
    with pytest.raises(BudgetExhausted, match=r"at least 705 queries; raise budget\.queries"):
        EnsembleThresholds().run(World().stealing(constant, limit=704))


@pytest.mark.parametrize("queries", [199, 1_000_001, False, 2.5])
def test_queries_out_of_bounds_are_refused(queries: object) -> None:
    with pytest.raises(InvalidInput, match="whole number from 200 to 1,000,000"):
        EnsembleThresholds(queries)  # type: ignore[arg-type]


def test_needs_counts_what_judging_costs() -> None:
    needs = EnsembleThresholds(600).needs(Scope(PROFILE, 400, 300, 0, 10_000))
    assert (needs.queries_min, needs.queries_max) == (200 + JUDGING, 600 + JUDGING)


def test_a_target_that_refuses_made_up_records_is_learned_from_natural_ones() -> None:
    world = World()
    natural = set(record_keys(world.data.auxiliary.features).tolist())

    def choosy(frame: pd.DataFrame) -> np.ndarray:
        if len(frame) != UNIFORM and not set(record_keys(frame).tolist()) <= natural:
            raise TargetRefused("unknown record")
        return boosted(4)(frame)

    evidence = run(world.stealing(choosy))
    assert any("refuses made-up records" in note for note in evidence.notes)
    assert agreement(world, boosted(4), evidence)[-1] > 0.85


def test_a_target_that_changes_is_noticed() -> None:
    world = World()
    evidence = run(replace(world.stealing(known(world)), fresh=boosted(1)))
    assert "it changed in" in evidence.notes[-1]


def test_it_can_be_cancelled_between_fits() -> None:
    seen: list[float] = []

    def stop(fraction: float) -> None:
        seen.append(fraction)
        if fraction >= 0.3:
            raise Cancelled("stop")

    with pytest.raises(Cancelled):
        run(replace(World().stealing(boosted(4)), checkpoint=stop), 500)


def test_answers_of_the_link_come_back() -> None:
    answers = np.array([[0.9, 0.1], [0.2, 0.8], [0.5, 0.5]])
    np.testing.assert_allclose(Link(True).scores(answers)[:, 0], np.log(answers[:, 1] / answers[:, 0]))
    np.testing.assert_allclose(Link(True).answers(Link(True).scores(answers)), answers)
    three = np.array([[0.2, 0.3, 0.5]])
    np.testing.assert_allclose(Link(True).answers(Link(True).scores(three)), three)
    assert Link(False).answers(answers) is answers


def test_steps_hold_from_their_start_on() -> None:
    steps = Steps(np.array([0, 5, 9]), np.array([[0.0], [1.0], [2.0]]), np.array([7.0]))
    assert steps.at(np.array([-3, 0, 4, 5, 8, 9, 100, MISSING]))[:, 0].tolist() == [0, 0, 0, 1, 1, 2, 2, 7]


def test_natural_records_come_first_in_the_pool() -> None:
    world = World()
    natural = world.data.auxiliary.features
    records, count = pool(world.stealing(constant), natural, NONE, 1_000)
    keys = record_keys(natural)
    assert count == 300
    assert np.isin(record_keys(records.iloc[:300]), keys).all()
    assert not np.isin(record_keys(records.iloc[300:]), keys).any()
    assert len(pool(world.stealing(constant), natural, keys[:100], 100)[0]) == 200


def test_own_labels_are_a_start_where_they_help() -> None:
    """From few answers of a model of the population, the copy that begins with the population's labels agrees better."""
    world, query = World(candidates=1_500), boosted(2)
    auxiliary = world.data.auxiliary
    context = world.stealing(query)
    few = answered(auxiliary.features.iloc[:30], query(auxiliary.features.iloc[:30]))
    bench = Bench.of(context, auxiliary)
    fresh = people(1_500, 9).features
    truth = classes_of(query(fresh))
    found = [
        float((classes_of(bench.fitted(few, FINE, start, "few").answers(fresh)) == truth).mean()) for start in (bench.prior, None)
    ]
    assert found[0] > found[1]
