"""Whom a threshold calls a member: counts at one threshold, at every distinct one, and at those on the ROC's hull."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from auditor.scoring.intervals import Floats

Mask = NDArray[np.bool_]
SMALLEST = 8  # no rank below this is tried: eight records cannot show much


@dataclass(frozen=True, eq=False)
class Counts:
    """At each of T thresholds, (T,): `tp` of `members` and `fp` of `non_members` are called members."""

    tp: Floats
    fp: Floats
    members: int
    non_members: int

    @property
    def mirrored(self) -> "Counts":
        """The same claims read the other way round: non-members that are called non-members, and members that are."""
        return Counts(self.non_members - self.fp, self.members - self.tp, self.non_members, self.members)

    def take(self, places: NDArray[np.intp] | Mask) -> "Counts":
        return Counts(self.tp[places], self.fp[places], self.members, self.non_members)


def one(tp: float, fp: float, members: int, non_members: int) -> Counts:
    """A single threshold."""
    return Counts(np.array([tp], float), np.array([fp], float), members, non_members)


def above(scores: Floats, is_member: Mask, cut: float) -> Counts:
    """At the threshold `score > cut`."""
    called = scores > cut
    return one(float((called & is_member).sum()), float((called & ~is_member).sum()), int(is_member.sum()), int((~is_member).sum()))


def everywhere(scores: Floats, is_member: Mask) -> Counts:
    """At every distinct threshold, the strictest first; records of one score stay together."""
    order = np.argsort(-scores, kind="stable")
    ends = np.flatnonzero(np.append(np.diff(scores[order]) != 0, True))
    tp = np.cumsum(is_member[order])[ends].astype(float)
    return Counts(tp, ends + 1 - tp, int(is_member.sum()), int((~is_member).sum()))


def hull(counts: Counts) -> Counts:
    """Thresholds on the upper convex hull of the ROC, both ends (nobody, everybody) included: the others are dominated."""
    places: list[int] = []
    fp, tp = np.append(0.0, counts.fp), np.append(0.0, counts.tp)
    for place in range(len(fp)):
        while len(places) > 1 and _is_below(fp[[*places[-2:], place]], tp[[*places[-2:], place]]):
            places.pop()
        places.append(place)
    return Counts(tp[places], fp[places], counts.members, counts.non_members)


def ranks(n: int) -> NDArray[np.intp]:
    """How many of n records are called members: a half, a quarter, ... down to 8, in ascending order; nothing but n decides it."""
    halvings = max(0, int(np.log2(max(1, n // 2) / SMALLEST)))
    return np.unique([max(1, n // 2 >> step) for step in range(halvings + 1)]).astype(np.intp)


def at_ranks(scores: Floats, is_member: Mask, wanted: NDArray[np.intp]) -> Counts:
    """The thresholds that call at least the `wanted` numbers of records members, with whole groups of ties.

    That which calls everybody a member says nothing, and is left out if there is another.
    """
    swept = everywhere(scores, is_member)
    places = np.unique(np.searchsorted(swept.tp + swept.fp, np.minimum(wanted, len(scores))))
    says_something = places < len(swept.tp) - 1
    return swept.take(places[says_something] if says_something.any() else places)


def _is_below(fp: Floats, tp: Floats) -> bool:
    """Is the second of three points on or below the line through the others?"""
    return bool((tp[1] - tp[0]) * (fp[2] - fp[1]) <= (tp[2] - tp[1]) * (fp[1] - fp[0]))
