"""Audits and their steps. A step is the unit of work that a worker claims; everything else is derived from rows."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class AuditStatus(StrEnum):
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


class StepStatus(StrEnum):
    WAITING = "waiting"  # its stage has not been reached, or it was re-opened and not yet delivered
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"  # for good, with a reason
    CANCELLED = "cancelled"

    @property
    def is_final(self) -> bool:
        return self in (StepStatus.DONE, StepStatus.FAILED, StepStatus.CANCELLED)


class StepKind(StrEnum):
    PROBE = "probe"
    ASK = "ask"
    CHOOSE = "choose"
    SHADOWS = "shadows"
    BLIND = "blind"
    ATTACK = "attack"
    BASELINE = "baseline"
    CONTROL = "control"
    GRADE = "grade"
    REPORT = "report"


class Queue(StrEnum):
    TRAIN = "train"  # bound by the CPU
    QUERY = "query"  # waiting on the target


@dataclass(frozen=True)
class NewStep:
    """`key` is unique within the audit (`shadows:0-3`, `attack:lira`); `params` is JSON; `weight` is its planned cost in seconds.
    A step that is not `required` may fail without failing the audit."""

    key: str
    kind: StepKind
    stage: int
    queue: Queue
    params: dict[str, Any] = field(default_factory=dict)
    weight: float = 1.0
    required: bool = True


@dataclass(frozen=True)
class Step:
    id: str
    audit_id: str
    workspace_id: str
    key: str
    kind: StepKind
    stage: int
    queue: Queue
    params: dict[str, Any]
    weight: float
    required: bool
    status: StepStatus
    attempt: int
    progress: float
    result: dict[str, Any] | None
    reason: str | None
    started_at: datetime | None
    finished_at: datetime | None


@dataclass(frozen=True)
class Audit:
    """`spec` is frozen JSON; `result` is the whole result document once completed."""

    id: str
    workspace_id: str
    name: str
    spec: dict[str, Any]
    status: AuditStatus
    created_at: datetime
    target_id: str | None = None
    schedule_id: str | None = None
    finished_at: datetime | None = None
    cancel_requested: bool = False
    reason: str | None = None
    queries: int = 0
    budget: int = 0
    outcome: str | None = None
    score: float | None = None
    severity: str | None = None
    result: dict[str, Any] | None = None


@dataclass(frozen=True)
class Progress:
    """`fraction` 0..1 by planned cost; `eta_seconds` is None until enough has run to tell."""

    status: AuditStatus
    fraction: float
    eta_seconds: float | None
    doing: str
    steps_done: int
    steps_total: int
