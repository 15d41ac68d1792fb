"""A policy says from which score on a family is a breach. A family without a level is reported and decides nothing."""

from collections.abc import Mapping
from dataclasses import dataclass

DEFAULT_LEVEL = 25.0
GATED_FAMILIES = ("membership", "inversion", "stealing")


@dataclass(frozen=True)
class Policy:
    name: str
    levels: Mapping[str, float | None]

    def level(self, family: str) -> float | None:
        return self.levels.get(family, DEFAULT_LEVEL)


BUILTIN = {
    "default": Policy("default", dict.fromkeys(GATED_FAMILIES, DEFAULT_LEVEL)),
    "people": Policy("people", {"membership": DEFAULT_LEVEL, "inversion": DEFAULT_LEVEL, "stealing": None}),
}
