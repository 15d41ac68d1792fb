"""Where members and non-members differ without the model, an attack is worth only what it finds beyond a blind classifier."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from auditor.domain.evidence import MembershipScores
from auditor.domain.finding import Estimate
from auditor.domain.seeds import generator
from auditor.scoring import roc, score, thresholds
from auditor.scoring.estimates import estimate
from auditor.scoring.grading import Assessment, Grading, Truth
from auditor.scoring.intervals import Floats, Interval, percentiles, quantile
from auditor.scoring.resampling import paired

Mask = NDArray[np.bool_]
FEWEST = 50  # members, and non-members, that both the attack and the blind classifier have looked at


@dataclass(frozen=True, eq=False)
class BlindScores:
    """Cross-fitted scores (s,) of the best blind classifier for the candidates `rows` (s,)."""

    rows: NDArray[np.intp]
    scores: Floats


@dataclass(frozen=True, eq=False)
class Rivals:
    """The attack and the blind classifier on the same records, each with its own cut for the same false-positive rate.

    `rate` is None where the tail cannot be resolved on these records; then `called` and `blind_called` say nothing.
    """

    attack: Floats
    blind: Floats
    is_member: Mask
    rate: float | None
    called: Mask
    blind_called: Mask


def against_blind(
    evidence: MembershipScores, truth: Truth, assessment: Assessment, blind: BlindScores, grading: Grading
) -> Assessment:
    """The assessment with its score computed on TPR_attack - TPR_blind and AUC_attack - AUC_blind over the blind rows (paired).

    Where the blind TPR (without a tail: the blind 2 AUC - 1) reaches half of the attack's, the assessment is confounded; likewise
    where the attack was tried on too few of these rows to be compared.
    """
    truth, blind = truth.of(evidence), _shared(blind, evidence)
    members = int(truth.is_member[blind.rows].sum())
    if evidence.rows is not None and min(members, len(blind.rows) - members) < FEWEST:
        return replace(assessment, confounded=True, caveats=(_too_few(members, len(blind.rows)), *assessment.caveats))
    rivals = _rivals(thresholds.checked(evidence, truth.is_member), truth.is_member, blind)
    auc, parts = _auc_gain(rivals, grading.alpha), []
    parts.append(score.Score(score.bulk(0.5 + auc.value), score.bulk(0.5 + auc.low), score.bulk(0.5 + auc.high), score.BULK))
    found: list[Estimate] = []
    if rivals.rate is not None:
        tpr = _tpr_gain(rivals, grading.alpha, grading.seed)
        printed = _tpr_gain(rivals, grading.marginal_alpha, grading.seed)
        found.append(estimate(f"tpr_above_blind@fpr={rivals.rate:g}", printed, int(rivals.is_member.sum()), grading))
        parts.append(_tail(rivals, tpr, grading.alpha))
    graded, half = score.largest(parts), _reaches_half(rivals)
    return replace(
        assessment,
        estimates=(*assessment.estimates, *found),
        score=graded.value,
        score_low=graded.low,
        score_high=graded.high,
        caveats=(_caveat(half), *assessment.caveats),
        confounded=half,
        driver=graded.driver,
    )


def _shared(blind: BlindScores, evidence: MembershipScores) -> BlindScores:
    """The blind scores of records that the attack was tried on, by their place in the evidence."""
    if evidence.rows is None:
        return blind
    _, places, ours = np.intersect1d(evidence.rows, blind.rows, assume_unique=True, return_indices=True)
    return BlindScores(places, blind.scores[ours])


def _too_few(members: int, records: int) -> str:
    return (
        f"Members and non-members can be told apart without the model (blind baseline), and only {members:,} members and "
        f"{records - members:,} non-members were looked at by both, too few to compare: this finding is inconclusive. Raise the "
        "attack's `records`."
    )


def _rivals(evidence: MembershipScores, truth: Mask, blind: BlindScores) -> Rivals:
    attack, is_member = evidence.target[blind.rows], truth[blind.rows]
    rate = thresholds.headline_rate(int((~is_member).sum()))
    if rate is None:
        return Rivals(attack, blind.scores, is_member, None, is_member, is_member)
    is_calibrated = thresholds.kinds(evidence)[0] == thresholds.CALIBRATED
    outsiders = evidence.pseudo_targets[~evidence.membership] if is_calibrated else attack[~is_member]
    line = roc.cut(outsiders, rate)
    called, blind_called = attack > line, blind.scores > roc.cut(blind.scores[~is_member], rate)
    reached = bool(called.any() or (outsiders > line).any())
    return Rivals(attack, blind.scores, is_member, rate if reached else None, called, blind_called)


def _tpr_gain(rivals: Rivals, alpha: float, seed: int) -> Interval:
    """TPR_attack - TPR_blind, by paired bootstrap over members."""
    members = rivals.is_member
    kinds, drawn = paired(rivals.called[members], rivals.blind_called[members], generator(seed, "blind"))
    value = float((kinds[2] - kinds[1]) / kinds.sum())
    low, high = percentiles((drawn[:, 2] - drawn[:, 1]) / kinds.sum(), alpha)
    return Interval(min(low, value), value, max(high, value))


def _auc_gain(rivals: Rivals, alpha: float) -> Interval:
    """AUC_attack - max(.5, AUC_blind), by DeLong's variance of paired AUCs."""
    attack, blind = (roc.placements(s, rivals.is_member) for s in (rivals.attack, rivals.blind))
    gap = roc.Placements(attack.members - blind.members, attack.non_members - blind.non_members)
    value, half = attack.auc - max(0.5, blind.auc), quantile(alpha) * float(np.sqrt(gap.variance))
    return Interval(value - half, value, value + half)


def _tail(rivals: Rivals, gain: Interval, alpha: float) -> score.Score:
    rate = rivals.rate or 1.0
    fpr = thresholds.rates_above(rivals.called.astype(float), rivals.is_member, 0.5, alpha).fpr
    low, value, high = score.tail(gain.low, fpr.high, rate), score.tail(gain.value, 0, rate), score.tail(gain.high, 0, rate)
    return score.Score(value, low, high, score.TAIL)


def _reaches_half(rivals: Rivals) -> bool:
    if rivals.rate is not None:
        return bool(2 * rivals.blind_called[rivals.is_member].sum() >= rivals.called[rivals.is_member].sum())
    attack, blind = (roc.auc(s, rivals.is_member) for s in (rivals.attack, rivals.blind))
    return 2 * (blind - 0.5) >= attack - 0.5


def _caveat(half: bool) -> str:
    start = "Members and non-members can be told apart without the model (blind baseline)"
    if half:
        return f"{start} at least half as well as with it, so this finding is inconclusive whatever its figures."
    return f"{start}; the score counts only what the attack finds beyond that."
