"""CMA-ES over the numbers of records, for all classes in lockstep (Hansen 2016, arXiv 1604.00772; package `cmaes`)."""

import numpy as np
from numpy.typing import NDArray

from auditor.attacks.inversion.class_inversion_found import Found, best_of_each
from auditor.attacks.inversion.class_inversion_objective import Asker
from auditor.attacks.inversion.feature_space import Points
from auditor.domain.seeds import derive

Floats = NDArray[np.float64]
STEP = 0.5
SEEDS = 2**31 - 1


def search(asker: Asker, starts: Points, seed: int, limit: int) -> Found:
    """`starts`: one point a class, whose codes stay as they are. `limit`: questions about each class."""
    from cmaes import CMA

    density = asker.density
    centres = density.coordinates(starts.numbers)
    engines = [CMA(centre, STEP, seed=derive(seed, "cma", c) % SEEDS) for c, centre in enumerate(centres)]
    best, values = (
        [starts.take(np.array([c])) for c in range(len(starts))],
        asker.values([starts.take(np.array([c])) for c in range(len(starts))]),
    )
    stop = asker.asked - 1 + limit
    while asker.asked + engines[0].population_size <= stop:
        asked = [np.stack([engine.ask() for _ in range(engine.population_size)]) for engine in engines]
        parts = [_points(density.numbers(z), starts.codes[c]) for c, z in enumerate(asked)]
        reached = asker.values(parts)
        for c, engine in enumerate(engines):
            engine.tell(list(zip(asked[c], _steep(asked[c], parts[c], asker, reached[c]), strict=True)))
            best[c], values[c] = _better(best[c], values[c], parts[c], reached[c])
    return best_of_each(best, values)


def _steep(z: Floats, part: Points, asker: Asker, reached: Floats) -> list[float]:
    """What CMA-ES minimises: a point beyond the bounds was asked at the bound, and pays for how far beyond it is."""
    beyond = asker.density.mean + z @ asker.density.axes - part.numbers
    return [float(cost) for cost in -reached + 10.0 * (beyond**2).sum(axis=1)]


def _points(numbers: Floats, codes: NDArray[np.intp]) -> Points:
    return Points(numbers, np.tile(codes, (len(numbers), 1)))


def _better(best: Points, value: Floats, part: Points, reached: Floats) -> tuple[Points, Floats]:
    top = int(reached.argmax())
    if reached[top] <= value[0]:
        return best, value
    return part.take(np.array([top])), reached[top : top + 1]
