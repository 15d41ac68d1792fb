"""Are the members of some groups more exposed than the rest? Asked of many groups, so limits hold for all of them together."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from auditor.domain.evidence import MembershipScores
from auditor.domain.finding import Estimate, Subgroup
from auditor.scoring import roc, thresholds
from auditor.scoring.estimates import estimate
from auditor.scoring.grading import Grading
from auditor.scoring.groups import Cells, Group, attributes, groups
from auditor.scoring.intervals import Interval, clopper_pearson, difference

__all__ = ["assess_subgroups", "attributes"]

FEWEST = 200  # members, and non-members
Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Judged:
    """Everybody's scores under one cut of this `kind`; without a `rate` the tail cannot be measured and `called` says nothing."""

    scores: NDArray[np.float64]
    is_member: Mask
    called: Mask
    kind: str
    rate: float | None

    def placed(self, rows: Mask) -> roc.Placements:
        return roc.placements(self.scores[rows], self.is_member[rows])

    def share(self, rows: Mask, alpha: float) -> Interval:
        """How many of these records are called members, with Clopper-Pearson limits."""
        return clopper_pearson(int(self.called[rows].sum()), int(rows.sum()), alpha)


Gap = Callable[[float], Interval]  # the error of both sides together -> group minus rest


@dataclass(frozen=True, eq=False)
class Comparison:
    name: str
    group: int
    n: int
    gap: Gap


def assess_subgroups(
    evidence: MembershipScores, is_member: Mask, cells: Mapping[str, Cells], grading: Grading
) -> tuple[Subgroup, ...]:
    """`cells`: attribute -> (n,) names or numbers of the candidates; numbers of more than five values are cut at their quintiles.

    Each group of at least 200 members and 200 non-members gets its TPR at the cut that holds for all candidates
    (Clopper-Pearson), its own AUC (DeLong), and both minus those of everybody else: independent records, so limits combine as in
    Newcombe's method 10. The limits of all differences hold together, at `grading.confidence` (Holm's step-down over both kinds and
    all groups, on the share of the error that this look has). `is_member` and the cells are those of the records that the attack
    was tried on.
    """
    judged, found = _judged(thresholds.checked(evidence, is_member), is_member), groups(cells)
    pairs = [c for place, group in enumerate(found) for c in _comparisons(judged, group, place)]
    gaps = _stepped_down(pairs, grading)
    return tuple(_subgroup(judged, group, gaps.get(place, []), grading) for place, group in enumerate(found))


def _judged(evidence: MembershipScores, is_member: Mask) -> Judged:
    rate, kind = thresholds.headline_rate(int((~is_member).sum())), thresholds.kinds(evidence)[0]
    if rate is None:
        return Judged(evidence.target, is_member, is_member, kind, None)
    line, reached = thresholds.line(evidence, is_member, rate, kind)
    return Judged(evidence.target, is_member, evidence.target > line, kind, rate if reached else None)


def _is_measured(judged: Judged, rows: Mask) -> bool:
    members = int((rows & judged.is_member).sum())
    return members >= FEWEST and int(rows.sum()) - members >= FEWEST


def _comparisons(judged: Judged, group: Group, place: int) -> list[Comparison]:
    """The tail and the bulk, group against the rest; none where either is too small."""
    inside, rest, n = group.inside, ~group.inside, len(group.inside)
    if group.together or not (_is_measured(judged, inside) and _is_measured(judged, rest)):
        return []
    ours, theirs = judged.placed(inside), judged.placed(rest)
    bulk = Comparison(
        "auc_difference", place, n, lambda alpha: difference(roc.auc_limits(ours, alpha), roc.auc_limits(theirs, alpha))
    )
    if judged.rate is None:
        return [bulk]
    here, there = inside & judged.is_member, rest & judged.is_member
    name = f"tpr_difference@fpr={judged.rate:g}"
    tail = Comparison(
        name, place, int(judged.is_member.sum()), lambda alpha: difference(judged.share(here, alpha), judged.share(there, alpha))
    )
    return [tail, bulk]


def _stepped_down(pairs: list[Comparison], grading: Grading) -> dict[int, list[Estimate]]:
    """Place of the group -> its differences. Those whose limits exclude 0 at alpha / m are settled; the others share again."""
    settled: dict[int, Estimate] = {}
    while len(settled) < len(pairs):
        alpha = grading.marginal_alpha * grading.look_share / (len(pairs) - len(settled))
        now = {i: _gap(p, alpha, grading) for i, p in enumerate(pairs) if i not in settled}
        apart = {i: e for i, e in now.items() if _is_apart(e)}
        settled |= apart or now
    found: dict[int, list[Estimate]] = {}
    for i, pair in enumerate(pairs):
        found.setdefault(pair.group, []).append(settled[i])
    return found


def _gap(pair: Comparison, alpha: float, grading: Grading) -> Estimate:
    return estimate(pair.name, pair.gap(alpha), pair.n, grading)


def _is_apart(gap: Estimate) -> bool:
    return gap.low is not None and gap.high is not None and not gap.low <= 0 <= gap.high


def _subgroup(judged: Judged, group: Group, gaps: list[Estimate], grading: Grading) -> Subgroup:
    members = int((group.inside & judged.is_member).sum())
    empty = Subgroup(group.attribute, group.value, members, len(group) - members)
    if group.together or not _is_measured(judged, group.inside):
        return replace(empty, sentence=_too_small(group))
    found = _own(judged, group.inside, grading)
    if not gaps:
        few = f"Too few others to compare with: it needs {FEWEST} members and {FEWEST} non-members outside the group."
        return replace(empty, estimates=found, sentence=few)
    return replace(empty, estimates=(*found, *gaps[1:]), difference=gaps[0], sentence=_sentence(judged, group, gaps, grading))


def _own(judged: Judged, inside: Mask, grading: Grading) -> tuple[Estimate, ...]:
    alpha = grading.marginal_alpha
    auc = estimate("auc", roc.auc_limits(judged.placed(inside), alpha), int(inside.sum()), grading)
    if judged.rate is None:
        return (auc,)
    members, others = inside & judged.is_member, inside & ~judged.is_member
    tpr = estimate(f"tpr@fpr={judged.rate:g}", judged.share(members, alpha), int(members.sum()), grading)
    return (auc, replace(tpr, threshold=judged.kind, realised_fpr=judged.share(others, alpha).as_tuple()))


def _too_small(group: Group) -> str:
    if group.together:
        many = "1 value" if group.together == 1 else f"{group.together} values"
        return f"Not measured: {many} too rare to be shown, counted together."
    return f"Not measured: a group needs at least {FEWEST} members and {FEWEST} non-members."


def _sentence(judged: Judged, group: Group, gaps: list[Estimate], grading: Grading) -> str:
    more = [g for g in gaps if _is_apart(g) and (g.low or 0) > 0]
    less = [g for g in gaps if _is_apart(g) and (g.high or 0) < 0]
    if more:
        shown, is_wrong = ", ".join(map(_shown, more)), _is_wrong_more_often(judged, group, grading)
        if not is_wrong:
            return f"More exposed than everybody else: {shown}."
        if any(g.name == "auc_difference" for g in more):
            return f"More exposed than everybody else: {shown}. Its non-members are called members more often, too."
        return f"Called members more often than everybody else, and so are its non-members: {shown}. That shows no larger exposure."
    if less:
        return f"Less exposed than everybody else: {', '.join(map(_shown, less))}."
    return "Not told apart from everybody else."


def _shown(gap: Estimate) -> str:
    if gap.name == "auc_difference":
        return f"AUC {gap.value:+.3f} ({gap.low:+.3f} to {gap.high:+.3f})"
    value, low, high = (100 * (share or 0.0) for share in (gap.value, gap.low, gap.high))
    return f"share of members found {value:+.1f} percentage points ({low:+.1f} to {high:+.1f})"


def _is_wrong_more_often(judged: Judged, group: Group, grading: Grading) -> bool:
    """A group whose every score is high has more members found and more non-members accused: its members are not better known."""
    outside, alpha = ~judged.is_member, grading.marginal_alpha
    wrong = difference(judged.share(group.inside & outside, alpha), judged.share(~group.inside & outside, alpha))
    return judged.rate is not None and wrong.low > 0
