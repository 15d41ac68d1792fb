"""What a copy costs: how many queries lead to which fidelity, and what they are worth."""

from collections.abc import Mapping, Sequence

from auditor.domain.finding import Estimate
from auditor.scoring.grading import Grading

WANTED = (0.9, 0.95, 0.99)


def queries_to(curve: Mapping[str, Sequence[float]], grading: Grading) -> tuple[Estimate, ...]:
    """For each of WANTED the smallest budget whose copy agrees that often with the target; a reason where none does."""
    return tuple(_to(curve, share, grading) for share in WANTED)


def _to(curve: Mapping[str, Sequence[float]], share: float, grading: Grading) -> Estimate:
    name = f"queries_to@{share:g}"
    enough = [queries for queries, fidelity in zip(curve["queries"], curve["fidelity"], strict=True) if fidelity >= share]
    if not enough:
        top = max(curve["fidelity"])
        return Estimate(
            name, reason=f"not reached: the best copy agrees on {top:.1%} of records after {curve['queries'][-1]:,.0f} queries"
        )
    return Estimate(name, min(enough), confidence=grading.confidence, n=int(min(enough)))


def price_of(queries: float, per_1000: float | None, grading: Grading) -> tuple[Estimate, ...]:
    """Queries times what they cost (budget.price_per_1000); nothing where no price is named."""
    if per_1000 is None:
        return ()
    return (Estimate("price", queries * per_1000 / 1000, confidence=grading.confidence, n=max(1, int(queries))),)
