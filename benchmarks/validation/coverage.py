"""Where there is a leak of known size: how often do intervals hold it, and how many of the names given are wrong?"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from auditor.domain.finding import Estimate
from auditor.scoring import discoveries, estimates, thresholds
from auditor.scoring.grading import Grading
from auditor.scoring.subgroups import assess_subgroups
from auditor.scoring.triage import early_tail
from auditor.scoring.vulnerability import limits, vulnerability
from benchmarks.validation import worlds

EXACT, APPROXIMATE, LOWER, SHARE = (0.94, 1.0), (0.93, 0.97), (0.95, 1.0), (0.0, 0.1)
SIDE, GAIN = 600, 1.0


@dataclass(frozen=True)
class Coverage:
    """`simulate` (seed -> share of its intervals that hold the truth, by claim); `promised`: between which shares on average."""

    name: str
    promised: Mapping[str, tuple[float, float]]
    simulate: Callable[[int], Mapping[str, float]]


def rates(seed: int) -> dict[str, float]:
    """Members and non-members are two normals a standard deviation apart, so every rate at a known cut is known."""
    rng = np.random.default_rng((11, seed))
    is_member = worlds.halves(2 * SIDE, SIDE, rng)
    evidence, grading = worlds.evidence(is_member, GAIN, rng), Grading(25.0, seed=seed)
    found = {(e.name, e.threshold): e for e in estimates.membership(evidence, is_member, grading)}
    cut = thresholds.line(evidence, is_member, 0.01, "calibrated")[0]
    tpr, fpr = float(norm.sf(cut - GAIN)), float(norm.sf(cut))
    at = found["tpr@fpr=0.01", "calibrated"]
    best = 2 * float(norm.cdf(GAIN / 2)) - 1
    early = early_tail(evidence, is_member, grading)
    lost = np.sort(evidence.target[is_member])[int(0.01 * SIDE)]
    return {
        "auc": _holds(found["auc", None], float(norm.cdf(GAIN / np.sqrt(2)))),
        "tpr, calibrated": _holds(at, tpr),
        "realised FPR": float(at.realised_fpr is not None and at.realised_fpr[0] <= fpr <= at.realised_fpr[2]),
        "ppv": _holds(found["ppv@prior=0.1", "calibrated"], 0.1 * tpr / (0.1 * tpr + 0.9 * fpr)),
        "advantage, calibrated: lower limit below the best there is": _below(found["advantage", "calibrated"], best),
        "advantage, oracle: lower limit below the best there is": _below(found["advantage", "oracle"], best),
        "tnr@fnr=0.01": _holds(early, float(norm.cdf(lost))),
    }


def subgroups(seed: int) -> dict[str, float]:
    """Members of the first of two groups score higher than those of the second; four towns are alike. All limits have to hold."""
    rng = np.random.default_rng((12, seed))
    n, half = 4_000, worlds.halves(4_000, 2_000, rng)
    cells = {"sex": np.where(worlds.halves(n, n // 2, rng), "a", "b").astype(object), "town": worlds.groups(n, rng)["town"]}
    plain, first = worlds.evidence(half, 0.0, rng), cells["sex"] == "a"
    target = plain.target + np.where(first, 1.5, 0.5) * half
    found = assess_subgroups(worlds.MembershipScores(target, plain.pseudo_targets, plain.membership), half, cells, Grading(25.0))
    sign = {("sex", "a"): 1.0, ("sex", "b"): -1.0}
    gap = float(norm.cdf(1.5 / np.sqrt(2)) - norm.cdf(0.5 / np.sqrt(2)))
    bulk = [(_named(g.estimates, "auc_difference"), gap * sign.get((g.attribute, g.value), 0.0)) for g in found]
    return {"all auc_differences of six groups": float(all(_holds(e, truth) for e, truth in bulk))}


def single_records(seed: int) -> dict[str, float]:
    """Every tenth record is memorised; names come from members who score two standard deviations higher."""
    rng = np.random.default_rng((13, seed))
    planted = np.arange(300) % 10 == 0
    plain = worlds.signals(300, 64, 0.0, rng)
    spread = plain.logits.std(axis=0)
    logits = plain.logits + 1.5 * spread * (plain.masks & planted)
    found = vulnerability(worlds.ShadowSignals(logits, plain.masks))
    low, high = limits(found, np.arange(300))
    is_member = worlds.halves(2 * SIDE, SIDE, rng)
    named = discoveries.named(discoveries.p_values(worlds.evidence(is_member, 3.0, rng)))
    called = found.q <= discoveries.FDR
    return {
        "gap of records that are not memorised": float(((low <= 0) & (high >= 0))[~planted].mean()),
        "exposure: share of names that are wrong": float((named & ~is_member).sum() / max(1, named.sum())),
        "gap: share of records called exposed that are not": float((called & ~planted).sum() / max(1, called.sum())),
    }


def _holds(estimate: Estimate, truth: float) -> float:
    assert estimate.low is not None
    assert estimate.high is not None
    return float(estimate.low <= truth <= estimate.high)


def _below(estimate: Estimate, truth: float) -> float:
    return float((estimate.low or 0.0) <= truth)


def _named(found: tuple[Estimate, ...], name: str) -> Estimate:
    return next(e for e in found if e.name == name)


COVERAGES = (
    Coverage(
        "rates",
        {
            "auc": APPROXIMATE,
            "tpr, calibrated": EXACT,
            "realised FPR": EXACT,
            "ppv": EXACT,
            "advantage, calibrated: lower limit below the best there is": LOWER,
            "advantage, oracle: lower limit below the best there is": LOWER,
            "tnr@fnr=0.01": EXACT,
        },
        rates,
    ),
    Coverage("subgroups", {"all auc_differences of six groups": LOWER}, subgroups),
    Coverage(
        "single records",
        {
            "gap of records that are not memorised": APPROXIMATE,
            "exposure: share of names that are wrong": SHARE,
            "gap: share of records called exposed that are not": SHARE,
        },
        single_records,
    ),
)
