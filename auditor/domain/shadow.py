"""What shadow models answered: values that attacks read. Training is `auditor.shadows`."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class ShadowOutputs:
    """K shadow models over n records and C classes.

    `probabilities` (K, n, C) as the target's channel would show them (same rounding, labels as 0/1);
    `masks` (K, n): record i was IN the training half of shadow k. Shadows 2j and 2j+1 are complementary partners.
    """

    probabilities: NDArray[np.float64]
    masks: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.masks)

    def without_pair(self, shadow: int) -> "ShadowOutputs":
        """All shadows but this one and its partner: what may be used when it plays the target."""
        keep = np.arange(len(self)) // 2 != shadow // 2
        return ShadowOutputs(self.probabilities[keep], self.masks[keep])

    def first(self, count: int) -> "ShadowOutputs":
        return ShadowOutputs(self.probabilities[:count], self.masks[:count])
