"""What shadow models answered: values that attacks read. Training is `auditor.shadows`."""

from collections.abc import Sequence
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

    def answers(self, shadow: int) -> NDArray[np.float64]:
        """(n, C) what one of them answered: an attack that takes them in turn never needs all `probabilities` at once."""
        return np.asarray(self.probabilities[shadow])

    def chosen(self, shadows: Sequence[int] | NDArray[np.intp]) -> "ShadowOutputs":
        """Some of them, in this order."""
        rows = list(shadows)
        return ShadowOutputs(self.probabilities[rows], self.masks[rows])

    def of_records(self, records: slice) -> "ShadowOutputs":
        """What all of them answered about some records."""
        return ShadowOutputs(self.probabilities[:, records], self.masks[:, records])

    def without_pair(self, shadow: int) -> "ShadowOutputs":
        """All shadows but this one and its partner: what may be used when it plays the target."""
        return self.chosen(np.flatnonzero(np.arange(len(self)) // 2 != shadow // 2))

    def first(self, count: int) -> "ShadowOutputs":
        return self.chosen(range(min(count, len(self))))
