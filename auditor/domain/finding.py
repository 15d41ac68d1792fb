"""Findings: graded evidence. The JSON shape is DESIGN's `result`, an interface other programs read."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Outcome(StrEnum):
    BREACH = "breach"
    PASS = "pass"
    INCONCLUSIVE = "inconclusive"
    REPORTED = "reported"  # of a finding only: the policy sets no level for its family, so it decides nothing


class Severity(StrEnum):
    """The level of score_low: none < 5 <= low < 25 <= moderate < 50 <= high < 75 <= critical."""

    NONE = "none"
    LOW = "low"
    MODERATE = "moderate"
    HIGH = "high"
    CRITICAL = "critical"


@dataclass(frozen=True)
class Estimate:
    """One number with its interval and its n; `value` is None with a `reason` where the data cannot resolve it."""

    name: str
    value: float | None = None
    low: float | None = None
    high: float | None = None
    confidence: float = 0.95
    n: int = 0
    reason: str | None = None
    threshold: str | None = None  # calibrated | oracle
    realised_fpr: tuple[float, float, float] | None = None  # low, value, high
    low_simultaneous: float | None = None
    ceiling: float | None = None  # the largest value that n records could have shown
    method: str | None = None  # how it was computed, where a name has several ways

    def as_json(self) -> dict[str, Any]:
        """Without the fields that were not set; a number that does not exist is null and has a reason."""
        full: dict[str, Any] = {
            "name": self.name,
            "value": self.value,
            "low": self.low,
            "high": self.high,
            "confidence": self.confidence,
            "n": self.n,
            "reason": self.reason,
            "threshold": self.threshold,
            "realised_fpr": None if self.realised_fpr is None else list(self.realised_fpr),
            "low_simultaneous": self.low_simultaneous,
            "ceiling": self.ceiling,
            "method": self.method,
        }
        if self.value is None:
            return {"name": self.name, "value": None, "reason": self.reason}
        return {key: value for key, value in full.items() if value is not None}


@dataclass(frozen=True)
class Control:
    """A check on the audit itself. `passed` is None for an expectation, which gates nothing."""

    passed: bool | None
    sentence: str
    estimates: tuple[Estimate, ...] = ()

    def as_json(self) -> dict[str, Any]:
        return {"passed": self.passed, "estimates": [e.as_json() for e in self.estimates], "sentence": self.sentence}


@dataclass(frozen=True)
class Subgroup:
    """How exposed the members of one group are, beside everybody else: `attribute` = `value` (a class: attribute is the label).
    `estimates` are named as those of a finding; `difference` is group minus rest, its limits simultaneous over all groups; a group
    too small to be measured has neither, and the sentence says so."""

    attribute: str
    value: str
    members: int
    non_members: int
    estimates: tuple[Estimate, ...] = ()
    difference: Estimate | None = None
    sentence: str = ""

    def as_json(self) -> dict[str, Any]:
        return {
            "attribute": self.attribute,
            "value": self.value,
            "members": self.members,
            "non_members": self.non_members,
            "estimates": [e.as_json() for e in self.estimates],
            "difference": None if self.difference is None else self.difference.as_json(),
            "sentence": self.sentence,
        }


@dataclass(frozen=True)
class Exposure:
    """Single records, counted: how many members one can point at with a false-discovery rate of at most `fdr`. The records
    themselves are personal data and are kept apart (artifact `digest`)."""

    fdr: float
    identified: int
    members: int
    stability: float | None  # rank correlation of the records' vulnerability between two halves of the shadows
    sentence: str
    digest: str = ""

    def as_json(self) -> dict[str, Any]:
        return {
            "fdr": self.fdr,
            "identified": self.identified,
            "members": self.members,
            "stability": self.stability,
            "sentence": self.sentence,
            "digest": self.digest,
        }


@dataclass(frozen=True)
class Finding:
    attack: str
    family: str
    kind: str
    shows: str
    outcome: Outcome
    severity: Severity
    score: float | None
    score_low: float | None
    score_high: float | None
    threat_model: dict[str, Any]
    estimates: tuple[Estimate, ...] = ()
    controls: dict[str, Control] = field(default_factory=dict)
    caveats: tuple[str, ...] = ()
    parameters: dict[str, Any] = field(default_factory=dict)
    queries: int = 0
    curve: dict[str, list[float]] = field(default_factory=dict)
    subgroups: tuple[Subgroup, ...] = ()
    exposure: Exposure | None = None
    checks: tuple[dict[str, Any], ...] = ()  # of deterministic checks: what each found
    reconstructions: dict[str, Any] = field(default_factory=dict)  # as people can judge them: aggregates beside each claim

    def as_json(self) -> dict[str, Any]:
        return {
            "attack": self.attack,
            "family": self.family,
            "kind": self.kind,
            "shows": self.shows,
            "outcome": str(self.outcome),
            "severity": str(self.severity),
            "score": self.score,
            "score_low": self.score_low,
            "score_high": self.score_high,
            "threat_model": self.threat_model,
            "estimates": [e.as_json() for e in self.estimates],
            "controls": {name: control.as_json() for name, control in self.controls.items()},
            "caveats": list(self.caveats),
            "parameters": self.parameters,
            "queries": self.queries,
            "curve": self.curve,
            "subgroups": [group.as_json() for group in self.subgroups],
            "exposure": None if self.exposure is None else self.exposure.as_json(),
            **({"checks": list(self.checks)} if self.checks else {}),
            **({"reconstructions": self.reconstructions} if self.reconstructions else {}),
        }
