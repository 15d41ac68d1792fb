"""Bagged forests: with the seeds of the file the records follow; without them the likeliest draws are looked for."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from auditor.attacks.inversion.forest_reconstruction import ForestReconstruction, problem_of
from auditor.attacks.inversion.forest_reconstruction_bagged import bagged, draws, log_share, solve_bagged
from auditor.attacks.inversion.tree_walk import leaves_of
from auditor.domain.data import Records
from auditor.domain.parameters import Trees
from auditor.scoring.assess import Grading, assess
from auditor.serving.formats.skops_file import load
from auditor.testing.insides import from_fitted
from tests.unit.attacks.test_forest_reconstruction import bits, context, needs_ortools, truth_of


def fitted(records: Records, trees: int, **settings: Any) -> Any:
    from sklearn.ensemble import RandomForestClassifier

    return RandomForestClassifier(trees, random_state=0, **settings).fit(records.features.to_numpy(dtype=float), records.labels)


def forest(records: Records, trees: int, has_seeds: bool = True) -> Trees:
    model = fitted(records, trees)
    seeds = np.array([tree.random_state for tree in model.estimators_] if has_seeds else [], dtype=np.int64)
    found = from_fitted([tree.tree_ for tree in model.estimators_], tuple(map(str, records.features.columns)))
    return replace(found, draw_seeds=seeds)


def test_draws_are_those_of_the_library() -> None:
    model = fitted(bits(30, 0), 4)
    theirs = [np.bincount(rows, minlength=30) for rows in model.estimators_samples_]
    np.testing.assert_array_equal(draws(np.array([tree.random_state for tree in model.estimators_]), 30), theirs)


def test_shares_of_draws_are_binomial() -> None:
    shares = [math.exp(log_share(times, 25)) for times in range(26)]
    assert sum(shares) == pytest.approx(1.0)
    assert sum(times * share for times, share in enumerate(shares)) == pytest.approx(1.0)
    assert math.exp(log_share(1, 1)) == 1.0


@needs_ortools
def test_twenty_five_records_of_a_bagged_forest_are_rebuilt_without_an_error() -> None:
    members = bits(25, 0)
    found = ForestReconstruction().run(context(forest(members, 40)))
    rebuilt = np.column_stack([found.records.to_numpy(), found.labels])
    np.testing.assert_array_equal(rebuilt, np.column_stack([members.features.to_numpy(), members.labels]))  # the order too
    assert "the draws were known exactly" in found.notes[0]
    assert assess(found, truth_of(members, bits(25, 2)), Grading(25.0)).score == pytest.approx(100.0)


@needs_ortools
def test_without_seeds_the_counts_are_kept_and_the_clock_is_named() -> None:
    members = bits(10, 0)
    trees = forest(members, 3, has_seeds=False)
    found = ForestReconstruction(seconds=1).run(context(trees))
    assert "10 records were found that all 3 trees count as the file says" in found.notes[0]
    assert "likeliest" in found.notes[0]
    again = ForestReconstruction(seconds=1).run(context(trees))
    assert found.records.equals(again.records)
    for tree in range(3):  # whoever is in a leaf that counts nothing of its class was not drawn
        own = leaves_of(trees, found.records.to_numpy(float), tree)
        counts = np.rint(trees.value * trees.count[:, None])
        wanted = {
            (leaf, c) for leaf in np.flatnonzero(trees.is_leaf) for c in (0, 1) if counts[leaf, c] and _of(trees, leaf) == tree
        }
        assert wanted <= set(zip(own.tolist(), found.labels.tolist(), strict=True))


def _of(trees: Trees, node: int) -> int:
    return int(np.searchsorted(trees.starts, node, side="right")) - 1


@needs_ortools
def test_seeds_of_another_library_are_left_aside() -> None:
    trees = forest(bits(12, 0), 4)
    wrong = replace(trees, draw_seeds=trees.draw_seeds + 1)
    setting = bagged(problem_of(context(wrong), bits(200, 1)))
    assert solve_bagged(setting, 2, 0, lambda fraction: None).impossible
    assert "known exactly" not in ForestReconstruction(seconds=1).run(context(wrong)).notes[0]


def test_trees_beyond_what_fits_are_left_out() -> None:
    problem = problem_of(context(forest(bits(25, 0), 10)), bits(200, 1))
    sizes = np.diff(problem.trees.starts)
    setting = bagged(problem, int(25 * sizes[:3].sum()))
    assert len(setting.trees) == 3
    assert setting.drawn is not None
    assert setting.drawn.shape == (3, 25)


@pytest.mark.parametrize(("settings", "count"), [({}, 3), ({"max_samples": 0.5}, 0), ({"bootstrap": False}, 0)])
def test_a_file_tells_its_seeds_where_they_tell_the_draws(settings: dict[str, Any], count: int) -> None:
    import skops.io

    parameters = load(skops.io.dumps(fitted(bits(40, 0), 3, **settings))).parameters()
    assert isinstance(parameters, Trees)
    assert len(parameters.draw_seeds) == count
