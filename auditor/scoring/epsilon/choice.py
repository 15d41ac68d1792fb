"""Which threshold epsilon is read at. A bound holds only if the threshold did not see the counted records, or if the choice is
paid for."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from auditor.domain.evidence import MembershipScores
from auditor.domain.seeds import generator
from auditor.scoring.epsilon import clopper_pearson
from auditor.scoring.epsilon.counts import Counts, Mask, above, at_ranks, everywhere, hull, one, ranks
from auditor.scoring.intervals import Floats

SPLITS = 100


@dataclass(frozen=True)
class Cut:
    """Call a record a member if its score is above `line`; `reads_members`: epsilon rests on members called members, or on the
    non-members called non-members."""

    line: float
    reads_members: bool = True

    def counts(self, scores: Floats, is_member: Mask) -> Counts:
        found = above(scores, is_member, self.line)
        return found if self.reads_members else found.mirrored


def from_pseudo_targets(evidence: MembershipScores, members: int, non_members: int, alpha: float) -> Cut:
    """The cut that would show most on the pseudo-targets, if they had as many records as the target. Knows nothing of the
    truth."""
    return best(evidence.pseudo_targets.ravel(), evidence.membership.ravel(), members, non_members, alpha)


def best(scores: Floats, is_member: Mask, members: int, non_members: int, alpha: float) -> Cut:
    """The cut with the largest precision bound on these records, their rates scaled to `members` and `non_members`."""
    wanted = ranks(len(scores))
    cuts = [Cut(line, True) for line in _lines(scores, wanted)] + [
        Cut(line, False) for line in _lines(scores, len(scores) - wanted)
    ]
    return max(cuts, key=lambda cut: _promise(cut, scores, is_member, (members, non_members), alpha))


def split(scores: Floats, is_member: Mask, delta: float, alpha: float, seed: int) -> float:
    """The cut from one half of the records, the Clopper-Pearson bound (`one_sided`) from the other half."""
    chosen = _half(is_member, seed, 0)
    counts = _chosen_there(scores, is_member, chosen, alpha)
    return float(clopper_pearson.one_sided(counts, delta, alpha)[0])


def multi_split(scores: Floats, is_member: Mask, delta: float, alpha: float, seed: int) -> float:
    """The median of 100 splits, each at alpha / 2: valid whatever their dependence (Meinshausen, Meier and Buehlmann 2009)."""
    halves = [_half(is_member, seed, turn) for turn in range(SPLITS)]
    counts = [_chosen_there(scores, is_member, half, alpha / 2) for half in halves]
    return float(np.median([clopper_pearson.one_sided(c, delta, alpha / 2)[0] for c in counts]))


def bonferroni(scores: Floats, is_member: Mask, delta: float, alpha: float) -> float:
    """The largest bound over the ranks of `counts.ranks`, which share `alpha`."""
    counts = at_ranks(scores, is_member, ranks(len(scores)))
    return float(clopper_pearson.one_sided(counts, delta, alpha / len(counts.tp)).max())


def hull_bonferroni(scores: Floats, is_member: Mask, delta: float, alpha: float) -> float:
    """The largest bound over the thresholds on the ROC's hull, which share `alpha`.

    As in jax_privacy's auditing module, for comparison with it: the hull is chosen by the data, so dividing by its length is no
    proof.
    """
    counts = hull(everywhere(scores, is_member))
    return float(clopper_pearson.one_sided(counts, delta, alpha / len(counts.tp)).max())


def held_out(scores: Floats, is_member: Mask, alpha: float, seed: int) -> Counts:
    """Counts on one half of the records at the best cut of the other half, mirrored where that shows more."""
    chosen = _half(is_member, seed, 0)
    judged = ~chosen
    sides = int((judged & is_member).sum()), int((judged & ~is_member).sum())
    return best(scores[chosen], is_member[chosen], *sides, alpha).counts(scores[judged], is_member[judged])


def _chosen_there(scores: Floats, is_member: Mask, chosen: Mask, alpha: float) -> Counts:
    """The counts of the records that were not `chosen`, at the threshold that is best on the chosen ones."""
    swept = at_ranks(scores[chosen], is_member[chosen], ranks(int(chosen.sum())))
    place = int(np.argmax(clopper_pearson.one_sided(swept, 0.0, alpha)))
    called = int(swept.tp[place] + swept.fp[place])
    line = np.sort(scores[chosen])[::-1][called] if called < chosen.sum() else -np.inf
    return above(scores[~chosen], is_member[~chosen], float(line))


def _promise(cut: Cut, scores: Floats, is_member: Mask, sides: tuple[int, int], alpha: float) -> float:
    found = cut.counts(scores, is_member)
    members, non_members = sides if cut.reads_members else sides[::-1]
    tp, fp = float(found.tp[0]) / found.members * members, float(found.fp[0]) / found.non_members * non_members
    scaled = one(tp, fp, members, non_members)
    return float(clopper_pearson.precision(scaled, 0.0, alpha)[0])


def _lines(scores: Floats, called: NDArray[np.intp]) -> list[float]:
    """Cuts above which about so many scores lie; halfway to the next score, so that no tie group is broken."""
    ordered = np.unique(scores)
    at = np.sort(scores)[::-1][np.minimum(called, len(scores)) - 1]
    below = ordered[np.maximum(np.searchsorted(ordered, at) - 1, 0)]
    return [float(line) for line in np.unique((at + below) / 2)]


def _half(is_member: Mask, seed: int, turn: int) -> Mask:
    """A random half of the members and of the non-members."""
    rng = generator(seed, "epsilon", turn)
    half = np.zeros(len(is_member), dtype=bool)
    for side in (is_member, ~is_member):
        rows = rng.permutation(np.flatnonzero(side))
        half[rows[: len(rows) // 2]] = True
    return half
