"""Score, severity and outcome: how estimates become a verdict. docs/score.md says the same for readers of a report."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from auditor.domain.finding import Control, Outcome, Severity
from auditor.domain.policy import Policy
from auditor.scoring.grading import Assessment
from auditor.scoring.intervals import Interval
from auditor.scoring.thresholds import Rates

LEVELS = ((75.0, Severity.CRITICAL), (50.0, Severity.HIGH), (25.0, Severity.MODERATE), (5.0, Severity.LOW))
TAIL, BULK = "tail", "bulk"
POSITIVE_CONTROLS = ("lookup_twin", "known_target")


@dataclass(frozen=True)
class Score:
    """0 (no better than the best guess without the model) to 100; `driver` is the part that the demonstrated score rests on."""

    value: float
    low: float
    high: float
    driver: str = ""


def tail(tpr: float, fpr: float, rate: float) -> float:
    """S_tail: how many times more members than non-members are picked out, on a log scale that ends at 1 / rate times.

    `tpr` and `fpr` as shares; `rate` = a0, the false-positive rate that was aimed at.
    """
    times = tpr / max(rate, fpr)
    return min(100.0, 100.0 * math.log10(max(1.0, times)) / -math.log10(rate))


def bulk(auc: float) -> float:
    """S_bulk = 100 max(0, 2 AUC - 1): how well a member is told from a non-member on the whole; 100 where a limit exceeds 1."""
    return min(100.0, 100.0 * max(0.0, 2.0 * auc - 1.0))


def membership(auc: Interval, at: Rates | None, oracle: Rates | None = None) -> Score:
    """S = max(S_tail, S_bulk) with the limits of its parts; `at` is None where too few non-members demonstrate a tail.

    The tail compares TPR with the false-positive rate that was realised: TPR_L / max(a0, FPR_U) below, TPR_U / max(a0, FPR_L)
    above. A calibrated cut may turn out stricter or looser than planned and so hide a tail; the upper limit therefore also covers
    TPR_U / max(a0, FPR_L) at the `oracle` cut. What was not demonstrated for want of records is not excluded either, nor is
    what scores below an AUC of .5 tell when they are turned round.
    """
    parts = [Score(bulk(auc.value), bulk(auc.low), max(bulk(auc.high), bulk(1.0 - auc.low)), BULK)]
    if at is not None:
        value, low = tail(at.tpr.value, at.fpr.value, at.rate), tail(at.tpr.low, at.fpr.high, at.rate)
        parts.append(Score(value, low, _highest(at), TAIL))
    if oracle is not None:
        parts.append(Score(0.0, 0.0, _highest(oracle), TAIL))
    return largest(parts)


def _highest(at: Rates) -> float:
    return tail(at.tpr.high, at.fpr.low, at.rate)


def largest(parts: Sequence[Score]) -> Score:
    """The larger of each of the three figures; the driver is the part with the larger lower limit, then the larger value."""
    leading = max(parts, key=lambda part: (part.low, part.value))
    return Score(max(p.value for p in parts), leading.low, max(p.high for p in parts), leading.driver)


def severity(score_low: float | None) -> Severity:
    """The level of the lower limit: what was demonstrated, not what was guessed."""
    shown = score_low or 0.0
    return next((name for level, name in LEVELS if shown >= level), Severity.NONE)


def judge(assessment: Assessment, controls: Mapping[str, Control], level: float | None) -> tuple[Outcome, Severity]:
    """Breach if score_low >= level, pass if score_high < level, else inconclusive; a failed control makes it inconclusive."""
    shown = severity(assessment.score_low)
    if level is None:
        return Outcome.REPORTED, shown
    is_valid = not assessment.confounded and all(control.passed is not False for control in controls.values())
    if not is_valid or assessment.score_low is None or assessment.score_high is None:
        return Outcome.INCONCLUSIVE, shown
    if assessment.score_low >= level:
        return Outcome.BREACH, shown
    return (Outcome.PASS if assessment.score_high < level else Outcome.INCONCLUSIVE), shown


def audit_outcome(
    findings: Sequence[Mapping[str, Any]], requested: Sequence[str], policy: Policy
) -> tuple[Outcome, float | None, Severity | None]:
    """The audit's outcome, score and severity from its findings (as JSON) and the families that were asked for.

    Only families to which the policy gives a level count. Without a breach, a family that was asked for and has an inconclusive
    finding, or none that decides, leaves the audit inconclusive: then there is no score. Score and severity come from decided
    findings. An attack that is blind by its own positive control is set aside while another one of its family decides.
    """
    counted = [f for f in findings if policy.level(f["family"]) is not None]
    decided = [f for f in counted if f["outcome"] in (Outcome.BREACH, Outcome.PASS)]
    undecided = [f for f in counted if f not in decided and not is_blind(f)]
    gated = [family for family in requested if policy.level(family) is not None]
    if any(f["outcome"] == Outcome.BREACH for f in decided):
        outcome = Outcome.BREACH
    elif undecided or not gated or set(gated) - {f["family"] for f in decided}:
        return Outcome.INCONCLUSIVE, None, None
    else:
        outcome = Outcome.PASS
    return outcome, max(f["score"] for f in decided), severity(max(f["score_low"] for f in decided))


def is_blind(finding: Mapping[str, Any]) -> bool:
    """Did the attack fail its positive control, and no other check?"""
    return fails_positive_control_alone({name: control["passed"] for name, control in finding["controls"].items()})


def fails_positive_control_alone(passed: Mapping[str, bool | None]) -> bool:
    failed = {name for name, is_passed in passed.items() if is_passed is False}
    return bool(failed) and failed <= set(POSITIVE_CONTROLS)
