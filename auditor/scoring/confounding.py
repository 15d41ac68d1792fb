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
from auditor.scoring.intervals import Floats, Interval, around, quantile
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
    """The attack and the blind classifier on the same records."""

    attack: Floats
    blind: Floats
    is_member: Mask


@dataclass(frozen=True, eq=False)
class Called:
    """Whom the attack calls members at its cut for `rate`, and whom the blind classifier does where it errs as often: a cut that
    turned out loose would otherwise be compared with a strict one. `reached` as in `thresholds.Rates`."""

    rate: float
    attack: Mask
    blind: Mask
    is_member: Mask
    reached: bool


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
    scores = thresholds.checked(evidence, truth.is_member)
    scores = replace(scores, target=scores.target[blind.rows])
    rivals = Rivals(scores.target, blind.scores, truth.is_member[blind.rows])
    parts = [_bulk(rivals, grading)]
    rate = thresholds.headline_rate(int((~rivals.is_member).sum()))
    called = None if rate is None else _called(scores, rivals, thresholds.kinds(scores)[0], rate)
    found: list[Estimate] = []
    if called is not None:
        parts.append(_tail(called, grading))
        found += _printed(called, grading)
    oracle = _called(scores, rivals, thresholds.ORACLE, rate or max(thresholds.NEEDED))
    parts.append(score.Score(0.0, 0.0, _tail(oracle, grading).high, score.TAIL))  # not demonstrated, and not excluded
    graded, half = score.largest(parts), _reaches_half(rivals, called)
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


def _called(evidence: MembershipScores, rivals: Rivals, kind: str, rate: float) -> Called:
    """At the cut of this kind; where ties leave none for `rate`, at the strictest that calls anybody."""
    cut, reached = thresholds.strictest_line(evidence, rivals.is_member, rate, kind)
    called = rivals.attack > cut
    rivals_cut = roc.cut(rivals.blind[~rivals.is_member], max(rate, float(called[~rivals.is_member].mean())))
    return Called(rate, called, rivals.blind > rivals_cut, rivals.is_member, reached)


def _printed(called: Called, grading: Grading) -> list[Estimate]:
    if not called.reached:
        return []
    gain = _tpr_gain(called, grading.marginal_alpha, grading.seed)
    return [estimate(f"tpr_above_blind@fpr={called.rate:g}", gain, int(called.is_member.sum()), grading)]


def _tpr_gain(called: Called, alpha: float, seed: int) -> Interval:
    """TPR_attack - TPR_blind, by paired bootstrap over members."""
    members = called.is_member
    kinds, drawn = paired(called.attack[members], called.blind[members], generator(seed, "blind"))
    value = float((kinds[2] - kinds[1]) / kinds.sum())
    return around(value, (drawn[:, 2] - drawn[:, 1]) / kinds.sum(), alpha)


def _auc_gain(rivals: Rivals, alpha: float) -> Interval:
    """AUC_attack - max(.5, AUC_blind), by DeLong's variance of paired AUCs."""
    attack, blind = (roc.placements(s, rivals.is_member) for s in (rivals.attack, rivals.blind))
    gap = roc.Placements(attack.members - blind.members, attack.non_members - blind.non_members)
    value, half = attack.auc - max(0.5, blind.auc), quantile(alpha) * float(np.sqrt(gap.variance))
    return Interval(value - half, value, value + half)


def _bulk(rivals: Rivals, grading: Grading) -> score.Score:
    gain = _auc_gain(rivals, grading.alpha)
    return score.Score(score.bulk(0.5 + gain.value), score.bulk(0.5 + gain.low), score.bulk(0.5 + gain.high), score.BULK)


def _tail(called: Called, grading: Grading) -> score.Score:
    """Each figure over the false-positive rate that was realised, as in `score.membership`."""
    gain, rate = _tpr_gain(called, grading.alpha, grading.seed), called.rate
    fpr = thresholds.rates_above(called.attack.astype(float), called.is_member, 0.5, grading.alpha).fpr
    value, low = score.tail(gain.value, fpr.value, rate), score.tail(gain.low, fpr.high, rate)
    return score.Score(value, low, score.tail(gain.high, fpr.low, rate), score.TAIL)


def _reaches_half(rivals: Rivals, called: Called | None) -> bool:
    if called is not None and called.reached:
        return bool(2 * called.blind[rivals.is_member].sum() >= called.attack[rivals.is_member].sum())
    attack, blind = (roc.auc(s, rivals.is_member) for s in (rivals.attack, rivals.blind))
    return 2 * (blind - 0.5) >= attack - 0.5


def _caveat(half: bool) -> str:
    start = "Members and non-members can be told apart without the model (blind baseline)"
    if half:
        return f"{start} at least half as well as with it, so this finding is inconclusive whatever its figures."
    return f"{start}; the score counts only what the attack finds beyond that."
