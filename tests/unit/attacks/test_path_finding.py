"""Trees whose leaves are known: what path finding finds of them, what it asks for, and when it calls nothing exact."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from inversion_world import COLUMNS, PROFILE, Recorded, World, constant, people

from auditor.attacks.record_keys import record_keys
from auditor.attacks.stealing.copying import classes_of
from auditor.attacks.stealing.leaf_axes import MISSING, Axes, Axis
from auditor.attacks.stealing.line_search import Cuts
from auditor.attacks.stealing.path_finding import PathFinding
from auditor.attacks.stealing.population import UNIFORM
from auditor.attacks.stealing.query_limits import JUDGING
from auditor.attacks.stealing.twin import noise_target
from auditor.domain.attack import Context, Query, Scope
from auditor.domain.data import Column, ColumnType
from auditor.domain.evidence import Copies, SurrogateLabels, SurrogateValues
from auditor.domain.learner import Learner, Task
from auditor.domain.target import Output, Profile
from auditor.errors import BudgetExhausted, Cancelled, InvalidInput, TargetRefused
from auditor.learners import build, build_for_values

VALUES = Profile(Output.VALUE, ())


def known(world: World, classes: int = 2, seed: int = 5) -> Query:
    return PathFinding.known_target(world.data.auxiliary, COLUMNS, classes, seed)


def regression_tree(depth: int) -> Query:
    """A tree trained by scikit-learn, whose leaves are means of numbers that nothing repeats."""
    members = people(400, 77)
    model = build_for_values(Learner("decision-tree", {"max_depth": depth}, Task.REGRESSION), COLUMNS, 1)
    model.fit(members.features, members.features["height"].to_numpy() + 30 * members.labels)
    return lambda frame: model.predict(frame)[:, None]


def classifier() -> Query:
    members = people(400, 77)
    model = build(Learner("decision-tree"), COLUMNS, 1).fit(members.features, members.labels)
    return lambda frame: model.over_all(model.predict_proba(frame), 2)


def of_values(world: World, query: Query) -> Context:
    return replace(world.stealing(query), profile=VALUES)


def agreement(world: World, query: Query, evidence: Copies) -> float:
    truth = query(world.data.candidates.features.iloc[evidence.rows])
    if isinstance(evidence, SurrogateValues):
        return float((evidence.values[-1] == truth[:, 0]).mean())
    return float((evidence.labels[-1] == classes_of(truth)).mean())


@pytest.mark.parametrize("seed", [5, 6])
def test_every_leaf_of_a_random_tree_is_found(seed: int) -> None:
    world = World()
    evidence = PathFinding().run(world.stealing(known(world, seed=seed)))
    leaves = len(np.unique(known(world, seed=seed)(people(20_000, 1).features), axis=0))
    assert evidence.figures["leaves"] == evidence.figures["distinct_answers"] >= leaves
    assert np.array_equal(evidence.uniform_labels[-1], evidence.uniform)
    assert evidence.figures["covered_share"] == 1.0
    assert "all were found" in evidence.notes[0]


def test_a_trained_regression_tree_is_copied_leaf_by_leaf() -> None:
    world = World()
    query = regression_tree(5)
    evidence = PathFinding().run(of_values(world, query))
    assert isinstance(evidence, SurrogateValues)
    assert np.array_equal(evidence.uniform_values[-1], evidence.uniform)
    assert agreement(world, query, evidence) > 0.99
    assert evidence.figures["leaves"] == evidence.figures["distinct_answers"] <= 32
    assert "exact" in evidence.notes[0]


def test_leaves_that_share_answers_are_never_called_exact() -> None:
    world = World()
    evidence = PathFinding(queries=1_200).run(world.stealing(classifier()))
    assert evidence.figures["distinct_answers"] == 2
    assert evidence.figures["leaves"] > 2
    assert not any("exact" in note for note in evidence.notes)
    assert "Several leaves give the same answer (2 distinct answers)" in evidence.notes[0]
    assert agreement(world, classifier(), evidence) > 0.85


def test_labels_alone_are_identities_too() -> None:
    world = World()

    def labels(frame: pd.DataFrame) -> np.ndarray:
        return np.eye(2)[known(world)(frame).argmax(axis=1)]

    evidence = PathFinding(queries=1_200).run(world.stealing(labels))
    assert evidence.figures["distinct_answers"] == 2
    assert not any("all were found" in note for note in evidence.notes)
    assert agreement(world, labels, evidence) > 0.8


def test_rounding_that_joins_leaves_is_noticed() -> None:
    world = World()

    def coarse(frame: pd.DataFrame) -> np.ndarray:
        return np.round(known(world)(frame), 1)

    evidence = PathFinding(queries=1_200).run(world.stealing(coarse))
    assert evidence.figures["distinct_answers"] < 24
    assert not any("all were found" in note for note in evidence.notes)


def test_classes_that_are_not_returned_do_not_hide_leaves() -> None:
    world = World()

    def top(frame: pd.DataFrame) -> np.ndarray:
        answers = known(world)(frame)
        return np.where(answers == answers.max(axis=1, keepdims=True), answers, np.nan)

    evidence = PathFinding().run(world.stealing(top))
    assert evidence.figures["leaves"] == 24
    assert agreement(world, top, evidence) > 0.99


def test_noise_is_given_up_early_and_said_to_be_no_tree() -> None:
    world = World(candidates=1_000)
    query = Recorded(noise_target(2, seed=5))
    evidence = PathFinding().run(world.stealing(query))
    assert 0.42 < agreement(world, noise_target(2, seed=5), evidence) < 0.58
    assert "no single tree, or answers at random, or is one of 19,900 leaves or more" in evidence.notes[0]
    assert len(query.asked) == 300 + UNIFORM
    assert evidence.figures["covered_share"] == 0.0


def test_a_constant_target_is_one_leaf() -> None:
    world = World()
    evidence = PathFinding().run(world.stealing(constant))
    assert evidence.figures["leaves"] == 1
    assert agreement(world, constant, evidence) == 1.0


def test_a_small_budget_leaves_a_part_of_the_tree() -> None:
    world = World()
    query = Recorded(known(world))
    evidence = PathFinding().run(world.stealing(query, limit=350 + JUDGING))
    assert len(query.asked) <= 350 + UNIFORM
    assert evidence.queries.tolist() == [350]
    assert evidence.figures["leaves"] < 24
    assert "ended before every leaf was found" in evidence.notes[0]
    assert agreement(world, known(world), evidence) > 0.8


def test_more_queries_find_more_leaves() -> None:
    world = World()
    found = [PathFinding(queries=q).run(world.stealing(known(world))).figures["leaves"] for q in (300, 5_000)]
    assert found == sorted(found)
    assert found[-1] == 24


def test_a_budget_below_the_least_is_refused() -> None:
    with pytest.raises(BudgetExhausted, match=r"at least 705 queries; raise budget\.queries"):
        PathFinding().run(World().stealing(constant, limit=704))


@pytest.mark.parametrize("queries", [199, 10_000_001, True, 1.5, "all"])
def test_queries_out_of_bounds_are_refused(queries: object) -> None:
    with pytest.raises(InvalidInput, match="whole number from 200 to 10,000,000") as refusal:
        PathFinding(queries=queries)  # type: ignore[arg-type]
    assert refusal.value.field == "attacks.path-finding.queries"


def test_needs_counts_what_judging_costs() -> None:
    needs = PathFinding(queries=600).needs(Scope(PROFILE, 400, 300, 0, 10_000))
    assert (needs.queries_min, needs.queries_max) == (200 + JUDGING, 600 + JUDGING)
    with pytest.raises(InvalidInput, match="at least 200 auxiliary records"):
        PathFinding().needs(Scope(PROFILE, 400, 199, 0, 10_000))


def test_no_record_is_asked_twice_and_none_that_is_judged() -> None:
    world = World()
    query = Recorded(known(world))
    evidence = PathFinding().run(world.stealing(query))
    learned = pd.concat(query.frames[1:])
    keys = record_keys(learned)
    assert len(keys) == len(set(keys.tolist())) == evidence.queries[0]
    assert not np.isin(record_keys(world.data.candidates.features.iloc[evidence.rows]), keys).any()


def test_many_searches_share_a_request() -> None:
    world = World()
    query = Recorded(known(world))
    evidence = PathFinding().run(world.stealing(query))
    assert len(query.frames) < evidence.queries[0] / 4


def test_a_target_that_refuses_made_up_records_is_said_so() -> None:
    world = World()
    natural = set(record_keys(world.data.auxiliary.features).tolist())

    def choosy(frame: pd.DataFrame) -> np.ndarray:
        if len(frame) != UNIFORM and not set(record_keys(frame).tolist()) <= natural:
            raise TargetRefused("unknown record")
        return known(world)(frame)

    evidence = PathFinding().run(world.stealing(choosy))
    assert "refuses made-up records" in evidence.notes[0]
    assert not any("all were found" in note for note in evidence.notes)
    assert agreement(world, known(world), evidence) > 0.7
    assert evidence.queries.tolist() == [300]


def test_a_target_that_changes_is_noticed() -> None:
    world = World()
    before, after = known(world), known(world, seed=6)
    evidence = PathFinding().run(replace(world.stealing(before), fresh=after))
    assert "it changed in" in evidence.notes[-1]


def test_it_can_be_cancelled_between_rounds() -> None:
    seen: list[float] = []

    def stop(fraction: float) -> None:
        seen.append(fraction)
        if len(seen) == 5:
            raise Cancelled("stop")

    with pytest.raises(Cancelled):
        PathFinding().run(replace(World().stealing(known(World())), checkpoint=stop))
    assert seen == sorted(seen)


def test_the_same_seed_gives_the_same_evidence() -> None:
    world = World()
    first, second = (PathFinding(queries=600).run(world.stealing(classifier())) for _ in range(2))
    assert isinstance(first, SurrogateLabels)
    assert isinstance(second, SurrogateLabels)
    assert np.array_equal(first.labels, second.labels)
    assert first.figures == second.figures


def test_neighbouring_positions_are_neighbouring_floats() -> None:
    cells = pd.Series([-2.5, -0.0, 0.0, 1e-30, 3.25, np.nan])
    axis = Axis.of(cells, Column("x", ColumnType.NUMBER))
    places = axis.positions(cells)
    assert axis.missing
    assert places[-1] == MISSING
    assert places[1] == places[2] == 0
    assert (np.diff(places[[0, 1, 3, 4]]) > 0).all()
    back = axis.cells(places + np.array([1, 0, 0, 0, 1, 0]))
    assert back[0] == np.nextafter(np.float32(-2.5), np.float32(0))
    assert back[4] == np.nextafter(np.float32(3.25), np.float32(9))
    assert np.isnan(back[5])


def test_frames_of_positions_keep_the_types_of_the_columns() -> None:
    features = people(50, 3).features
    axes = Axes.of(features, COLUMNS)
    frame = axes.frame(axes.points(features))
    assert frame["age"].dtype == np.int64
    assert frame["retired"].tolist() == features["retired"].tolist()
    assert frame["job"].tolist() == features["job"].tolist()
    np.testing.assert_array_equal(frame["height"], features["height"].astype(np.float32))


def test_unknown_categories_and_distant_numbers_have_a_place() -> None:
    features = people(50, 3).features
    axes = Axes.of(features, COLUMNS)
    odd = features.iloc[:1].assign(job="astronaut", age=999)
    point = axes.within(axes.points(odd))
    assert point[0, 0] == features["age"].max()
    assert axes.frame(point)["job"][0] in set(features["job"])


def test_known_thresholds_are_asked_beside() -> None:
    cuts = Cuts(1)
    for cut in (10, 20, 30, 20):
        cuts.add(0, cut)
    assert cuts.of_axis == [[10, 20, 30]]
    assert cuts.between(0, 0, 40) == 20
    assert cuts.between(0, 20, 25) == 21
    assert cuts.between(0, 21, 30) is None
