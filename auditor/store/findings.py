"""Findings of completed audits: the JSON of each as it is, and its numbers in columns, so that they can be compared in SQL."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, insert, select

from auditor.domain.audit import AuditStatus
from auditor.store import catalog_links
from auditor.store.engine import Transaction
from auditor.store.rows import new_id
from auditor.store.tables import audit, estimate, finding

SCORED = ("attack", "family", "kind", "outcome", "severity", "score", "score_low", "score_high")
MEASURED = ("name", "value", "low", "high", "confidence", "n", "reason")

score_version = func.coalesce(audit.c.result[("audit", "score_version")].as_integer(), 1).label("score_version")


@dataclass(frozen=True)
class Scored:
    """One finding without its details."""

    attack: str
    family: str
    outcome: str
    severity: str
    score: float | None
    score_low: float | None
    score_high: float | None


@dataclass(frozen=True)
class PastAudit:
    """A completed audit of a target as a point of its history; scores of different versions are not compared."""

    audit_id: str
    name: str
    created_at: datetime
    finished_at: datetime | None
    outcome: str | None
    score: float | None
    severity: str | None
    findings: tuple[Scored, ...] = ()
    score_version: int = 1


def replace(tx: Transaction, audit_id: str, workspace_id: str, findings: Sequence[Mapping[str, Any]]) -> None:
    """These are the findings of the audit now, in this order."""
    catalog_links.check(tx, workspace_id, audit_id=audit_id)
    tx.execute(delete(finding).where(finding.c.audit_id == audit_id))
    owner = {"workspace_id": workspace_id}
    rows, numbers = [], []
    for position, document in enumerate(findings):
        row = owner | {"id": new_id(), "audit_id": audit_id, "position": position, "document": dict(document)}
        rows.append(row | {name: document.get(name) for name in SCORED})
        for index, measured in enumerate(document.get("estimates", ())):
            number = owner | {"finding_id": row["id"], "position": index}
            numbers.append(number | {name: measured.get(name) for name in MEASURED})
    if rows:
        tx.execute(insert(finding), rows)
    if numbers:
        tx.execute(insert(estimate), numbers)


def of_audit(tx: Transaction, workspace_id: str, audit_id: str) -> list[dict[str, Any]]:
    """As they were given to `replace`; none before the audit is completed."""
    catalog_links.check(tx, workspace_id, audit_id=audit_id)
    chosen = select(finding.c.document).where(finding.c.audit_id == audit_id).order_by(finding.c.position)
    return list(tx.execute(chosen).scalars())


def history(tx: Transaction, workspace_id: str, target_id: str) -> list[PastAudit]:
    """The completed audits of a target, oldest first."""
    catalog_links.check(tx, workspace_id, target_id=target_id)
    of_target = (audit.c.target_id == target_id, audit.c.workspace_id == workspace_id, audit.c.status == AuditStatus.COMPLETED)
    names = ("attack", "family", "outcome", "severity", "score", "score_low", "score_high")
    chosen = select(finding.c.audit_id, *(finding.c[name] for name in names)).join(audit, audit.c.id == finding.c.audit_id)
    scored: dict[str, list[Scored]] = {}
    for row in tx.execute(chosen.where(*of_target).order_by(finding.c.audit_id, finding.c.position)):
        scored.setdefault(row.audit_id, []).append(Scored(*row[1:]))
    columns = (audit.c.id, audit.c.name, audit.c.created_at, audit.c.finished_at, audit.c.outcome, audit.c.score, audit.c.severity)
    audits = tx.execute(select(*columns, score_version).where(*of_target).order_by(audit.c.id))
    return [PastAudit(*row[:-1], tuple(scored.get(row.id, ())), row.score_version) for row in audits]


def latest_of_target(tx: Transaction, workspace_id: str, target_id: str) -> str | None:
    """The severity of the newest completed audit of a target that has one."""
    catalog_links.check(tx, workspace_id, target_id=target_id)
    graded = (audit.c.target_id == target_id, audit.c.status == AuditStatus.COMPLETED, audit.c.severity.is_not(None))
    severity: str | None = tx.execute(
        select(audit.c.severity).where(*graded).order_by(audit.c.id.desc()).limit(1)
    ).scalar_one_or_none()
    return severity
