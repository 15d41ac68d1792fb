"""The attack itself, on targets that are easy, trivial or impossible to copy."""

import itertools
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from inversion_world import COLUMNS, PROFILE, Recorded, World, constant, people

from auditor.attacks.record_keys import record_keys
from auditor.attacks.stealing.no_query import NoQuerySurrogate
from auditor.attacks.stealing.surrogate import Surrogate
from auditor.attacks.stealing.twin import known_target, noise_target
from auditor.domain.attack import Attack, Query, Scope
from auditor.domain.data import Records
from auditor.domain.evidence import SurrogateLabels
from auditor.domain.learner import Learner
from auditor.domain.target import Output
from auditor.domain.threat import Sees
from auditor.errors import AttackFailed, BudgetExhausted, Cancelled, InvalidInput
from auditor.learners import build


def logistic() -> Query:
    """A target trained on people that nobody in the test holds."""
    members = people(400, 77)
    model = build(Learner("logistic-regression"), COLUMNS, 1).fit(members.features, members.labels)
    return lambda frame: model.over_all(model.predict_proba(frame), 2)


def as_labels(query: Query) -> Query:
    return lambda frame: np.eye(2)[query(frame).argmax(axis=1)]


def fidelity(world: World, query: Query, evidence: SurrogateLabels) -> np.ndarray:
    truth = query(world.data.candidates.features.iloc[evidence.rows]).argmax(axis=1)
    return (evidence.labels == truth).mean(axis=1)


def uniform_fidelity(evidence: SurrogateLabels) -> np.ndarray:
    return (evidence.uniform_labels == evidence.uniform).mean(axis=1)


def checkered(frame: pd.DataFrame) -> np.ndarray:
    """Probabilities that jump with age, which lines and kernels follow badly."""
    even = np.where((frame["age"].to_numpy() // 15) % 2 == 0, 0.9, 0.1)
    return np.column_stack([even, 1 - even])


def forbidden(frame: pd.DataFrame) -> np.ndarray:
    raise AttackFailed("the baseline asked the model")


def test_a_logistic_model_is_copied() -> None:
    world = World()
    evidence = Surrogate(queries=1_000).run(world.stealing(logistic()))
    assert fidelity(world, logistic(), evidence)[-1] > 0.97
    assert uniform_fidelity(evidence)[-1] > 0.95


def test_from_its_labels_too() -> None:
    world = World()
    query = as_labels(logistic())
    evidence = Surrogate(queries=1_000).run(world.stealing(query))
    assert fidelity(world, query, evidence)[-1] > 0.95


def test_a_wrongly_declared_learner_does_not_protect() -> None:
    world = World()
    evidence = Surrogate(queries=1_000).run(world.stealing(known(world), learner="random-forest"))
    assert fidelity(world, known(world), evidence)[-1] > 0.9


def test_more_answers_copy_better() -> None:
    world = World()
    curve = fidelity(world, known(world), Surrogate(queries=2_000).run(world.stealing(known(world), learner="xgboost")))
    assert curve[-1] > curve[0]


def test_a_constant_target_is_copied_at_once() -> None:
    world = World()
    evidence = Surrogate(queries=500).run(world.stealing(constant))
    assert fidelity(world, constant, evidence).tolist() == [1.0] * 3
    assert uniform_fidelity(evidence).tolist() == [1.0] * 3


def test_and_there_is_nothing_to_steal_where_everybody_has_its_class() -> None:
    world = World()
    same = Records(world.data.auxiliary.features, np.ones(300, np.intp))
    baseline = NoQuerySurrogate().run(replace(world.stealing(forbidden), auxiliary=same))
    assert fidelity(world, constant, baseline).tolist() == [1.0]


def known(world: World) -> Query:
    return known_target(world.data.auxiliary, COLUMNS, 2, seed=5)


def test_a_known_rule_is_learned_and_the_baseline_knows_nothing_of_it() -> None:
    world = World()
    query = known(world)
    context = world.stealing(query)
    copied = fidelity(world, query, Surrogate(queries=1_000).run(context))[-1]
    baseline = fidelity(world, query, NoQuerySurrogate().run(context))[-1]
    assert copied > 0.93
    assert copied - baseline > 0.1


def test_learners_that_fall_far_behind_are_not_fitted_again() -> None:
    """Progress is told before every fit, and stays the same within a round."""
    world = World()
    Surrogate(queries=1_000).run(world.stealing(checkered, learner="xgboost"))
    fits = [len(list(same)) for _, same in itertools.groupby(world.fractions)]
    assert max(fits) >= 4
    assert fits[-2] == 1


def test_noise_cannot_be_copied() -> None:
    world = World(candidates=1_000)
    query = noise_target(2, seed=5)
    evidence = Surrogate(queries=1_000).run(world.stealing(query))
    assert 0.42 < fidelity(world, query, evidence)[-1] < 0.58


def test_budgets_are_shares_of_what_was_asked_and_small_ones_begin_with_more() -> None:
    assert Surrogate(queries=1_000).run(World().stealing(constant)).queries.tolist() == [250, 375, 584, 792, 1_000]
    assert Surrogate(queries=500).run(World().stealing(constant)).queries.tolist() == [250, 362, 500]
    assert Surrogate(queries=2_500).run(World().stealing(logistic())).queries.tolist() == [250, 625, 1_250, 1_875, 2_500]


def test_the_audits_limit_counts_the_uniform_points() -> None:
    query = Recorded(constant)
    evidence = Surrogate().run(World().stealing(query, limit=900))
    assert evidence.queries.tolist() == [200, 400]
    assert len(query.asked) == 900


def test_a_limit_below_the_least_is_refused() -> None:
    with pytest.raises(BudgetExhausted, match=r"700 queries; raise budget\.queries"):
        Surrogate().run(World().stealing(constant, limit=699))


def test_it_stays_inside_its_needs() -> None:
    needs = Surrogate(queries=600).needs(Scope(PROFILE, 400, 300, 0, 10_000))
    assert (needs.queries_min, needs.queries_max, needs.shadows) == (700, 1_100, 0)
    query = Recorded(constant)
    Surrogate(queries=600).run(World().stealing(query))
    assert len(set(record_keys(query.asked).tolist())) == needs.queries_max


def test_needs_refuses_too_small_a_population() -> None:
    for attack in (Surrogate(), NoQuerySurrogate()):
        with pytest.raises(InvalidInput, match="at least 200 auxiliary records"):
            attack.needs(Scope(PROFILE, 400, 199, 0, 10_000))


def test_no_judged_candidate_was_asked() -> None:
    world = World()
    query = Recorded(constant)
    evidence = Surrogate(queries=2_000).run(world.stealing(query))
    judged = record_keys(world.data.candidates.features.iloc[evidence.rows])
    assert not np.isin(record_keys(query.asked), judged).any()


def test_shapes_of_the_evidence() -> None:
    evidence = Surrogate(queries=400).run(World().stealing(constant))
    assert evidence.rows.shape == (400,)
    assert evidence.labels.shape == (2, 400)
    assert evidence.uniform_labels.shape == (2, 500)
    assert evidence.uniform.shape == (500,)


def test_the_baseline_is_judged_on_the_same_records_and_points() -> None:
    world = World()
    attack = Surrogate(queries=400)
    assert isinstance(attack.baseline, NoQuerySurrogate)
    stolen = attack.run(world.stealing(constant, seed=1))
    baseline = attack.baseline.run(world.stealing(forbidden, seed=2))
    assert np.array_equal(stolen.rows, baseline.rows)
    assert baseline.labels.shape == (1, 400)
    assert baseline.uniform_labels.shape == (1, 500)


def test_the_baseline_asks_nothing_and_knows_no_answer() -> None:
    baseline = NoQuerySurrogate().run(World().stealing(forbidden))
    assert baseline.queries.tolist() == [0]
    assert baseline.uniform.tolist() == [-1] * 500
    assert NoQuerySurrogate.threat_model.sees is Sees.NOTHING


def test_the_baseline_learns_the_natural_labels() -> None:
    world = World()
    baseline = NoQuerySurrogate().run(world.stealing(forbidden))
    assert (baseline.labels[0] == world.data.candidates.labels).mean() > 0.75


def test_the_same_seed_gives_the_same_evidence() -> None:
    world = World()
    first, second = (Surrogate(queries=400).run(world.stealing(logistic(), learner="random-forest")) for _ in range(2))
    assert np.array_equal(first.labels, second.labels)
    assert np.array_equal(first.uniform_labels, second.uniform_labels)


def test_a_random_answer_is_only_asked_once_a_record() -> None:
    query = Recorded(noise_target(2, seed=1))
    Surrogate(queries=700).run(World().stealing(query))
    keys = record_keys(query.asked)
    assert len(keys) == len(set(keys.tolist()))


def test_three_classes_and_hidden_ones() -> None:
    world = World()
    three = replace(PROFILE, classes=("a", "b", "c"))
    query = known_target(world.data.auxiliary, COLUMNS, 3, seed=2)

    def top_one(frame: pd.DataFrame) -> np.ndarray:
        answers = query(frame)
        return np.where(answers == answers.max(axis=1, keepdims=True), answers, np.nan)

    evidence = Surrogate(queries=1_000).run(replace(world.stealing(top_one), profile=three))
    assert set(np.unique(evidence.labels)) <= {0, 1, 2}
    assert fidelity(world, query, evidence)[-1] > 0.75


def test_a_world_with_few_distinct_records_ends_early() -> None:
    world = World(auxiliary=220)
    narrow = (COLUMNS[0], COLUMNS[-1])
    names = [c.name for c in narrow]
    candidates = world.data.candidates.features[names].assign(age=world.data.candidates.features["age"] + 100)
    context = replace(
        world.stealing(constant),
        columns=narrow,
        auxiliary=Records(world.data.auxiliary.features[names], world.data.auxiliary.labels),
        candidates=Records(candidates, world.data.candidates.labels),
    )
    # The uniform points take part of the 70 ages x 3 illnesses there are; the rest is all that can be asked.
    query = Recorded(constant)
    with pytest.raises(AttackFailed, match="distinct records could be made up"):
        Surrogate().run(replace(context, query=query))
    assert query.frames == []


def test_progress_rises_to_one() -> None:
    world = World()
    Surrogate(queries=1_200).run(world.stealing(constant))
    assert world.fractions == sorted(world.fractions)
    assert world.fractions[-1] == 1.0


def test_it_can_be_cancelled_between_batches() -> None:
    query = Recorded(constant)

    def stop(fraction: float) -> None:
        if len(query.frames) == 2:
            raise Cancelled("stop")

    with pytest.raises(Cancelled):
        Surrogate(queries=5_000).run(replace(World().stealing(query), checkpoint=stop))
    assert len(query.frames) == 2


@pytest.mark.parametrize("queries", [199, 1_000_001, True, 500.5, "all"])
def test_bounds(queries: object) -> None:
    with pytest.raises(InvalidInput, match="whole number") as refusal:
        Surrogate(queries=queries)  # type: ignore[arg-type]
    assert refusal.value.field == "attacks.surrogate.queries"


def test_it_meets_the_contract() -> None:
    assert isinstance(Surrogate(), Attack)
    assert isinstance(NoQuerySurrogate(), Attack)
    assert all(Surrogate.threat_model.is_met_by(output) for output in (Output.LABELS, Output.TOP_K, Output.PROBABILITIES))
