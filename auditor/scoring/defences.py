"""Which defence of the output is the cheapest that brings a finding below the policy: told from graded channels."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from auditor.domain.finding import Outcome

Cost = tuple[float, float]


@dataclass(frozen=True)
class Tried:
    """One attack through one channel. `outcome` is None where it was not graded: it `cannot_run` there, for it needs what the
    channel does not show, or it would have to ask the target anew. `is_blind`: its positive control failed, and no other check."""

    attack: str
    family: str
    outcome: Outcome | None
    score: float | None = None
    score_low: float | None = None
    score_high: float | None = None
    cannot_run: bool = False
    reason: str = ""
    is_blind: bool = False


@dataclass(frozen=True)
class Defence:
    """A channel with its cost and what every attack found through it."""

    name: str
    cost: Cost
    tried: tuple[Tried, ...]

    def outcome_of(self, attack: str, family: str) -> Outcome:
        """An attack that cannot run here is answered for by those of its family that can: its adversary would use them."""
        own = next(t for t in self.tried if t.attack == attack)
        if own.outcome is not None:
            return own.outcome
        return _worst(self._ran(family)) if own.cannot_run else Outcome.INCONCLUSIVE

    def family(self, family: str) -> Outcome:
        """The worst of its attacks: a pass needs one that ran, and none of which the answers are missing.

        As in an audit, one that is blind is set aside while another decides."""
        ran = self._ran(family)
        return _worst([t for t in ran if not self.is_set_aside(t)])

    def is_set_aside(self, one: Tried) -> bool:
        """Blind, and another of its family decides."""
        return one.is_blind and any(t.outcome in (Outcome.BREACH, Outcome.PASS) for t in self._ran(one.family))

    def _ran(self, family: str) -> list[Tried]:
        return [t for t in self.tried if t.family == family and not t.cannot_run]


def _worst(tried: Sequence[Tried]) -> Outcome:
    outcomes = [Outcome.INCONCLUSIVE if t.outcome is None else t.outcome for t in tried] or [Outcome.INCONCLUSIVE]
    return next(o for o in (Outcome.BREACH, Outcome.INCONCLUSIVE, Outcome.PASS, Outcome.REPORTED) if o in outcomes)


def cheapest(defences: Sequence[Defence], attack: str, family: str) -> Defence | None:
    """The least costly defence through which this attack passes; None: none of those tried."""
    return next((d for d in by_cost(defences) if d.outcome_of(attack, family) is Outcome.PASS), None)


def cheapest_for_all(defences: Sequence[Defence], above: Mapping[str, str]) -> Defence | None:
    """The least costly one through which all of these attacks (label to family) pass; their whole families have to, too."""
    families = set(above.values())
    fit = (
        d
        for d in by_cost(defences)
        if all(d.outcome_of(*one) is Outcome.PASS for one in above.items()) and all(d.family(f) is Outcome.PASS for f in families)
    )
    return next(fit, None)


def by_cost(defences: Sequence[Defence]) -> list[Defence]:
    """The rise of the log-loss first, then how far probabilities move, then the order in which they were tried."""
    return sorted(defences, key=lambda d: d.cost)
