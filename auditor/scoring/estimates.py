"""The named estimates of a membership attack. Names are an interface: docs/glossary.md says what each means."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from auditor.domain.evidence import MembershipScores
from auditor.domain.finding import Estimate
from auditor.domain.seeds import generator
from auditor.scoring import roc, thresholds
from auditor.scoring.grading import Grading
from auditor.scoring.intervals import Floats, Interval, difference, wilson
from auditor.scoring.thresholds import CALIBRATED, ORACLE, Rates

PRIORS = (0.5, 0.1, 0.01)
Mask = NDArray[np.bool_]


def membership(evidence: MembershipScores, is_member: Mask, grading: Grading) -> tuple[Estimate, ...]:
    """AUC, advantage, TPR at 1 % and 0.1 % FPR and PPV, each with its interval at `grading.confidence`."""
    found = [auc(evidence, is_member, grading), *advantage(evidence, is_member, grading)]
    for rate in sorted(thresholds.NEEDED, reverse=True):
        found += tpr(evidence, is_member, rate, grading)
    return (*found, *ppv(evidence, is_member, grading))


def auc(evidence: MembershipScores, is_member: Mask, grading: Grading) -> Estimate:
    interval = roc.auc_interval(evidence.target, is_member, grading.marginal_alpha)
    shared = roc.auc_interval(evidence.target, is_member, grading.alpha).low if grading.is_simultaneous else None
    return replace(estimate("auc", interval, len(is_member), grading), low_simultaneous=shared)


def tpr(evidence: MembershipScores, is_member: Mask, rate: float, grading: Grading) -> list[Estimate]:
    """TPR at the calibrated cut and, beside it, at the oracle one; a reason instead where the data cannot resolve the rate."""
    name = f"tpr@fpr={rate:g}"
    reason = thresholds.shortage(rate, int((~is_member).sum()))
    if reason:
        return [Estimate(name, reason=reason)]
    return [_tpr(evidence, is_member, rate, kind, grading) for kind in thresholds.kinds(evidence)]


def ppv(evidence: MembershipScores, is_member: Mask, grading: Grading) -> list[Estimate]:
    """Share of true members among those called members, at the headline threshold, if a share `prior` of records were members."""
    outsiders = int((~is_member).sum())
    rate = thresholds.headline_rate(outsiders)
    if rate is None:
        return [Estimate(f"ppv@prior={p:g}", reason=thresholds.shortage(0.01, outsiders)) for p in PRIORS]
    # PPV rests on two limits, so each takes half of the error.
    at = thresholds.rates_at(evidence, is_member, rate, thresholds.kinds(evidence)[0], grading.marginal_alpha / 2)
    return [_ppv(at, prior, len(is_member), thresholds.kinds(evidence)[0], grading) for prior in PRIORS]


def advantage(evidence: MembershipScores, is_member: Mask, grading: Grading) -> list[Estimate]:
    """max(TPR - FPR). A threshold chosen on the data it is judged on flatters itself, so the limits come from elsewhere.

    Calibrated: the cut that is best on the pseudo-targets, judged on the target. Oracle: the value is the maximum on the target,
    its limits are cross-fitted (the cut from one half, judged on the other; Newcombe's interval of the pooled counts).
    """
    scores, alpha, n = evidence.target, grading.marginal_alpha, len(is_member)
    found = []
    if CALIBRATED in thresholds.kinds(evidence):
        line = roc.best_cut(evidence.pseudo_targets.ravel(), evidence.membership.ravel())
        calibrated = _gain(scores > line, is_member, alpha)
        found.append(replace(estimate("advantage", calibrated, n, grading), threshold=CALIBRATED))
    best = _gain(scores > roc.best_cut(scores, is_member), is_member, alpha)
    honest = _gain(_cross_fitted(scores, is_member, grading.seed), is_member, alpha)
    oracle = Interval(min(honest.low, best.value), best.value, max(honest.high, best.high))
    return [*found, replace(estimate("advantage", oracle, n, grading), threshold=ORACLE)]


def estimate(name: str, interval: Interval, n: int, grading: Grading) -> Estimate:
    """An interval, at the confidence of the printed ones, under its name."""
    return Estimate(name, interval.value, interval.low, interval.high, grading.confidence, n)


def _tpr(evidence: MembershipScores, is_member: Mask, rate: float, kind: str, grading: Grading) -> Estimate:
    at = thresholds.rates_at(evidence, is_member, rate, kind, grading.marginal_alpha)
    shared = None
    if grading.is_simultaneous and kind == thresholds.kinds(evidence)[0]:
        shared = thresholds.rates_at(evidence, is_member, rate, kind, grading.alpha).tpr.low
    found = estimate(f"tpr@fpr={rate:g}", at.tpr, int(is_member.sum()), grading)
    return replace(found, threshold=kind, realised_fpr=at.fpr.as_tuple(), low_simultaneous=shared)


def _ppv(at: Rates, prior: float, n: int, kind: str, grading: Grading) -> Estimate:
    name = f"ppv@prior={prior:g}"
    if at.tpr.value == at.fpr.value == 0:
        return Estimate(name, reason="no record is called a member at this threshold")
    low, high = _precision(at.tpr.low, at.fpr.high, prior), _precision(at.tpr.high, at.fpr.low, prior)
    interval = Interval(low, _precision(at.tpr.value, at.fpr.value, prior), high)
    return replace(estimate(name, interval, n, grading), threshold=kind)


def _precision(found: float, wrong: float, prior: float) -> float:
    return prior * found / (prior * found + (1 - prior) * wrong)


def _gain(called: Mask, is_member: Mask, alpha: float) -> Interval:
    members, others = called[is_member], called[~is_member]
    return difference(wilson(int(members.sum()), len(members), alpha), wilson(int(others.sum()), len(others), alpha))


def _cross_fitted(scores: Floats, is_member: Mask, seed: int) -> Mask:
    """Who is called a member when the cut for each half of the records is chosen on the other half."""
    half = np.zeros(len(scores), dtype=bool)
    for side in (is_member, ~is_member):
        rows = generator(seed, "advantage").permutation(np.flatnonzero(side))
        half[rows[: len(rows) // 2]] = True
    called = np.zeros(len(scores), dtype=bool)
    for judged in (half, ~half):
        chosen = ~judged if is_member[~judged].any() and (~is_member[~judged]).any() else np.ones_like(half)
        called[judged] = scores[judged] > roc.best_cut(scores[chosen], is_member[chosen])
    return called
