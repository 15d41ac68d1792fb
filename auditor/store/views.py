"""What a page shows at once, in as many queries as it has parts and not one for each row."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from auditor.domain.audit import AuditStatus
from auditor.store.engine import Transaction
from auditor.store.findings import score_version
from auditor.store.tables import audit, schedule, target

TREND = 20


@dataclass(frozen=True)
class Point:
    """One completed audit on the trend line of a target."""

    at: datetime
    score: float | None
    outcome: str | None
    score_version: int = 1


@dataclass(frozen=True)
class Latest:
    """The newest audit of a target, whatever became of it."""

    audit_id: str
    status: AuditStatus
    outcome: str | None
    severity: str | None
    score: float | None
    created_at: datetime


@dataclass(frozen=True)
class TargetOverview:
    """`trend` has the newest completed audits, oldest first; `next_run_at` the next firing of any schedule of the target."""

    target_id: str
    name: str
    latest: Latest | None
    trend: tuple[Point, ...]
    next_run_at: datetime | None


def overview(tx: Transaction, workspace_id: str) -> list[TargetOverview]:
    """Every target of the workspace, by name."""
    points = _trends(tx, workspace_id)
    newest = _newest(tx, workspace_id)
    firing = func.min(schedule.c.next_run_at, type_=schedule.c.next_run_at.type).label("next_run_at")
    planned = (schedule.c.target_id == target.c.id) & ~schedule.c.paused
    rows = tx.execute(
        select(target.c.id, target.c.name, firing)
        .outerjoin(schedule, planned)
        .where(target.c.workspace_id == workspace_id)
        .group_by(target.c.id, target.c.name)
        .order_by(target.c.name, target.c.id)
    )
    return [TargetOverview(row.id, row.name, newest.get(row.id), tuple(points.get(row.id, ())), row.next_run_at) for row in rows]


def _newest(tx: Transaction, workspace_id: str) -> dict[str, Latest]:
    last = (
        select(func.max(audit.c.id))
        .where(audit.c.workspace_id == workspace_id, audit.c.target_id.is_not(None))
        .group_by(audit.c.target_id)
    )
    columns = (audit.c.id, audit.c.status, audit.c.outcome, audit.c.severity, audit.c.score, audit.c.created_at)
    rows = tx.execute(select(audit.c.target_id, *columns).where(audit.c.id.in_(last)))
    return {row.target_id: Latest(*row[1:]) for row in rows}


def _trends(tx: Transaction, workspace_id: str) -> dict[str, list[Point]]:
    age = func.row_number().over(partition_by=audit.c.target_id, order_by=audit.c.id.desc()).label("age")
    completed = (audit.c.workspace_id == workspace_id, audit.c.status == AuditStatus.COMPLETED, audit.c.target_id.is_not(None))
    at = func.coalesce(audit.c.finished_at, audit.c.created_at, type_=audit.c.created_at.type).label("at")
    ranked = (
        select(audit.c.id, audit.c.target_id, at, audit.c.score, audit.c.outcome, score_version, age).where(*completed).subquery()
    )
    points: dict[str, list[Point]] = {}
    for row in tx.execute(select(ranked).where(ranked.c.age <= TREND).order_by(ranked.c.id)):
        points.setdefault(row.target_id, []).append(Point(row.at, row.score, row.outcome, row.score_version))
    return points
