"""Two audits of the same records: does the second target leak more than the first? What is hard about a record cancels out."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from auditor.domain.evidence import MembershipScores
from auditor.domain.finding import Estimate
from auditor.domain.seeds import generator
from auditor.errors import AttackFailed
from auditor.scoring import resampling, roc, thresholds
from auditor.scoring.grading import Grading
from auditor.scoring.intervals import Floats, Interval, around, quantile
from auditor.scoring.shares import percent, points

Mask = NDArray[np.bool_]
Gap = Callable[[float], Interval]  # two-sided error -> second minus first


@dataclass(frozen=True, eq=False)
class Measured:
    """One difference, at any error level."""

    name: str
    n: int
    gap: Gap
    threshold: str | None = None
    method: str | None = None

    def estimate(self, grading: Grading) -> Estimate:
        found, shared = self.gap(grading.marginal_alpha), self.gap(grading.alpha)
        return Estimate(
            self.name,
            found.value,
            found.low,
            found.high,
            grading.confidence,
            self.n,
            threshold=self.threshold,
            low_simultaneous=shared.low if grading.is_simultaneous else None,
            method=self.method,
        )


@dataclass(frozen=True, eq=False)
class Terms:
    """`is_member` (n,) over the candidates. `same_shadows`: both audits calibrated their thresholds on the same shadow models."""

    is_member: Mask
    same_shadows: bool = True


Pair = tuple[MembershipScores, MembershipScores]


def difference(pair: Pair, terms: Terms, grading: Grading) -> tuple[Estimate, ...]:
    """What the same attack found on the second target minus what it found on the first.

    `auc_difference`: DeLong's variance of the difference of two correlated AUCs (DeLong, DeLong and Clarke-Pearson 1988).
    `tpr_difference@fpr=...`: each target at its own calibrated cut; paired bootstrap over members. Where the two attacks were tried
    on different candidates, those are compared that both were tried on. Raises AttackFailed for scores that cannot be graded.
    With other shadow models in each audit the cuts differ by chance, which no bootstrap over members sees (40 false alarms in 300
    null pairs at 5 %), so the tail is not compared.
    """
    found = _measured(pair, terms, grading)
    return tuple(one.estimate(grading) if isinstance(one, Measured) else one for one in found)


def change(pair: Pair, terms: Terms, grading: Grading) -> str:
    """One sentence, on limits that share the error over both kinds of difference and over `grading.family_size` attacks."""
    found = [m for m in _measured(pair, terms, grading) if isinstance(m, Measured)]
    gaps = [m.gap(grading.alpha / len(found)) for m in found]
    worse = [_words(m, g) for m, g in zip(found, gaps, strict=True) if g.low > 0]
    better = [_words(m, g) for m, g in zip(found, gaps, strict=True) if g.high < 0]
    if worse and better:
        return f"The two targets leak in different ways: the second more by {', '.join(worse)}, but less by {', '.join(better)}."
    if worse:
        return f"The second target leaks more: {', '.join(worse)}."
    if better:
        return f"The second target leaks less: {', '.join(better)}."
    return f"No difference is shown: {', '.join(_words(m, g) for m, g in zip(found, gaps, strict=True))}."


def _words(one: Measured, gap: Interval) -> str:
    what, _, at = one.name.partition("_difference")
    if at:
        rate = f"{100 * float(at.removeprefix('@fpr=')):g} %"
        return f"{what.upper()} at {rate} FPR {points(gap.value)} ({points(gap.low)} to {points(gap.high)})"
    return f"{what.upper()} {gap.value:+.3f} ({gap.low:+.3f} to {gap.high:+.3f})".replace("-", "−")


def _measured(pair: Pair, terms: Terms, grading: Grading) -> tuple[Measured | Estimate, ...]:
    before, after, truth = _together(*pair, terms.is_member)
    before, after = thresholds.checked(before, truth), thresholds.checked(after, truth)
    both = replace(terms, is_member=truth)
    tails = [_tail((before, after), both, rate, grading.seed) for rate in sorted(thresholds.NEEDED, reverse=True)]
    return (_bulk(before.target, after.target, truth), *tails)


def _together(
    first: MembershipScores, second: MembershipScores, is_member: Mask
) -> tuple[MembershipScores, MembershipScores, Mask]:
    """Both on the candidates that both attacks were tried on."""
    everybody = np.arange(len(is_member))
    rows = [everybody if e.rows is None else e.rows for e in (first, second)]
    both = np.intersect1d(rows[0], rows[1], assume_unique=True)
    if not len(both):
        raise AttackFailed("The two audits tried this attack on different records, so there is nothing to compare.")
    one, other = (_of(e, np.searchsorted(r, both)) for e, r in zip((first, second), rows, strict=True))
    return one, other, is_member[both]


def _of(evidence: MembershipScores, places: NDArray[np.intp]) -> MembershipScores:
    return MembershipScores(evidence.target[places], evidence.pseudo_targets[:, places], evidence.membership[:, places])


def _bulk(first: Floats, second: Floats, is_member: Mask) -> Measured:
    before, after = roc.placements(first, is_member), roc.placements(second, is_member)
    placed = roc.Placements(after.members - before.members, after.non_members - before.non_members)
    error = float(np.sqrt(placed.variance))
    value = after.auc - before.auc
    pairs = min(len(placed.members), len(placed.non_members))

    def gap(alpha: float) -> Interval:
        """Where no pair of records came out differently, a pair not yet seen still may (as in `roc.auc_interval`)."""
        unseen = 1.0 - (alpha / 2) ** (1.0 / pairs) if error == 0 else 0.0
        half = max(quantile(alpha) * error, unseen)
        return Interval(max(-1.0, value - half), value, min(1.0, value + half))

    return Measured("auc_difference", len(is_member), gap)


def _uncomparable(pair: Pair, terms: Terms, rate: float) -> str | None:
    reason = thresholds.shortage(rate, int((~terms.is_member).sum()))
    if reason is not None:
        return reason
    if not all(len(e.pseudo_targets) for e in pair):
        return "needs shadow models in both audits, so that neither threshold is set on the records that are counted"
    if not terms.same_shadows:
        return "needs the same shadow models in both audits (one learner, one number): thresholds of others differ by chance"
    return None


def _tail(pair: Pair, terms: Terms, rate: float, seed: int) -> Measured | Estimate:
    """The cuts are those of each one's pseudo-targets, so neither has seen a record that is counted."""
    name, is_member = f"tpr_difference@fpr={rate:g}", terms.is_member
    reason = _uncomparable(pair, terms, rate)
    if reason is not None:
        return Estimate(name, reason=reason)
    called = [e.target > roc.cut(e.pseudo_targets[~e.membership], rate) for e in pair]
    kinds, resampled = resampling.paired(called[0][is_member], called[1][is_member], generator(seed, "paired", name))
    members, changes = int(is_member.sum()), resampled[:, 1] - resampled[:, 2]
    value = float(kinds[1] - kinds[2]) / members

    def gap(alpha: float) -> Interval:
        return around(value, changes / members, alpha)

    realised = [float(c[~is_member].mean()) for c in called]
    method = f"paired bootstrap; realised FPR {percent(realised[0], 2)} before, {percent(realised[1], 2)} after"
    return Measured(name, members, gap, thresholds.CALIBRATED, method)
