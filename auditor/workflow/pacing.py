"""How fast and when an audit asks its target, as its spec declares; those that ask one host at a rate take turns."""

from collections.abc import Sequence
from datetime import datetime
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from auditor.domain.audit import Audit, Step, StepKind, StepStatus
from auditor.domain.blackout import reopens
from auditor.domain.limits_spec import LimitsSpec
from auditor.domain.target import Limits
from auditor.querying import Rate
from auditor.store import pace
from auditor.workflow.services import Services

ASKING = (StepKind.PROBE, StepKind.ASK, StepKind.CHOOSE, StepKind.ATTACK)


def limits_of(audit: Audit) -> Limits:
    block = audit.spec.get("target")
    declared = block.get("limits") if isinstance(block, dict) else None
    return LimitsSpec.model_validate(declared or {}).as_limits()


def rate_of(services: Services, audit: Audit) -> Rate:
    limits = limits_of(audit)
    host = urlsplit(audit.spec["target"]["url"]).hostname or ""

    def reserve(seconds: float) -> float:
        with services.database.begin() as tx:
            return pace.reserve(tx, audit.workspace_id, host, seconds, services.clock().timestamp())

    def closed() -> float:
        now = services.clock()
        again = reopens(limits.blackout, now)
        return (again - now).total_seconds() if again else 0.0

    patience = services.settings.target_patience
    return Rate(audit.spec["budget"]["rate"], reserve=reserve, closed=closed, connections=limits.connections, patience=patience)


def waiting(audit: Audit, steps: Sequence[Step], now: datetime) -> str | None:
    """What progress says while a step waits for the end of a blackout."""
    if not any(step.status is StepStatus.RUNNING and step.kind in ASKING for step in steps):
        return None
    windows = limits_of(audit).blackout
    again = reopens(windows, now)
    if again is None:
        return None
    zone = next(window.zone for window in windows if window.ends(now) is not None)
    return f"waiting until {again.astimezone(ZoneInfo(zone)):%a %H:%M} ({zone}): the target is not asked before"
