"""Strategies that look at how far records lie from each other: cover the space, or find where the copy changes its mind."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from auditor.attacks.stealing.strategies import Choice, margins, with_random
from auditor.learners.encode import Encoding, Numbers, prepare

Floats = NDArray[np.float64]
Rows = NDArray[np.intp]

MOST = 4_000
"""Records whose distances are looked at in one round; more take a random part of them."""
UNSURE = 3
HALVINGS = 12


def k_center(choice: Choice, count: int) -> Rows:
    """Sener & Savarese 2018 as in ActiveThief (Pal et al. 2020): greedily the record farthest from all that are asked or chosen."""
    left = choice.left(count)
    return _farthest(choice, choice.rng.permutation(left)[: max(MOST, count)], count)


def margin_k_center(choice: Choice, count: int) -> Rows:
    """ActiveThief's combination: the least sure first, and of these a subset that covers them; with a random share."""
    left = choice.left(count)
    unsure = left[np.argsort(margins(choice, left), kind="stable")][: max(UNSURE * count, 1)]
    chosen = _farthest(choice, choice.rng.permutation(unsure)[: max(MOST, count)], count)
    return with_random(choice, np.concatenate([chosen, choice.rng.permutation(np.setdiff1d(left, chosen))]), count)


def deepfool(choice: Choice, count: int) -> Rows:
    """After DeepFool active learning (Ducoffe & Precioso 2018): the records with the smallest change to another class of the copy.
    On a table the change is towards the nearest record of another class, found by halving: numbers move, categories switch."""
    left = choice.left(count)
    unsure = left[np.argsort(margins(choice, left), kind="stable")][: max(UNSURE * count, 1)]
    tried = choice.rng.permutation(unsure)[: max(MOST, count)]
    return with_random(choice, _by_change(choice, tried, left), count)


def _by_change(choice: Choice, tried: Rows, left: Rows) -> Rows:
    points = encoded(choice, tried)
    labels = choice.copy(choice.frame(tried)).argmax(axis=1)
    if len(np.unique(labels)) < 2:
        return np.concatenate([tried, np.setdiff1d(left, tried)])
    partner = _nearest_of_another_class(points, labels)
    share = _share_to_boundary(choice, choice.frame(tried), choice.frame(tried[partner]), labels)
    change = share * np.sqrt(((points - points[partner]) ** 2).sum(axis=1))
    return np.concatenate([tried[np.argsort(change, kind="stable")], np.setdiff1d(left, tried)])


def _nearest_of_another_class(points: Floats, labels: Rows) -> Rows:
    partner = np.zeros(len(points), dtype=np.intp)
    for label in np.unique(labels):
        ours, others = np.flatnonzero(labels == label), np.flatnonzero(labels != label)
        partner[ours] = others[_squared(points[ours], points[others]).argmin(axis=1)]
    return partner


def _share_to_boundary(choice: Choice, here: pd.DataFrame, there: pd.DataFrame, labels: Rows) -> Floats:
    """(n,) how much of the way to `there` is walked before the copy answers another class; line search by halving."""
    low, high = np.zeros(len(here)), np.ones(len(here))
    turns = choice.rng.random((len(here), len(choice.columns)))
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        moved = choice.copy(_between(choice, here, there, middle, turns)).argmax(axis=1) != labels
        low, high = np.where(moved, low, middle), np.where(moved, middle, high)
    return high


def _between(choice: Choice, here: pd.DataFrame, there: pd.DataFrame, share: Floats, turns: Floats) -> pd.DataFrame:
    """Numbers part of the way; a category, or a number where either is missing, switches at its own turn."""
    cells = {}
    for j, column in enumerate(choice.columns):
        first, second = here[column.name], there[column.name]
        switched = second.where(pd.Series(share >= turns[:, j], index=second.index), first)
        if column.type.is_numeric:
            ours, theirs = first.to_numpy(np.float64, na_value=np.nan), second.to_numpy(np.float64, na_value=np.nan)
            mixed = ours + share * (theirs - ours)
            switched = pd.Series(np.where(np.isnan(mixed), switched.to_numpy(np.float64, na_value=np.nan), mixed))
        cells[column.name] = switched
    return pd.DataFrame(cells)


def _farthest(choice: Choice, rows: Rows, count: int) -> Rows:
    points = encoded(choice, rows)
    seen = choice.rng.permutation(choice.asked)[:MOST]
    nearest = _squared(points, encoded(choice, seen)).min(axis=1) if len(seen) else np.full(len(rows), np.inf)
    chosen = []
    for _ in range(min(count, len(rows))):
        far = int(nearest.argmax())
        chosen.append(far)
        nearest = np.minimum(nearest, ((points - points[far]) ** 2).sum(axis=1))
        nearest[far] = -1.0
    return np.asarray(choice.rng.permutation(rows[chosen]))


def encoded(choice: Choice, rows: Rows) -> Floats:
    """(n, d) numbers in standard deviations, categories one-hot, as the pool's own records scale them."""
    scale = Encoding.fit(prepare(choice.pool.features.iloc[:MOST], choice.columns), Numbers.SCALED)
    return np.asarray(scale.apply(prepare(choice.frame(rows), choice.columns)), dtype=np.float64)


def _squared(first: Floats, second: Floats) -> Floats:
    lengths = (first**2).sum(axis=1)[:, None] + (second**2).sum(axis=1)[None, :]
    return np.asarray(np.maximum(lengths - 2.0 * first @ second.T, 0.0))
