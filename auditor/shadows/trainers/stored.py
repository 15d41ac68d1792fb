"""What is kept of a shadow's answers: log-odds in 32 bits."""

import numpy as np
from numpy.typing import NDArray

# Answers of exactly 0 or 1 (forests, saturated boosting) are stored as this and its complement: log-odds of +-16.1, finite
# in 32 bits, and not above `Profile.clip`, so no signal can tell the difference.
SMALLEST = 1e-7


def log_odds(probabilities: NDArray[np.float64]) -> NDArray[np.float32]:
    """log p - log(1 - p), clipped so that it is finite. Probabilities in 16 bits, or as 32-bit p near 1, would lose the tail."""
    clipped = np.clip(probabilities, SMALLEST, 1 - SMALLEST)
    return np.asarray(np.log(clipped) - np.log1p(-clipped), dtype=np.float32)
