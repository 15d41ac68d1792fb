"""Label-only search: away from the boundary of the class, on ever larger spheres (BREP-MI: Kahla et al. 2022, arXiv 2203.06580).

Points on a sphere around the present one are asked for their labels. Where all are of the class the sphere grows; else the point
moves along the mean direction of those that are. The larger the sphere that lies within the class, the deeper inside it is.
"""

import numpy as np
from numpy.typing import NDArray

from auditor.attacks.inversion.class_inversion_found import Found, best_of_each
from auditor.attacks.inversion.class_inversion_objective import Asker
from auditor.attacks.inversion.feature_space import Points
from auditor.domain.seeds import generator

Floats = NDArray[np.float64]
SPHERE = 32
RADIUS = 0.3
GROWTH = 1.2
FARTHEST = 6.0


def search(asker: Asker, starts: Points, seed: int, limit: int) -> Found:
    """`starts`: one point a class; a class whose start is not of it is left where it is, with the value 0. Values are radii."""
    rng = generator(seed, "boundary")
    centres = asker.density.coordinates(starts.numbers)
    radii, inside = np.full(len(starts), RADIUS), np.zeros(len(starts))
    stop = asker.asked + limit
    kept = centres.copy()
    while asker.asked + SPHERE + 1 <= stop and (radii < FARTHEST).any():
        directions = [_directions(rng, centres.shape[1]) for _ in centres]
        around = [np.concatenate([z[None], z + r * d]) for z, r, d in zip(centres, radii, directions, strict=True)]
        reached = asker.values([_points(asker, z, starts.codes[c]) for c, z in enumerate(around)])
        for c, answer in enumerate(reached):
            is_in = answer > 0.5
            if not is_in[0]:
                centres[c] = kept[c]
                continue
            kept[c], share = centres[c], float(is_in[1:].mean())
            inside[c] = max(inside[c], radii[c] * share)
            if share == 1.0:
                radii[c] = min(FARTHEST, GROWTH * radii[c])
            else:
                centres[c] = centres[c] + radii[c] * directions[c][is_in[1:]].sum(axis=0) / SPHERE
    ends = [_points(asker, z[None], starts.codes[c]) for c, z in enumerate(kept)]
    return best_of_each(ends, [inside[c : c + 1] for c in range(len(kept))])


def _directions(rng: np.random.Generator, dimensions: int) -> Floats:
    drawn = rng.standard_normal((SPHERE, dimensions))
    return np.asarray(drawn / np.maximum(1e-12, np.linalg.norm(drawn, axis=1, keepdims=True)))


def _points(asker: Asker, z: Floats, codes: NDArray[np.intp]) -> Points:
    return Points(asker.density.numbers(z), np.tile(codes, (len(z), 1)))
