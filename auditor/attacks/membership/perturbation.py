"""Records changed a little, as records of this kind can be: the tabular counterpart of augmented pictures."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from auditor.attacks.membership.domain import Cells, Choice, Domain, Scale

# A scale of s deviations goes with a probability s / 5 that a category changes: .01 to .1 over the scales .05 to .5.
CHANGES_PER_SCALE = 0.2


def perturbed(features: pd.DataFrame, domains: Sequence[Domain], scale: float, rng: np.random.Generator) -> pd.DataFrame:
    """A copy of each record (m rows, same index). Numbers move by `scale` standard deviations and stay within the ends that were
    seen, whole numbers stay whole; a value among few changes with probability `scale` / 5: one of two to the other, else to one
    drawn by frequency. Missing cells stay missing."""
    changed = {domain.name: _column(features[domain.name], domain, scale, rng) for domain in domains}
    return features.assign(**changed)


def _column(cells: pd.Series, domain: Domain, scale: float, rng: np.random.Generator) -> Cells:
    if isinstance(domain, Scale):
        return _moved(cells, domain, scale, rng)
    return _changed(cells, domain, min(1.0, scale * CHANGES_PER_SCALE), rng)


def _moved(cells: pd.Series, domain: Scale, scale: float, rng: np.random.Generator) -> Cells:
    noise = scale * domain.deviation * rng.standard_normal(len(cells))
    numbers = np.clip(cells.to_numpy(dtype=np.float64) + noise, domain.low, domain.high)
    return as_cells(numbers, domain, cells)


def as_cells(numbers: "np.ndarray[tuple[int], np.dtype[np.float64]]", domain: Scale, like: pd.Series) -> Cells:
    """Numbers as the column holds them: whole where it holds whole numbers, of its own type."""
    whole = np.round(numbers) if domain.is_whole else numbers
    return np.asarray(whole, dtype=like.to_numpy().dtype)  # a column of whole numbers without type for missing has none missing


def _changed(cells: pd.Series, domain: Choice, probability: float, rng: np.random.Generator) -> Cells:
    hit = (rng.random(len(cells)) < probability) & cells.notna().to_numpy()
    drawn = rng.choice(len(domain.values), len(cells), p=domain.shares)
    values = np.array(cells.to_numpy(), copy=True)
    if len(domain.values) == 2:
        first = np.array([cell == domain.values[0] for cell in values], dtype=np.intp)
        drawn = first  # the first becomes the second (index 1), the second the first
    for row in np.flatnonzero(hit):
        values[row] = domain.values[drawn[row]]
    return values
