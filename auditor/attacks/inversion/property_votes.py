"""Which world does a model come from? Pairs of shadows vote, by whose answers the model's are closer to."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
CLIP = 1e-4


@dataclass(frozen=True, eq=False)
class Judged:
    """Of v models: `votes` (v,), the share of pairs that hold the model closer to the second world, ties half; `distances` (v,),
    its mean divergence from the shadows of the nearer world."""

    votes: Floats
    distances: Floats


def clipped(answers: Floats) -> Floats:
    """(..., C) probabilities of at least 1e-4 that add up to 1."""
    known = np.maximum(np.nan_to_num(answers), CLIP)
    return np.asarray(known / known.sum(axis=-1, keepdims=True))


def telling(worlds: tuple[Floats, Floats]) -> NDArray[np.intp]:
    """The half of the probes (at least one) on which the mean log-probabilities of the two worlds (m, q, C) differ most."""
    apart = np.abs(np.log(worlds[0]).mean(axis=0) - np.log(worlds[1]).mean(axis=0)).mean(axis=1)
    return np.sort(np.argsort(-apart, kind="stable")[: max(1, len(apart) // 2)])


def judged(worlds: tuple[Floats, Floats], models: Floats) -> Judged:
    """KL attack of Suri et al. 2023: shadows (m, q, C) of each world, models (v, q, C) to be judged, all clipped.

    KL(a || v) = mean over probes of sum_c p_a log(p_a / p_v); a pair (a, b) votes for the second world where
    KL(a || v) > KL(b || v).
    """
    first, second = (divergence(world, models) for world in worlds)
    beats = (first[:, None, :] > second[None, :, :]) + 0.5 * (first[:, None, :] == second[None, :, :])
    return Judged(beats.mean(axis=(0, 1)), np.minimum(first.mean(axis=0), second.mean(axis=0)))


def threshold(worlds: tuple[Floats, Floats]) -> float:
    """Where the votes of the two worlds are told apart: halfway between the medians over the shadows themselves, each judged by
    pairs that it is no part of. One half would favour the world whose models differ less from each other."""
    votes = []
    for own in (0, 1):
        for index in range(len(worlds[own])):
            rest = np.delete(worlds[own], index, axis=0)
            others = (rest, worlds[1]) if own == 0 else (worlds[0], rest)
            votes.append(judged(others, worlds[own][index : index + 1]).votes[0])
    first = len(worlds[0])
    return float((np.median(votes[:first]) + np.median(votes[first:])) / 2)


def divergence(shadows: Floats, models: Floats) -> Floats:
    """(m, v) KL of each shadow's answers from each model's."""
    probes = shadows.shape[1]
    own = (shadows * np.log(shadows)).sum(axis=(1, 2))
    crossed = shadows.reshape(len(shadows), -1) @ np.log(models).reshape(len(models), -1).T
    return np.asarray((own[:, None] - crossed) / probes)
