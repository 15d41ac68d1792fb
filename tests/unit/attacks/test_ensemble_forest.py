"""Averaged trees with what they are wrong by spread over further trees: nearer to a forest than the averages alone."""

import numpy as np

from auditor.attacks.stealing.ensemble_forest import Forest, _nodes, _out_of_bag, _told, as_shares

RNG = np.random.default_rng(3)


def jumps(matrix: np.ndarray) -> np.ndarray:
    """A function with many small boxes, as a forest of full trees has."""
    cells = np.floor(6 * matrix[:, :2]).astype(int)
    table = np.random.default_rng(1).random((7, 7))
    return np.asarray(table[cells[:, 0], cells[:, 1]])[:, None]


def test_the_further_trees_take_back_part_of_the_error() -> None:
    matrix, fresh = (RNG.random((n, 4)).astype(np.float32) for n in (500, 500))
    forest = Forest.of(matrix, jumps(matrix), 1, trees=30)
    averages = np.mean([_told(tree, fresh) for tree in forest.averaged.estimators_], axis=0)
    errors = [float(((told - jumps(fresh)) ** 2).mean()) for told in (forest.answers(fresh), averages)]
    assert errors[0] < 0.95 * errors[1]


def test_averages_are_those_of_the_library_with_missing_cells_too() -> None:
    matrix = RNG.random((200, 4)).astype(np.float32)
    matrix[::7, 2] = np.nan
    forest = Forest.of(matrix, np.column_stack([matrix[:, 0], 1 - matrix[:, 0]]), 1, trees=10)
    averages = np.mean([_told(tree, matrix) for tree in forest.averaged.estimators_], axis=0)
    np.testing.assert_allclose(averages[:, 0], forest.averaged.predict(matrix))
    assert forest.answers(matrix).shape == (200, 2)


def test_answers_that_never_vary_are_answered() -> None:
    matrix = RNG.random((50, 3)).astype(np.float32)
    told = Forest.of(matrix, np.full((50, 2), 0.5), 1, trees=5).answers(matrix)
    np.testing.assert_allclose(told, 0.5)


def test_the_jumps_are_ridge_regression_on_all_nodes() -> None:
    """Beside the dense solution with the kernel of shared nodes."""
    matrix = RNG.random((60, 3)).astype(np.float32)
    forest = Forest.of(matrix, jumps(matrix), 1, trees=8)
    nodes = np.hstack([_nodes(tree.tree_, matrix).toarray() for tree in forest.further.estimators_]) / np.sqrt(8)
    dual = np.linalg.solve(nodes @ nodes.T + np.eye(60), jumps(matrix) - _out_of_bag(forest.averaged, matrix, jumps(matrix)))
    smooth = forest.averaged.predict(matrix)[:, None]
    np.testing.assert_allclose(forest.answers(matrix), smooth + nodes @ nodes.T @ dual, atol=2e-3)


def test_of_two_classes_the_answers_sum_to_one() -> None:
    matrix = RNG.random((80, 3)).astype(np.float32)
    told = Forest.of(matrix, np.column_stack([matrix[:, 0] > 0.5, matrix[:, 0] <= 0.5]).astype(float), 1, trees=5).answers(matrix)
    np.testing.assert_allclose(told.sum(axis=1), 1.0)


def test_shares_are_cut_to_probabilities() -> None:
    told = as_shares(np.array([[1.2, -0.2], [0.3, 0.3]]))
    np.testing.assert_allclose(told, [[1.0, 0.0], [0.5, 0.5]], atol=1e-5)
