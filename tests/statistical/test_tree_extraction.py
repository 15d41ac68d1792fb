"""Extraction as a claim: a tree of distinct answers is the same partition, stumps the same log-odds."""

import numpy as np
from inversion_world import COLUMNS, World, people

from auditor.attacks.stealing.additive_stumps import look
from auditor.attacks.stealing.leaf_answers import Answers
from auditor.attacks.stealing.leaf_axes import Axes
from auditor.attacks.stealing.leaf_copy import LeafCopy
from auditor.attacks.stealing.path_finding_crawl import Crawl
from auditor.domain.attack import Query
from auditor.domain.learner import Learner
from auditor.domain.seeds import generator
from auditor.learners import build
from auditor.learners.encode import prepare

MEMBERS = people(400, 77)


def crawled(world: World, query: Query) -> LeafCopy:
    context = world.stealing(query)
    crawl = Crawl(Answers(context, Axes.of(world.data.auxiliary.features, COLUMNS), 6_000))
    crawl.run(world.data.auxiliary.features, generator(1, "drawn"))
    return LeafCopy.of(crawl, context)


def test_a_trained_tree_with_an_answer_for_each_leaf_is_the_same_partition() -> None:
    """All leaves that the population's box reaches, and the same leaf for each of 100,000 uniform points."""
    world, seed = World(), 1
    model = build(Learner("decision-tree", {"max_depth": 5}), COLUMNS, seed).fit(MEMBERS.features, MEMBERS.labels)
    numbers = generator(seed, "leaves").dirichlet([1.0, 1.0], model._estimator.tree_.node_count)
    copy = crawled(world, lambda frame: numbers[model._estimator.apply(model._encoding.apply(prepare(frame, COLUMNS)))])
    axes = copy.crawl.answers.axes
    uniform = axes.frame(axes.drawn(100_000, np.random.default_rng(seed)))
    truth = numbers[model._estimator.apply(model._encoding.apply(prepare(uniform, COLUMNS)))]
    assert np.array_equal(copy.crawl.boxes.located(axes.points(uniform)) < 0, np.zeros(100_000, dtype=bool))
    assert np.array_equal(copy.answers(uniform), truth)
    assert len(copy.crawl.boxes) == copy.crawl.answers.distinct >= len(np.unique(truth[:, 0]))


def test_shared_answers_agree_on_most_points_and_are_known_to_be_shared() -> None:
    world = World()
    model = build(Learner("decision-tree"), COLUMNS, 1).fit(MEMBERS.features, MEMBERS.labels)
    copy = crawled(world, model.predict_proba)
    axes = copy.crawl.answers.axes
    uniform = axes.frame(axes.drawn(5_000, np.random.default_rng(1)))
    agrees = (copy.answers(uniform).argmax(axis=1) == model.predict(uniform)).mean()
    assert copy.crawl.is_shared
    assert 0.85 < agrees < 1


def test_fifty_boosted_stumps_are_recovered_in_the_log_odds() -> None:
    """The largest difference from the model's own margin, on records within the ranges of the population, is below 1e-5."""
    world = World(auxiliary=800)
    model = build(Learner("xgboost", {"n_estimators": 50, "max_depth": 1}), COLUMNS, 1).fit(MEMBERS.features, MEMBERS.labels)
    auxiliary = world.data.auxiliary.features
    answers = Answers(world.stealing(model.predict_proba), Axes.of(auxiliary, COLUMNS), 5_000)
    copy = look(answers, auxiliary, generator(1, "pairs")).copy
    assert copy is not None
    fresh = people(5_000, 9).features
    points = answers.axes.points(fresh)
    inside = (answers.axes.within(points) == points).all(axis=1)
    margin = model._estimator.predict(model._encoding.apply(prepare(fresh, COLUMNS)), output_margin=True)
    assert np.abs(copy.scores(points)[inside, 0] - margin[inside]).max() < 1e-5
