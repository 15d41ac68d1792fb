"""One training run with canaries that were each put in or left out by a fair coin (Steinke, Nasr and Jagielski 2023)."""

from dataclasses import dataclass

import numpy as np
from scipy.special import bdtrc, expit

LARGEST = 50.0


@dataclass(frozen=True)
class Guesses:
    """Of `canaries` so many were `guessed` in or out, and so many guesses were `right`; on the others the attack abstained."""

    canaries: int
    guessed: int
    right: int


def p_value(guesses: Guesses, epsilon: float, delta: float) -> float:
    """The probability that a mechanism that keeps (epsilon, delta) lets so many guesses be right (theorem 5.2 there)."""
    share = expit(epsilon)
    right, guessed = guesses.right, guesses.guessed
    base = float(bdtrc(right - 1, guessed, share)) if right > 0 else 1.0
    if not delta:
        return base
    fewer = np.arange(1, right + 1)
    tails = np.where(right - fewer > 0, bdtrc(np.maximum(right - fewer - 1, 0), guessed, share), 1.0)
    gain = float(np.max((tails - base) / fewer, initial=0.0))
    return min(1.0, base + 2 * guesses.canaries * delta * gain)


def bound(guesses: Guesses, delta: float, alpha: float) -> float:
    """The largest epsilon that is refuted at level `alpha`, 0 if none; how many guesses are made must not depend on the truth."""
    from scipy.optimize import brentq

    if not guesses.guessed or p_value(guesses, 0.0, delta) >= alpha:
        return 0.0
    if p_value(guesses, LARGEST, delta) < alpha:
        return LARGEST
    return float(brentq(lambda epsilon: p_value(guesses, epsilon, delta) - alpha, 0.0, LARGEST, xtol=1e-8))
