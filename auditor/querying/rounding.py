"""To which decimal a target rounds the values that it answers."""

import numpy as np
from numpy.typing import NDArray

COARSEST, FINEST = -6, 6
ENOUGH = 20
"""Distinct values from which on shared trailing zeros (1,500 and 7,200) are no accident."""
SINGLE, DOUBLE = 1.2e-7, 4e-16
"""What numbers may be off by, for each unit of size, where they passed through 32 bits and where they did not."""


def decimals_of_values(values: NDArray[np.float64]) -> int | None:
    """The fewest decimals that keep every value, -3 for whole thousands; None if they are not rounded, or too large to tell."""
    distinct = np.unique(values[np.isfinite(values)])
    if len(distinct) < 2:
        return None
    single = bool((distinct.astype(np.float32) == distinct).all())
    noise = (SINGLE if single else DOUBLE) * float(np.abs(distinct).max())
    for decimals in range(COARSEST if len(distinct) >= ENOUGH else 0, FINEST + 1):
        unit = 10.0**-decimals
        if noise > 0.1 * unit:
            return None
        rounded = np.round(distinct, decimals)
        if np.abs(distinct - rounded).max() <= max(noise, 1e-3 * unit) and _are_kept_apart(distinct, rounded):
            return decimals
    return None


def _are_kept_apart(distinct: NDArray[np.float64], rounded: NDArray[np.float64]) -> bool:
    """A unit that merges what the target tells apart is not the target's: hours of a week are no multiples of a million."""
    return 2 * len(np.unique(rounded)) > len(distinct)
