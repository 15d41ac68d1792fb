"""Epsilon from canaries, each of which a fair coin put into the training data or left out: a lower bound in the strict sense."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from auditor.domain.evidence import MembershipScores
from auditor.domain.finding import Estimate
from auditor.scoring import thresholds
from auditor.scoring.epsilon import f_dp, one_run
from auditor.scoring.epsilon.counts import Mask
from auditor.scoring.epsilon.one_run import Guesses
from auditor.scoring.grading import Grading
from auditor.scoring.intervals import Floats

NAME = "epsilon_lower_bound"
ONE_RUN = "one-run"
F_DP = "one-run f-dp (gaussian)"
DECIDING = (ONE_RUN, F_DP)
FEWEST = 10
Bound = Callable[[Guesses, float, float], float]
# Guess "in" for the top m / a canaries and "out" for the bottom m / b (None: for nobody).
PLANS: tuple[tuple[int, int | None], ...] = ((2, 2), (8, 8), (8, None), (32, 32))


@dataclass(frozen=True)
class Plan:
    """How many canaries are guessed in, from the top, and out, from the bottom; the others are left open."""

    top: int
    bottom: int

    def guesses(self, scores: Floats, is_member: Mask) -> Guesses:
        """Groups of ties are guessed whole or not at all."""
        inside = _highest(scores, self.top)
        outside = _highest(-scores, self.bottom) & ~inside
        right = int((inside & is_member).sum() + (outside & ~is_member).sum())
        return Guesses(len(scores), int(inside.sum() + outside.sum()), right)


def lower_bound(evidence: MembershipScores, is_member: Mask, grading: Grading, delta: float) -> tuple[Estimate, ...]:
    """Lower bounds on epsilon at `delta` from m canaries (Steinke 2023; Mahloujifar 2025 under a Gaussian curve).

    How many guesses are made is fixed by what shows most on the pseudo-targets; without any, four plans share the error.
    `value` = `low` is the bound at `grading.confidence`; `low_simultaneous` is the one that may answer a claim, where both
    methods share what error the family's attacks and the looks leave; `ceiling` is what m right guesses would show. Raises
    AttackFailed for scores that cannot be graded.
    """
    scores = thresholds.checked(evidence, is_member)
    if len(is_member) < FEWEST:
        return (Estimate(NAME, reason=f"needs at least {FEWEST} canaries; {len(is_member)} are left"),)
    plans = _plans(scores, delta, grading.marginal_alpha)
    guesses = [plan.guesses(scores.target, is_member) for plan in plans]
    steinke = _estimate(ONE_RUN, one_run.bound, guesses, plans, (delta, grading))
    if delta == 0:
        return steinke, Estimate(NAME, reason="no Gaussian mechanism keeps an epsilon at delta 0; state a delta above 0")
    return steinke, _estimate(F_DP, f_dp.bound, guesses, plans, (delta, grading))


def _plans(evidence: MembershipScores, delta: float, alpha: float) -> list[Plan]:
    """The one plan that shows most on the pseudo-targets, or all of them."""
    plans = [Plan(len(evidence.target) // a, len(evidence.target) // b if b else 0) for a, b in PLANS]
    if not len(evidence.pseudo_targets):
        return plans
    return [max(plans, key=lambda plan: one_run.bound(_usual(plan, evidence), delta, alpha))]


def _usual(plan: Plan, evidence: MembershipScores) -> Guesses:
    """What the plan guesses on an average pseudo-target."""
    all_guesses = [plan.guesses(s, inside) for s, inside in zip(evidence.pseudo_targets, evidence.membership, strict=True)]
    guessed, right = (int(np.mean([getattr(g, name) for g in all_guesses])) for name in ("guessed", "right"))
    return Guesses(len(evidence.target), guessed, right)


def _estimate(method: str, bound: Bound, guesses: list[Guesses], plans: list[Plan], terms: tuple[float, Grading]) -> Estimate:
    delta, grading = terms
    n = guesses[0].canaries
    sure = [Guesses(n, plan.top + plan.bottom, plan.top + plan.bottom) for plan in plans]
    alpha = grading.marginal_alpha / len(plans)
    low = max(bound(g, delta, alpha) for g in guesses)
    return Estimate(
        NAME,
        low,
        low,
        confidence=grading.confidence,
        n=n,
        low_simultaneous=max(bound(g, delta, grading.alpha / len(DECIDING) / len(plans)) for g in guesses),
        ceiling=max(bound(g, delta, alpha) for g in sure),
        method=method,
    )


def _highest(scores: Floats, wanted: int) -> Mask:
    """The `wanted` highest scores, fewer where the last of them are tied with others."""
    if wanted >= len(scores):
        return np.ones(len(scores), dtype=bool)
    return np.asarray(scores > np.sort(scores)[::-1][wanted])
