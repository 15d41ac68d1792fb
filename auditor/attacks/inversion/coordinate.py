"""Coordinate search with halving steps, for answers that jump (trees) and records with categories; all classes at once.

Each round asks of every number a step up and a step down and of every choice its other values, takes the best change of each class,
and tries all changes that helped together. Steps halve where nothing helps.
"""

import numpy as np
from numpy.typing import NDArray

from auditor.attacks.inversion.class_inversion_found import Found, best_of_each
from auditor.attacks.inversion.class_inversion_objective import Asker
from auditor.attacks.inversion.feature_space import FeatureSpace, Points
from auditor.domain.seeds import generator

Floats = NDArray[np.float64]
STEP = 0.25
SMALLEST = 1e-5
MOST_CHANGES = 400


def search(asker: Asker, starts: Points, seed: int, limit: int) -> Found:
    """`starts`: one point a class. `limit`: questions about each class. With many columns a round tries a random share of them."""
    rng = generator(seed, "coordinate")
    current = [starts.take(np.array([c])) for c in range(len(starts))]
    stop = asker.asked + limit
    values = asker.values(current)
    steps = np.full(len(starts), STEP)
    while (steps > SMALLEST).any():
        tried = [_changes(asker.space, point, step, rng) for point, step in zip(current, steps, strict=True)]
        if asker.asked + max(map(len, tried)) + 1 > stop:
            break
        reached = asker.values(tried)
        joint = [
            _joint(point, part, gain - value[0]) for point, part, gain, value in zip(current, tried, reached, values, strict=True)
        ]
        together = asker.values(joint)
        for c in range(len(starts)):
            everything = Points.joined([tried[c], joint[c]])
            gained = np.concatenate([reached[c], together[c]])
            top = int(gained.argmax())
            if gained[top] > values[c][0]:
                current[c], values[c] = everything.take(np.array([top])), gained[top : top + 1]
            else:
                steps[c] /= 2
    return best_of_each(current, values)


def _changes(space: FeatureSpace, point: Points, step: float, rng: np.random.Generator) -> Points:
    """Single changes of one point, in random order where there are more than MOST_CHANGES."""
    q = len(space.numbers)
    ends = [(i, None, sign * step) for i in range(q) for sign in (-1, 1)]
    others = [(None, i, v) for i, choice in enumerate(space.choices) for v in range(len(choice.values)) if v != point.codes[0, i]]
    changes = ends + others
    if len(changes) > MOST_CHANGES:
        changes = [changes[i] for i in rng.choice(len(changes), MOST_CHANGES, replace=False)]
    moved = point.repeat(max(1, len(changes)))
    for row, (number, choice, amount) in enumerate(changes):
        if number is not None:
            moved.numbers[row, number] = np.clip(moved.numbers[row, number] + amount, 0.0, 1.0)
        else:
            moved.codes[row, choice] = amount
    return moved


def _joint(point: Points, tried: Points, gains: Floats) -> Points:
    """Every change that helped, at once; of two on one axis the better one."""
    merged = point.repeat(1)
    for row in np.argsort(gains, kind="stable"):
        if gains[row] > 0:
            numbers = tried.numbers[row] != point.numbers[0]
            codes = tried.codes[row] != point.codes[0]
            merged.numbers[0, numbers] = tried.numbers[row, numbers]
            merged.codes[0, codes] = tried.codes[row, codes]
    return merged
