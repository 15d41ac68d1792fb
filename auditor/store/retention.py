"""What goes when its time is over: answers, evidence and shadows are about people; findings and results stay."""

from datetime import datetime

from sqlalchemy import delete, select

from auditor.domain.audit import AuditStatus
from auditor.store import idempotency
from auditor.store.artifacts import Artifacts
from auditor.store.engine import Transaction
from auditor.store.tables import answer, audit

KINDS = ("shadow", "evidence")


def forget(tx: Transaction, artifacts: Artifacts, before: datetime) -> None:
    """Recorded answers of audits that ended before then, evidence and shadows not used since, and answers to old requests."""
    ended = select(audit.c.id).where(audit.c.status != AuditStatus.RUNNING, audit.c.finished_at < before)
    tx.execute(delete(answer).where(answer.c.audit_id.in_(ended)))
    artifacts.delete_older(tx, before, KINDS)
    idempotency.forget_old(tx, before + idempotency.KEPT)
