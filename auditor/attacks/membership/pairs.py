"""The pool of shadows as seen by a membership attack: for every record, what models answered that had it and that had not.

Shadows come in complementary pairs, so each pair gives every record one IN and one OUT observation, and a pool of K shadows
is two full matrices of K/2 rows. Leaving out a shadow together with its partner is leaving out a row.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from auditor.domain.attack import Context
from auditor.domain.data import Records
from auditor.domain.evidence import MembershipScores
from auditor.domain.shadow import ShadowOutputs
from auditor.errors import AttackFailed

Floats = NDArray[np.float64]
Signal = Callable[[Floats], Floats]  # answers (n, C) -> signal (n,)

PSEUDO_TARGETS = 8


@dataclass(frozen=True, eq=False)
class Pairs:
    """`inside` and `outside` (P, n): the signal of each record from the shadow of each pair that was, or was not, trained on it."""

    inside: Floats
    outside: Floats

    def __len__(self) -> int:
        return len(self.inside)

    def without(self, pair: int) -> "Pairs":
        return Pairs(np.delete(self.inside, pair, axis=0), np.delete(self.outside, pair, axis=0))


Score = Callable[[Floats, Pairs], Floats]  # signal (n,) of whoever is attacked, and the pairs that may be used


def paired(signals: Floats, masks: NDArray[np.bool_]) -> Pairs:
    """Signals (K, n) of all shadows, sorted by membership."""
    even, odd, even_is_in = signals[0::2], signals[1::2], masks[0::2]
    return Pairs(np.where(even_is_in, even, odd), np.where(even_is_in, odd, even))


def playing(shadows: int, most: int = PSEUDO_TARGETS) -> list[int]:
    """Which shadows play the target: one of each pair first, because partners hold the same information."""
    return [*range(0, shadows, 2), *range(1, shadows, 2)][:most]


def candidates_of(context: Context, name: str) -> Records:
    """The records in question; raises AttackFailed where there are none, or their labels are not known."""
    candidates = records_of(context, name)
    if (candidates.labels < 0).any():
        raise AttackFailed(f"{name} needs the true label of every record.")
    return candidates


def records_of(context: Context, name: str) -> Records:
    """The records in question, for attacks that need no labels; raises AttackFailed where there are none."""
    if context.candidates is None or not len(context.candidates):
        raise AttackFailed(f"{name} needs records whose membership is in question; give members and non-members.")
    return context.candidates


def shadows_of(context: Context, name: str, least: int) -> ShadowOutputs:
    """The shadows; raises AttackFailed when there are fewer than `least`."""
    if context.shadows is None or len(context.shadows) < least:
        raise AttackFailed(f"{name} needs at least {least} shadow models; set shadows to {least} or more.")
    return context.shadows


def signals_of(shadows: ShadowOutputs, signal: Signal) -> Floats:
    """(K, n), one shadow at a time, so that all answers are never held as they are shown."""
    first = signal(shadows.answers(0))
    signals = np.empty((len(shadows), *first.shape), dtype=first.dtype)
    signals[0] = first
    for shadow in range(1, len(shadows)):
        signals[shadow] = signal(shadows.answers(shadow))
    return signals


def unplayed(claim: Floats, rows: NDArray[np.intp] | None = None) -> MembershipScores:
    """A claim (n,), of all candidates or of these rows, beside which no shadow plays the target."""
    nobody = np.empty((0, len(claim)))
    return MembershipScores(claim, nobody, nobody.astype(bool), rows)


def scored_alone(target: Floats, shadows: ShadowOutputs | None, signal: Signal) -> MembershipScores:
    """Evidence of an attack whose score is the signal itself: shadows play the target, but inform nothing."""
    if shadows is None:
        return unplayed(target)
    chosen = playing(len(shadows))
    return MembershipScores(target, signals_of(shadows.chosen(chosen), signal), shadows.masks[chosen])


def scored(context: Context, target: Floats, signals: Floats, masks: NDArray[np.bool_], score: Score) -> MembershipScores:
    """Evidence of an attack that reads shadows: the target with all of them, each pseudo-target with all but itself and its
    partner. With a single pair nobody is left to attack a pseudo-target with, so there are none."""
    pool = paired(signals, masks)
    chosen = playing(len(signals)) if len(pool) > 1 else []
    claim = score(target, pool)
    pseudo = np.empty((len(chosen), len(target)))
    for row, shadow in enumerate(chosen):
        context.checkpoint((row + 1) / (len(chosen) + 1))
        pseudo[row] = score(signals[shadow], pool.without(shadow // 2))
    context.checkpoint(1.0)
    return MembershipScores(claim, pseudo, masks[chosen])
