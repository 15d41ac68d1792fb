"""What is kept of the budget for each attack that asks records of its own: told in the estimate, attack by attack."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

HEADING = "Of these rows, attacks may ask of their own (the fewest that they can do with, and what is kept for them):"


@dataclass(frozen=True)
class Share:
    """`attack` is its name in this audit: `surrogate`, `lira#2`, `attribute[race]`."""

    attack: str
    queries_min: int
    queries_max: int

    def as_json(self) -> dict[str, Any]:
        return {"attack": self.attack, "queries_min": self.queries_min, "queries_max": self.queries_max}


def shares_of(fewest: Mapping[str, int], kept: Mapping[str, int]) -> tuple[Share, ...]:
    """In the order of the audit; an attack that may not run after all can do with none."""
    names = [*kept, *(name for name in fewest if name not in kept)]
    ends = ((name, sorted((fewest.get(name, 0), kept.get(name, 0)))) for name in names)
    return tuple(Share(name, low, high) for name, (low, high) in ends)


def lines_of(shares: Sequence[Share]) -> tuple[str, ...]:
    """A heading and a line for each, with the numbers below each other; nothing where no attack asks."""
    if not shares:
        return ()
    rows = [(s.attack, f"{s.queries_min:,}", f"{s.queries_max:,}") for s in shares]
    name, low, high = (max(map(len, column)) for column in zip(*rows, strict=True))
    return HEADING, *(f"  {a:<{name}}  {b:>{low}} to {c:>{high}}" for a, b, c in rows)
