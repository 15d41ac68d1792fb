"""A copy that votes like a forest: averaged trees, and what they are wrong by spread over the nodes of further trees."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, diags, hstack
from scipy.sparse.linalg import LinearOperator, cg

Floats = NDArray[np.float64]
Matrix = NDArray[np.float32]
TREES, FEW_TREES = 120, 40
COLUMNS_OF_A_SPLIT, COLUMNS_OF_A_FURTHER_SPLIT = 0.3, 0.1
NOISE = 1.0
STEPS = 20


@dataclass(frozen=True, eq=False)
class Forest:
    """`averaged` trees answer; `further` trees' nodes, each scaled by `scale` (N,), add their `worth` (N, K).

    The answers of a forest hang on single training records, near which they jump: averaged trees smooth that away. What is left of
    records out of a tree's bag is a Gaussian process of noise variance NOISE, whose kernel counts the nodes that two records share,
    each by one over its number of records: ridge regression on all nodes at once, as in Ren et al. 2015 (CVPR, Global refinement of
    random forest) for leaves."""

    averaged: Any
    further: Any
    scale: Floats
    worth: Floats

    @staticmethod
    def of(matrix: Matrix, answers: Floats, seed: int, trees: int = TREES) -> "Forest":
        """matrix (n, F), answers (n, C)."""
        from sklearn.ensemble import ExtraTreesRegressor, RandomForestRegressor

        told = answers if answers.shape[1] > 1 else answers[:, 0]
        averaged = RandomForestRegressor(trees, max_features=COLUMNS_OF_A_SPLIT, random_state=seed).fit(matrix, told)
        further = ExtraTreesRegressor(trees, max_features=COLUMNS_OF_A_FURTHER_SPLIT, random_state=seed).fit(matrix, told)
        nodes = _nodes(further, matrix)
        scale = (trees * np.maximum(1.0, np.asarray(nodes.sum(axis=0)).ravel())) ** -0.5
        return Forest(averaged, further, scale, _ridge(nodes @ diags(scale), answers - _out_of_bag(averaged, matrix, answers)))

    def answers(self, matrix: Matrix) -> Floats:
        """(n, C), of classes not yet cut to probabilities."""
        smooth = sum(_told(tree, matrix) for tree in self.averaged.estimators_) / len(self.averaged.estimators_)
        return np.asarray(smooth + _nodes(self.further, matrix) @ (self.scale[:, None] * self.worth))


def _nodes(trees: Any, matrix: Matrix) -> csr_matrix:
    """(n, N) 1 for every node that a record passes."""
    return hstack([tree.tree_.decision_path(matrix) for tree in trees.estimators_], format="csr").astype(np.float64)


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


def _ridge(nodes: csr_matrix, left: Floats) -> Floats:
    """(N, K) by conjugate gradients; each level of each tree is a projection, so that few steps settle it."""
    back = nodes.T.tocsr()
    kernel = LinearOperator((nodes.shape[0],) * 2, matvec=lambda v: nodes @ (back @ v) + NOISE * v, dtype=np.float64)
    return np.column_stack([back @ cg(kernel, column, rtol=1e-4, maxiter=STEPS)[0] for column in left.T])
