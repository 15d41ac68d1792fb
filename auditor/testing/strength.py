"""How true claims are."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Strength:
    """How true the claims are: a rate, what chance would reach, and the standard error of the difference."""

    value: float
    chance: float
    error: float

    def __str__(self) -> str:
        return f"{self.value:.3f} where chance gives {self.chance:.3f} +- {self.error:.3f}"
