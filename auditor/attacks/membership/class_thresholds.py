"""A threshold for each class, chosen on shadows, where members and non-members are known."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from auditor.attacks.membership.pairs import Floats, playing, shadows_of
from auditor.domain.attack import Context
from auditor.domain.data import Records
from auditor.domain.evidence import MembershipScores

Groups = NDArray[np.intp]
Mask = NDArray[np.bool_]

LEAST_SHADOWS = 2
LEAST = 50  # a class with fewer shadow answers shares the threshold of all classes together


@dataclass(frozen=True, eq=False)
class Observed:
    """What models answered: `signals` (..., n), higher for members, and `groups` (..., n), the class whose threshold applies."""

    signals: Floats
    groups: Groups


def best_cut(members: Floats, non_members: Floats) -> float:
    """The value v of either side that maximises (TPR + TNR) / 2 of "member if signal >= v" (Song and Mittal 2021, section 4.1).

    The first of equals is kept, members before non-members in the order given, as in the code published with the paper."""
    values = np.concatenate([members, non_members])
    below_members = np.searchsorted(np.sort(members), values) / len(members)
    below_others = np.searchsorted(np.sort(non_members), values) / len(non_members)
    return float(values[np.argmax(np.round((1 - below_members + below_others) / 2, 12))])


def cuts(shown: Observed, is_member: Mask, classes: int, least: int = LEAST) -> Floats:
    """(classes,) thresholds from shadow answers (all arrays of the same shape); a class with fewer than `least` answers, or with
    one side only, takes the threshold of all together."""
    signals, groups, inside = shown.signals.ravel(), shown.groups.ravel(), is_member.ravel()
    found = np.full(classes, _cut(signals, inside))
    for group in range(classes):
        rows = np.flatnonzero(groups == group)
        if len(rows) >= max(2, least) and 0 < inside[rows].sum() < len(rows):
            found[group] = _cut(signals[rows], inside[rows])
    return found


def _cut(signals: Floats, inside: Mask) -> float:
    # Sorted, because the order of records must not decide which of equal thresholds is kept.
    return best_cut(np.sort(signals[inside]), np.sort(signals[~inside]))


def thresholded(context: Context, candidates: Records, name: str, read: Callable[[Floats], Observed]) -> MembershipScores:
    """Evidence of an attack whose score is a signal minus the threshold of its class; `read` takes answers (n, C)."""
    shadows = shadows_of(context, name, LEAST_SHADOWS)
    context.checkpoint(0.0)
    target = read(context.query(candidates.features))
    context.checkpoint(0.3)
    played = [read(shadows.answers(k)) for k in range(len(shadows))]
    observed = Observed(np.stack([one.signals for one in played]), np.stack([one.groups for one in played]))
    return centred(context, target, observed, shadows.masks)


def centred(context: Context, target: Observed, shadows: Observed, masks: Mask) -> MembershipScores:
    """Signals (n,) minus the threshold of their class, from all shadows (K, n). With a single pair, thresholds that a pseudo-target
    had no part in would not exist, so there are none.

    Pseudo-targets get the same thresholds as the target, though each had its part in them. Signals of sure answers crowd at their
    upper end, where a line drawn on pseudo-targets with thresholds of their own would pass them by or take them all
    (docs/attacks/confidence.md has the measurement)."""
    chosen = playing(len(masks)) if len(masks) > 2 else []
    thresholds = cuts(shadows, masks, max(1, context.classes))  # a target that answers a value has no classes
    context.checkpoint(0.8)
    pseudo = _above(Observed(shadows.signals[chosen], shadows.groups[chosen]), thresholds)
    context.checkpoint(1.0)
    return MembershipScores(_above(target, thresholds), pseudo, masks[chosen])


def _above(shown: Observed, thresholds: Floats) -> Floats:
    return np.asarray(shown.signals - thresholds[shown.groups])
