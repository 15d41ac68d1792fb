"""Knockoff Nets on a table: a bandit learns from which clusters of records the answers teach most."""

import numpy as np
from numpy.typing import NDArray

from auditor.attacks.stealing.strategies import Choice
from auditor.attacks.stealing.strategies_distance import MOST, encoded

Floats = NDArray[np.float64]
Rows = NDArray[np.intp]

CLUSTERS = 16
SHARPNESS = 1.0
LEAST = 1e-3


def knockoff(choice: Choice, count: int) -> Rows:
    """Orekondy et al. 2019 (CVPR), section 4.2: arms are drawn in proportion to exp(preference). The reward of an answered record
    is the mean of its certainty (the margin of the answer), of how evenly its cluster's answers fall on the classes, and of the
    copy's cross-entropy to the answer; an arm's preference is its mean reward, since a batch is one step."""
    left = choice.left(count)
    arms = _clusters(choice)
    preference = _preferences(choice, arms[choice.asked])
    weights = np.exp(SHARPNESS * (preference - preference.max()))[arms[left]]
    sizes = np.bincount(arms[left], minlength=CLUSTERS)[arms[left]]
    weights = weights / sizes
    chosen = choice.rng.choice(left, min(count, len(left)), replace=False, p=weights / weights.sum())
    return np.asarray(chosen)


def _clusters(choice: Choice) -> Rows:
    """(n,) the cluster of each record of the pool, by k-means on a part of it; the same in every round."""
    from sklearn.cluster import KMeans

    points = encoded(choice, np.arange(len(choice.pool)))
    means = KMeans(min(CLUSTERS, len(points)), n_init=1, random_state=0).fit(points[:MOST])
    return np.asarray(means.predict(points), dtype=np.intp)


def _preferences(choice: Choice, arms: Rows) -> Floats:
    answers = choice.material.answers
    ordered = np.sort(answers, axis=1)
    said = np.maximum(choice.copy(choice.material.features), LEAST)
    certainty = _scaled(ordered[:, -1] - ordered[:, -2])
    surprise = _scaled(-(answers * np.log(said)).sum(axis=1))
    reward = np.zeros(CLUSTERS)
    for arm in range(CLUSTERS):
        mine = arms == arm
        if mine.any():
            shares = answers[mine].mean(axis=0)
            reward[arm] = (certainty[mine].mean() + surprise[mine].mean() + 1.0 - shares.max()) / 3.0
    return reward


def _scaled(values: Floats) -> Floats:
    spread = float(values.std())
    return np.asarray((values - values.mean()) / spread) if spread > 0 else np.zeros(len(values))
