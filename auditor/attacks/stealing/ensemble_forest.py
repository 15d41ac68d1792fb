"""A copy that votes like a forest: averaged trees, and what they are wrong by spread over the nodes of further trees."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.sparse.linalg import LinearOperator, cg

Floats = NDArray[np.float64]
Matrix = NDArray[np.float32]
TREES, FEW_TREES = 120, 40
COLUMNS_OF_A_SPLIT, COLUMNS_OF_A_FURTHER_SPLIT = 0.3, 0.1
NOISE = 1.0
STEPS = 20
MOST = 30_000
"""Of more records so many are fitted, at random: the nodes that each passes are held in memory."""
LEAST = 1e-6


@dataclass(frozen=True, eq=False)
class Forest:
    """`averaged` trees answer; a record adds what its leaf of each of the `further` trees is `worth` (nodes, K). Of two classes
    the second is kept (`is_pair`).

    The answers of a forest hang on single training records, near which they jump: averaged trees smooth that away. What is left of
    records out of a tree's bag is a Gaussian process of noise variance NOISE, whose kernel counts the nodes that two records share,
    each by one over its number of records: ridge regression on all nodes at once, as in Ren et al. 2015 (CVPR, Global refinement of
    random forest) for leaves."""

    averaged: Any
    further: Any
    worth: Sequence[Floats]
    is_pair: bool

    @staticmethod
    def of(matrix: Matrix, answers: Floats, seed: int, trees: int = TREES) -> "Forest":
        """matrix (n, F), answers (n, C)."""
        from sklearn.ensemble import ExtraTreesRegressor, RandomForestRegressor

        rows = np.random.default_rng(seed).permutation(len(answers))[:MOST] if len(answers) > MOST else slice(None)
        matrix, answers = matrix[rows], answers[rows]
        is_pair = answers.shape[1] == 2
        told = answers[:, 1:] if is_pair else answers
        one = told if told.shape[1] > 1 else told[:, 0]
        averaged = RandomForestRegressor(trees, max_features=COLUMNS_OF_A_SPLIT, random_state=seed).fit(matrix, one)
        further = ExtraTreesRegressor(trees, max_features=COLUMNS_OF_A_FURTHER_SPLIT, random_state=seed).fit(matrix, one)
        nodes = [_nodes(tree.tree_, matrix) for tree in further.estimators_]
        return Forest(averaged, further, _worth(further, nodes, told - _out_of_bag(averaged, matrix, told)), is_pair)

    def answers(self, matrix: Matrix) -> Floats:
        """(n, C), of classes not yet cut to probabilities."""
        smooth = sum(_told(tree, matrix) for tree in self.averaged.estimators_) / len(self.averaged.estimators_)
        jumps = (worth[tree.tree_.apply(matrix)] for tree, worth in zip(self.further.estimators_, self.worth, strict=True))
        told = np.asarray(sum(jumps, start=smooth))
        return np.column_stack([1.0 - told, told]) if self.is_pair else told


def as_shares(told: Floats) -> Floats:
    """(n, C) probabilities from what a forest tells of classes."""
    cut = np.clip(told, LEAST, None)
    return np.asarray(cut / cut.sum(axis=1, keepdims=True))


def _nodes(tree: Any, matrix: Matrix) -> csr_matrix:
    """(n, nodes) for every node that a record passes, the root of one over the number of records that do."""
    paths = tree.decision_path(matrix)
    passed = np.maximum(1, np.bincount(paths.indices, minlength=paths.shape[1]))
    indices = paths.indices.astype(np.int32)
    return csr_matrix(((passed**-0.5).astype(np.float32)[indices], indices, paths.indptr.astype(np.int32)), shape=paths.shape)


def _told(tree: Any, matrix: Matrix) -> Floats:
    """(n, C), past scikit-learn's checks, which take longer than a small tree itself."""
    return np.asarray(tree.tree_.predict(matrix)).reshape(len(matrix), -1)


def _out_of_bag(forest: Any, matrix: Matrix, answers: Floats) -> Floats:
    """(n, C) the mean answer of the trees that were not grown on a record; its own answer where there is none."""
    total, count = np.zeros_like(answers), np.zeros((len(answers), 1))
    for tree, drawn in zip(forest.estimators_, forest.estimators_samples_, strict=True):
        out = np.ones(len(answers), dtype=bool)
        out[drawn] = False
        total[out] += _told(tree, matrix[out]) if out.any() else 0.0
        count[out] += 1
    return np.where(count > 0, total / np.maximum(count, 1), answers)


def _worth(forest: Any, nodes: Sequence[csr_matrix], left: Floats) -> list[Floats]:
    """For each tree (nodes, K) what all nodes on the way there add, by conjugate gradients; each level of each tree is a
    projection, so that few steps settle it. In 32 bits, for the solution is not more exact than that."""

    def kernel(v: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.asarray(sum((part @ (part.T @ v) for part in nodes), start=0.0) / len(nodes) + NOISE * v)

    shape = (len(left),) * 2
    dual = np.column_stack(
        [
            cg(LinearOperator(shape, matvec=kernel, dtype=np.float32), column, rtol=1e-4, maxiter=STEPS)[0]
            for column in left.astype(np.float32).T
        ]
    )
    return [_summed(tree.tree_, part, part.T @ dual / len(nodes)) for tree, part in zip(forest.estimators_, nodes, strict=True)]


def _summed(tree: Any, nodes: csr_matrix, weights: NDArray[np.float32]) -> Floats:
    """(nodes, K) weights (nodes, K), each scaled as its node is and added to those above it, level by level."""
    scale = np.asarray(nodes.max(axis=0).todense()).ravel()
    total: Floats = weights.astype(np.float64) * scale[:, None]
    above = np.flatnonzero(tree.children_left[:1] >= 0)
    while len(above):
        below = [side[above] for side in (tree.children_left, tree.children_right)]
        for children in below:
            total[children] += total[above]
        above = np.concatenate(below)
        above = above[tree.children_left[above] >= 0]
    return total
