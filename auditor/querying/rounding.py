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
        if np.abs(distinct - np.round(distinct, decimals)).max() <= max(noise, 1e-3 * unit):
            return decimals
    return None
