"""A target that is one tree by construction: the control of path finding."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from auditor.attacks.stealing.counterfactual_oracle import BoxOracle
from auditor.attacks.stealing.leaf_axes import Axes, Points
from auditor.attacks.stealing.leaf_boxes import Box, whole
from auditor.domain.attack import Query
from auditor.domain.counterfactual import Explained
from auditor.domain.data import Column, Records
from auditor.domain.seeds import generator

LEAVES = 24
FEWEST = 8


Split = tuple[int, int, int, bool]
"""Which leaf is split, along which axis, at which position, and whether the position is a level (else the last one below)."""


def known_tree(auxiliary: Records, columns: Sequence[Column], classes: int, seed: int) -> Query:
    """A random tree of up to LEAVES leaves over the columns, each with an answer of its own; a split is a threshold between two
    auxiliary records, or one category against the rest. Without classes it answers a number, (n, 1)."""
    axes = Axes.of(auxiliary.features, columns)
    splits = _splits(axes, axes.points(auxiliary.features), generator(seed, "splits"))
    return _asked(axes, splits, _answers(len(splits) + 1, classes, seed))


def explained_tree(auxiliary: Records, columns: Sequence[Column], classes: int, seed: int) -> Explained:
    """The same tree, with its exact counterfactuals beside the answers."""
    axes = Axes.of(auxiliary.features, columns)
    splits = _splits(axes, axes.points(auxiliary.features), generator(seed, "splits"))
    answers = _answers(len(splits) + 1, classes, seed)
    return Explained(_asked(axes, splits, answers), BoxOracle(axes, _boxes(axes, splits), answers.argmax(axis=1)))


def _answers(leaves: int, classes: int, seed: int) -> NDArray[np.float64]:
    rng = generator(seed, "answers")
    if not classes:
        return rng.standard_normal((leaves, 1))
    return _evened(rng.dirichlet(np.full(classes, 0.5), leaves), rng)


def _asked(axes: Axes, splits: Sequence[Split], answers: NDArray[np.float64]) -> Query:
    def query(frame: pd.DataFrame) -> NDArray[np.float64]:
        return np.asarray(answers[_leaf(splits, axes.points(frame))])

    return query


def _splits(axes: Axes, points: Points, rng: np.random.Generator) -> list[Split]:
    """The largest leaf is split until there are LEAVES or none is large enough; the new leaf gets the next number."""
    splits: list[Split] = []
    leaf = np.zeros(len(points), dtype=np.intp)
    for _ in range(20 * LEAVES):
        largest = int(np.bincount(leaf).argmax())
        own = np.flatnonzero(leaf == largest)
        if len(splits) + 1 == LEAVES or len(own) < FEWEST:
            break
        axis = int(rng.integers(len(axes)))
        split = (largest, axis, int(points[rng.choice(own), axis]), not axes.axes[axis].is_ordered)
        right = _is_right(split, points[own])
        if 0.1 < right.mean() < 0.9:
            leaf[own[right]] = len(splits) + 1
            splits.append(split)
    return splits


def _is_right(split: Split, points: Points) -> NDArray[np.bool_]:
    _, axis, position, is_level = split
    return points[:, axis] == position if is_level else points[:, axis] > position


def _leaf(splits: Sequence[Split], points: Points) -> NDArray[np.intp]:
    leaf = np.zeros(len(points), dtype=np.intp)
    for i, split in enumerate(splits):
        own = np.flatnonzero(leaf == split[0])
        leaf[own[_is_right(split, points[own])]] = i + 1
    return leaf


def _boxes(axes: Axes, splits: Sequence[Split]) -> list[Box]:
    """Every leaf as the box of its records, missing numbers left out."""
    boxes = [whole(axes, axes.blank)]
    for leaf, axis, position, is_level in splits:
        box = boxes[leaf]
        low, high, left, right = box.low.copy(), box.high.copy(), box.levels.copy(), box.levels.copy()
        if is_level:
            left[axis, position], right[axis] = False, False
            right[axis, position] = box.levels[axis, position]
        else:
            low[axis], high[axis] = position + 1, position
        boxes[leaf] = replace(box, high=high, levels=left)
        boxes.append(replace(box, low=low, levels=right))
    return boxes


def _evened(answers: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    """Each class is the most probable one of as many leaves as any other, in random order."""
    wanted = rng.permutation(len(answers)) % answers.shape[1]
    most = answers.argmax(axis=1)
    rows = np.arange(len(answers))
    answers[rows, most], answers[rows, wanted] = answers[rows, wanted].copy(), answers[rows, most].copy()
    return answers
