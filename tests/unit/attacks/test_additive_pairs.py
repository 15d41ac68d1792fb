"""Sums of functions of two columns each are copied to the last digits, and what is no such sum is told from one."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from inversion_world import COLUMNS, World, people

from auditor.attacks.stealing.additive_lines import cells_of
from auditor.attacks.stealing.additive_pairs import PairCopy
from auditor.attacks.stealing.additive_stumps import Looked, look
from auditor.attacks.stealing.ensemble_link import Link
from auditor.attacks.stealing.ensemble_thresholds import EnsembleThresholds
from auditor.attacks.stealing.leaf_answers import Answers, Spent
from auditor.attacks.stealing.leaf_axes import Axes
from auditor.domain.attack import Query
from auditor.domain.evidence import SurrogateValues
from auditor.domain.learner import Learner
from auditor.domain.seeds import generator
from auditor.domain.target import Output, Profile
from auditor.learners import build
from auditor.learners.encode import prepare

VALUES = Profile(Output.VALUE, ())
MEMBERS = people(400, 77)


def looked(query: Query, limit: int = 20_000) -> tuple[Looked, Answers]:
    world = World()
    auxiliary = world.data.auxiliary.features
    answers = Answers(world.stealing(query), Axes.of(auxiliary, COLUMNS), limit)
    return look(answers, auxiliary, generator(1, "pairs")), answers


def boosted(depth: int, rounds: int) -> tuple[Query, Query]:
    """A target, and the margin that it adds up."""
    params = {"n_estimators": rounds, "max_depth": depth}
    model = build(Learner("xgboost", params), COLUMNS, 1).fit(MEMBERS.features, MEMBERS.labels)

    def margin(frame: pd.DataFrame) -> np.ndarray:
        return np.asarray(model._estimator.predict(model._encoding.apply(prepare(frame, COLUMNS)), output_margin=True))

    return model.predict_proba, margin


def adding(terms: Sequence[Query]) -> Query:
    """Log-odds that are a sum of terms."""
    return lambda frame: Link(True).answers(sum(term(frame) for term in terms)[:, None])


def tall_miner(frame: pd.DataFrame) -> np.ndarray:
    return 1.3 * ((frame["height"] > 171.5) & (frame["job"] == "miner")).to_numpy()


def old_without_dose(frame: pd.DataFrame) -> np.ndarray:
    return np.where(frame["dose"].isna(), 0.7 * (frame["age"] > 60), 0.2 * (frame["dose"] > 0.5)).astype(float)


def old_gout(frame: pd.DataFrame) -> np.ndarray:
    return -0.9 * ((frame["age"] > 40) & (frame["illness"] == "gout")).to_numpy()


def test_boosted_trees_of_depth_two_are_recovered_in_the_log_odds() -> None:
    """The largest difference from the model's own margin, on records within the ranges of the population, is below 1e-5."""
    query, margin = boosted(2, 30)
    seen, answers = looked(query)
    assert isinstance(seen.copy, PairCopy)
    fresh = people(5_000, 9).features
    points = answers.axes.points(fresh)
    inside = (answers.axes.within(points) == points).all(axis=1)
    assert np.abs(seen.copy.scores(points)[inside, 0] - margin(fresh)[inside]).max() < 1e-5
    assert seen.third is not None
    assert seen.third < 1
    assert len(answers) < 8_000


def test_terms_of_pairs_are_found_and_no_others() -> None:
    """Two that act together beside one for a missing cell: as many atoms as the terms have, at their very thresholds."""
    terms = [tall_miner, old_without_dose, old_gout]
    seen, answers = looked(adding(terms))
    assert isinstance(seen.copy, PairCopy)
    fresh = people(3_000, 9).features
    points = answers.axes.points(fresh)
    inside = (answers.axes.within(points) == points).all(axis=1)
    truth = sum(term(fresh) for term in terms)
    np.testing.assert_allclose(seen.copy.scores(points)[inside, 0], truth[inside], atol=1e-9)
    assert seen.copy.thresholds == 4  # 171.5, 60 and 40 years, 0.5
    pairs = {(COLUMNS[a.first].name, COLUMNS[a.second].name) for a in seen.copy.atoms}
    assert pairs == {("height", "job"), ("age", "dose"), ("age", "illness")}


def test_a_threshold_that_shows_on_one_side_alone_is_found() -> None:
    """From a record that is no miner the height does not matter at all."""
    query = adding([tall_miner, old_gout])
    world = World()
    axes = Axes.of(world.data.auxiliary.features, COLUMNS)
    answers = Answers(world.stealing(query), axes, 5_000)
    nurse = people(200, 3).features.assign(job="nurse", illness="none").iloc[:1]
    cells = cells_of(axes.points(nurse)[0], answers)
    assert [cell.ordered for cell in cells] == [2, 2, 1, 0, 0, 0]
    job = cells[3]
    assert len(set(job.group.tolist())) == 2


def test_numbers_are_copied_on_their_own_scale() -> None:
    def query(frame: pd.DataFrame) -> np.ndarray:
        return (10 * tall_miner(frame) + old_gout(frame))[:, None]

    context = replace(World().stealing(query), profile=VALUES)
    evidence = EnsembleThresholds(3_000).run(context)
    assert isinstance(evidence, SurrogateValues)
    assert "two columns each, like boosted trees of depth 2: 2 thresholds and 2 pairs" in evidence.notes[0]
    assert evidence.figures["largest_difference"] < 1e-9


def test_three_columns_that_act_together_are_told_and_learned() -> None:
    query, _ = boosted(5, 20)
    seen, _ = looked(query)
    assert seen.copy is None
    assert seen.third is not None
    assert seen.third > 1
    evidence = EnsembleThresholds(300).run(World().stealing(query))
    assert evidence.notes[0].startswith("Three columns or more act together.")
    assert "nothing of it is exact" in evidence.notes[0]


def test_a_rare_third_column_is_noticed_on_uniform_points() -> None:
    """No pair of auxiliary records meets it, so the target looks like a sum, and the copy of that sum is held to other points."""

    def rare(frame: pd.DataFrame) -> np.ndarray:
        return 2.0 * ((frame["age"] > 75) & (frame["height"] > 182) & (frame["illness"] == "none")).to_numpy()

    evidence = EnsembleThresholds(400).run(World().stealing(adding([rare, lambda frame: 0.5 * (frame["age"] > 40).to_numpy()])))
    assert evidence.notes[0].startswith("The target looked like a sum of functions of one or two columns each, but")
    assert "nothing of it is exact" in evidence.notes[0]


def test_where_pairs_cost_more_than_is_left_the_copy_is_learned() -> None:
    query, _ = boosted(2, 30)
    seen, answers = looked(query, limit=700)
    assert seen.copy is None
    assert seen.is_dear
    assert len(answers) <= 700
    evidence = EnsembleThresholds(800).run(World().stealing(query))
    assert "which several times as many queries would copy exactly" in evidence.notes[0]


def test_the_search_ends_where_the_limit_does() -> None:
    world = World()
    axes = Axes.of(world.data.auxiliary.features, COLUMNS)
    answers = Answers(world.stealing(adding([tall_miner, old_gout])), axes, 60)
    with pytest.raises(Spent):
        cells_of(axes.points(world.data.auxiliary.features.iloc[:1])[0], answers)
    assert len(answers) <= 60
