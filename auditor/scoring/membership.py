"""Grading of membership scores: estimates, the score from its two parts, and what a reader must know before the numbers."""

import numpy as np
from numpy.typing import NDArray

from auditor.domain.evidence import MembershipScores
from auditor.domain.finding import Estimate
from auditor.scoring import estimates, roc, score, thresholds
from auditor.scoring.estimates import PRIORS
from auditor.scoring.grading import Assessment, Grading, Truth
from auditor.scoring.intervals import Interval
from auditor.scoring.score import Score
from auditor.scoring.shares import percent
from auditor.scoring.thresholds import CALIBRATED, ORACLE, Rates

Mask = NDArray[np.bool_]
RESTS_ON_TAIL = "The score rests on the low-FPR tail"
"""How a caveat begins by which reports know it, too (`auditor.report.weight`)."""


def assess_membership(evidence: MembershipScores, truth: Truth, grading: Grading) -> Assessment:
    """Membership scores against the truth about the records they are of. Raises AttackFailed for what cannot be graded."""
    candidates, truth = len(truth.is_member), truth.of(evidence)
    scores = thresholds.checked(evidence, truth.is_member)
    auc = roc.auc_interval(scores.target, truth.is_member, grading.alpha)
    at = headline(scores, truth.is_member, grading.alpha)
    rate = max(thresholds.NEEDED) if at is None else at.rate
    graded = score.membership(auc, at, thresholds.strictest(scores, truth.is_member, rate, ORACLE, grading.alpha))
    found = estimates.membership(scores, truth.is_member, grading)
    return Assessment(
        estimates=found,
        score=graded.value,
        score_low=graded.low,
        score_high=graded.high,
        caveats=(*_subsample(scores, candidates), *_caveats(scores, truth.is_member, at, found, graded)),
        curve=roc.curve(scores.target, truth.is_member, grading.marginal_alpha),
        resolved=at is not None and at.reached,
        driver=graded.driver,
    )


def headline(evidence: MembershipScores, is_member: Mask, alpha: float) -> Rates | None:
    """The rates that the tail is graded on, or None with fewer than 500 non-members."""
    rate = thresholds.headline_rate(int((~is_member).sum()))
    return None if rate is None else thresholds.strictest(evidence, is_member, rate, thresholds.kinds(evidence)[0], alpha)


def _caveats(
    evidence: MembershipScores, is_member: Mask, at: Rates | None, found: tuple[Estimate, ...], graded: Score
) -> tuple[str, ...]:
    auc = found[0]
    sentences = [
        _shape(evidence.target, auc),
        _no_pseudo_targets(evidence),
        _unresolved(evidence, is_member, at),
        _disagreement(found, at),
        _in_words(found, at),
        _driver(graded, auc, at),
    ]
    return tuple(s for s in sentences if s)


def _subsample(evidence: MembershipScores, candidates: int) -> tuple[str, ...]:
    """An attack that asks many questions about a record is tried on some of them; the intervals are as wide as that makes them."""
    if evidence.rows is None or len(evidence.rows) == candidates:
        return ()
    tried = f"{len(evidence.rows):,} of the {candidates:,} candidates"
    return (f"This attack is graded on {tried}, drawn at random; its figures and their intervals rest on these.",)


def _shape(scores: NDArray[np.float64], auc: Estimate) -> str | None:
    if scores.min() == scores.max():
        return "Every candidate got the same score: through this attack the answers do not tell records apart."
    if auc.high is not None and auc.high < 0.5:
        return (
            "The scores are inverted: non-members score higher than members, which this attack cannot use, but who turned them "
            "round could. Check that the files of members and non-members were not exchanged."
        )
    return None


def _no_pseudo_targets(evidence: MembershipScores) -> str | None:
    if len(evidence.pseudo_targets):
        return None
    return (
        "There are no pseudo-targets, so thresholds are set on the target's own non-members (oracle), "
        "which an adversary does not have: the figures are at the adversary's best."
    )


def _unresolved(evidence: MembershipScores, is_member: Mask, at: Rates | None) -> str | None:
    if at is None:
        reason = thresholds.shortage(max(thresholds.NEEDED), int((~is_member).sum()))
        return (
            f"The low-FPR tail is not measured ({reason}): what is demonstrated rests on AUC alone, and what cannot be excluded "
            "includes a few members who are found almost surely. To exclude them, give more non-members and members."
        )
    if at.reached:
        return None
    others = thresholds.outsiders(evidence, is_member, thresholds.kinds(evidence)[0])
    tied = float((others == others.max()).mean())
    return (
        f"Ties: {percent(tied)} of the records outside the training data share the highest score, so no threshold reaches "
        f"FPR {percent(at.rate)}; the tail is that of the strictest threshold there is, which finds {percent(at.tpr.value, 2)} of "
        f"members at a realised FPR of {percent(at.fpr.value, 2)}."
    )


def _disagreement(found: tuple[Estimate, ...], at: Rates | None) -> str | None:
    """Calibrated and oracle TPR apart by more than twice, and by more than chance."""
    if at is None:
        return None
    pair = {e.threshold: e for e in found if e.name == f"tpr@fpr={at.rate:g}"}
    if CALIBRATED not in pair or not _is_apart(pair[CALIBRATED], pair[ORACLE]):
        return None
    return (
        f"At FPR {percent(at.rate)} the threshold calibrated on shadow models finds "
        f"{percent(pair[CALIBRATED].value, 2)} of members and the "
        f"oracle threshold {percent(pair[ORACLE].value, 2)}: the shadow models behave differently from the "
        "target, so the calibrated figure may be far from the truth."
    )


def _in_words(found: tuple[Estimate, ...], at: Rates | None) -> str | None:
    """PPV for those who do not read rates: an attack that looks strong is mostly wrong where members are rare."""
    ppv = {e.name: e.value for e in found if e.name.startswith("ppv@") and e.value is not None}
    if at is None or not at.reached or not ppv:
        return None
    half, tenth, hundredth = (_of_100(ppv[f"ppv@prior={prior:g}"]) for prior in PRIORS)
    return (
        f"Of 100 records that this attack calls members at FPR {percent(at.rate)}, {half} would be members if half of all records "
        f"asked about were, {tenth} if 1 in 10 were and {hundredth} if 1 in 100 were."
    )


def _of_100(share: float) -> str:
    return f"{100 * share:.0f}" if share >= 0.005 else "none or 1"


def _is_apart(first: Estimate, second: Estimate) -> bool:
    small, large = sorted((_interval(first), _interval(second)), key=lambda i: i.value)
    return large.value > 2 * small.value and small.value < large.low and large.value > small.high


def _interval(estimate: Estimate) -> Interval:
    return Interval(estimate.low or 0.0, estimate.value or 0.0, estimate.high or 0.0)


def _driver(graded: Score, auc: Estimate, at: Rates | None) -> str | None:
    if graded.value == 0:
        tail = ", and the low-FPR tail is not above chance" if at is not None and at.reached else ""
        return f"The score is 0: AUC {auc.value:.3f} is not above 0.5{tail}."
    if graded.driver == score.TAIL and at is not None:
        realised = max(at.rate, at.fpr.value)
        found = f"{percent(at.tpr.value, 2)} of members found at a realised FPR of {percent(at.fpr.value, 2)}"
        return f"{RESTS_ON_TAIL}: {found}, {at.tpr.value / realised:.1f} times chance."
    return f"The score rests on the bulk of the records: AUC {auc.value:.3f}."
