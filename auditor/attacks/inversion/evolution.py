"""Natural evolution strategies with antithetic pairs and momentum (Wierstra et al. 2014; Ilyas et al. 2018, arXiv 1804.08598), for
more numbers than CMA-ES can learn the shape of; all classes in lockstep."""

import numpy as np
from numpy.typing import NDArray

from auditor.attacks.inversion.class_inversion_found import Found, best_of_each
from auditor.attacks.inversion.class_inversion_objective import Asker
from auditor.attacks.inversion.feature_space import Points
from auditor.domain.seeds import generator

Floats = NDArray[np.float64]
PAIRS = 20
SIGMA = 0.1
MOMENTUM = 0.9
RATE = 0.3


def search(asker: Asker, starts: Points, seed: int, limit: int) -> Found:
    """`starts`: one point a class, whose codes stay as they are. `limit`: questions about each class."""
    rng = generator(seed, "nes")
    density = asker.density
    centres = density.coordinates(starts.numbers)
    moving = np.zeros_like(centres)
    best = [starts.take(np.array([c])) for c in range(len(starts))]
    stop = asker.asked + limit
    values = asker.values(best)
    rounds = max(1, (stop - asker.asked) // (2 * PAIRS + 1))
    for turn in range(rounds):
        if asker.asked + 2 * PAIRS + 1 > stop:
            break
        steps = [rng.standard_normal((PAIRS, centres.shape[1])) for _ in centres]
        around = [np.concatenate([z + SIGMA * s, z - SIGMA * s, z[None]]) for z, s in zip(centres, steps, strict=True)]
        parts = [Points(density.numbers(z), np.tile(starts.codes[c], (len(z), 1))) for c, z in enumerate(around)]
        reached = asker.values(parts)
        for c, step in enumerate(steps):
            slope = (reached[c][:PAIRS] - reached[c][PAIRS:-1]) @ step
            size = float(np.linalg.norm(slope))
            moving[c] = MOMENTUM * moving[c] + (1 - MOMENTUM) * (slope / size if size else 0.0)
            top = int(reached[c].argmax())
            if reached[c][top] > values[c][0]:
                best[c], values[c] = parts[c].take(np.array([top])), reached[c][top : top + 1]
            centres[c] += RATE * np.sqrt(centres.shape[1]) * (1 - turn / rounds) * moving[c]
    return best_of_each(best, values)
