"""When a pool of shadow models that grows look by look has grown enough.

Each look is graded on its share of the error level (Bonferroni over the looks that are planned), so the limits of all looks hold
together whatever makes the audit stop, and a rule may read everything that was seen. The rule: stop when two looks agree.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from auditor.domain.finding import Outcome, Severity
from auditor.domain.policy import Policy
from auditor.scoring.score import audit_outcome, severity

FAMILY = "membership"
STEADY = 5.0
"""Points of the score by which the width of the interval may still change between two looks that agree."""
UNTOUCHED = frozenset({"blind_baseline", "random_answers"})
"""Checks that no number of shadows can repair."""


@dataclass(frozen=True)
class Sight:
    """What one look shows of the family: its verdict, and the limits of its score; `is_open` where more shadows may decide."""

    shadows: int
    outcome: Outcome
    severity: Severity
    low: float
    high: float
    is_open: bool

    @property
    def width(self) -> float:
        return self.high - self.low


@dataclass(frozen=True)
class Growth:
    """Does the pool grow, and why (not)?"""

    grows: bool
    sentence: str


def sight(shadows: int, findings: Sequence[Mapping[str, Any]], policy: Policy) -> Sight | None:
    """From the findings of one look as JSON; None where no membership attack could be graded."""
    ours = [f for f in findings if f["family"] == FAMILY]
    if not ours:
        return None
    outcome = Outcome.REPORTED if policy.level(FAMILY) is None else audit_outcome(ours, [FAMILY], policy)[0]
    heard = [f for f in ours if f["outcome"] in (Outcome.BREACH, Outcome.PASS)] or ours
    low = max(f["score_low"] or 0.0 for f in heard)
    high = max(100.0 if f["score_high"] is None else f["score_high"] for f in heard)
    is_open = outcome is Outcome.INCONCLUSIVE and not all(map(_is_beyond_repair, ours))
    return Sight(shadows, outcome, severity(low), low, high, is_open)


def growth(sights: Sequence[Sight | None], planned: int) -> Growth:
    """`sights`: all looks so far, the newest last, of `planned` at most.

    Stops at the last look that is planned; where the verdict cannot change any more (the highest severity is shown, or what makes
    it inconclusive has nothing to do with shadows); and where this look and the one before have the same outcome and severity,
    neither open, and intervals of the score whose widths differ by at most `STEADY` points.
    """
    now = sights[-1]
    if now is None:
        return Growth(False, "No membership attack could be graded, so more shadow models would not help.")
    took = f"It took {now.shadows} shadow models"
    settled = _settled(now)
    if settled:
        return Growth(False, f"{took}: {settled}.")
    before = sights[-2] if len(sights) > 1 else None
    if before is not None and _agree(before, now):
        same = f"with {before.shadows} and with {now.shadows} the verdict is the same ({_verdict(now)})"
        return Growth(False, f"{took}: {same} and {_widths(before, now)}.")
    if len(sights) == planned:
        return Growth(False, f"{took}, the most that are planned; {_unsettled(before, now)}.")
    return Growth(True, f"More than {now.shadows} shadow models are needed: {_unsettled(before, now)}.")


def _settled(now: Sight) -> str:
    if now.outcome is Outcome.BREACH and now.severity is Severity.CRITICAL:
        return "the highest severity is shown, and no further look can change the verdict"
    if now.outcome is Outcome.INCONCLUSIVE and not now.is_open:
        return "what leaves the verdict open does not depend on shadow models"
    return ""


def _agree(before: Sight, now: Sight) -> bool:
    is_same = (before.outcome, before.severity) == (now.outcome, now.severity)
    return is_same and not now.is_open and abs(before.width - now.width) <= STEADY


def _unsettled(before: Sight | None, now: Sight) -> str:
    if now.is_open:
        return "the verdict is still open"
    if before is None:
        return "one look alone shows no agreement"
    if (before.outcome, before.severity) != (now.outcome, now.severity):
        return f"the verdict went from {_verdict(before)} to {_verdict(now)}"
    return _widths(before, now)


def _verdict(seen: Sight) -> str:
    return f"{seen.outcome}, severity {seen.severity}"


def _widths(before: Sight, now: Sight) -> str:
    return f"the interval of the score is {now.width:.1f} points wide after {before.width:.1f}"


def _is_beyond_repair(finding: Mapping[str, Any]) -> bool:
    failed = {name for name, control in finding["controls"].items() if control["passed"] is False}
    return bool(failed & UNTOUCHED)
