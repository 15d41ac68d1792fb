"""After a step ends: append what is planned now, close the audit if it is over, deliver what is ready."""

import logging
from collections.abc import Mapping
from typing import Any

from auditor.domain.audit import Audit, AuditStatus, Step, StepKind, StepStatus
from auditor.domain.finding import Severity
from auditor.domain.spec import AuditSpec, parse
from auditor.store import audits, events, findings
from auditor.store.engine import Transaction
from auditor.store.steps import is_stage_open, unsent
from auditor.workflow.chunks import FIRST
from auditor.workflow.plan import planned
from auditor.workflow.services import Services

log = logging.getLogger(__name__)

RANK = [str(level) for level in Severity]
INTERNAL = "an internal error stopped it, which the log of the worker tells in full"
PLAIN = frozenset(StepKind) - {StepKind.PROBE, StepKind.GRADE, StepKind.REPORT}
"""Steps whose results no later step is planned from; of the shadows one is: FIRST."""


def advance_in(tx: Transaction, services: Services, audit_id: str) -> list[Step]:
    """Inside the caller's transaction; returns the steps to deliver after it is committed."""
    audit = audits.by_id(tx, audit_id)
    if audit.status is not AuditStatus.RUNNING:
        return []
    steps = audits.steps(tx, audit_id)
    failed = next((s for s in steps if s.required and s.status is StepStatus.FAILED), None)
    if failed is not None:
        _fail(tx, services, audit, failed.reason)
        return []
    report = next((s for s in steps if s.kind is StepKind.REPORT and s.status is StepStatus.DONE), None)
    if report is not None:
        _complete(tx, services, audit, report)
        return []
    known = {s.key for s in steps}
    audits.add_steps(tx, audit_id, [s for s in planned(parse(audit.spec), steps) if s.key not in known])
    return unsent(tx, audit_id)


def after(tx: Transaction, services: Services, step: Step, status: StepStatus) -> list[Step]:
    """What `advance_in` does once this step has ended so, in the same transaction.

    Most ends change nothing: the plan rests on the results of a few kinds of steps, and the next stage begins when the last step
    of this one ends. Reading all steps at every end would take a time that grows with their square.
    """
    if status is StepStatus.DONE and step.kind in PLAIN and step.key != FIRST and is_stage_open(tx, step.audit_id, step.stage):
        return []
    return advance_in(tx, services, step.audit_id)


def advance(services: Services, audit_id: str) -> None:
    with services.database.begin() as tx:
        ready = advance_in(tx, services, audit_id)
    deliver(services, ready)


def deliver(services: Services, steps: list[Step]) -> None:
    """Messages go out after the commit; one that is lost is sent again by the tick."""
    if not steps:
        return
    with services.database.begin() as tx:
        audits.mark_delivered(tx, [s.id for s in steps], services.clock())
    services.dispatch.deliver([(s.id, s.queue) for s in steps])


def give_up(services: Services, audit_id: str, why: str) -> None:
    """End a running audit that nothing can be planned for any more; once what is missing is there, it can be resumed."""
    reason = f"This audit cannot go on: {why.rstrip('.')}; mend that, then resume it."
    with services.database.begin() as tx:
        _fail(tx, services, audits.by_id(tx, audit_id), reason)


def _fail(tx: Transaction, services: Services, audit: Audit, reason: str | None) -> None:
    now = services.clock()
    audits.lock_audit(tx, audit.id)
    if audits.close(tx, audit.id, status=AuditStatus.FAILED, now=now, reason=reason):
        told = f"{audit.name}: {reason}"
        events.add(tx, audit.workspace_id, "audit.failed", told, now, audit_id=audit.id, target_id=audit.target_id)


def _complete(tx: Transaction, services: Services, audit: Audit, step: Step) -> None:
    """The findings, the result document and the end of the audit become visible together."""
    result = (step.result or {})["result"]
    head = result["audit"]
    now = services.clock()
    head |= {"status": "completed", "queries": audit.queries, "seconds": round((now - audit.created_at).total_seconds(), 1)}
    result["cost"]["actual"] |= _spent(parse(audit.spec), head)
    before = findings.latest_of_target(tx, audit.workspace_id, audit.target_id) if audit.target_id else None
    closed = audits.close(
        tx,
        audit.id,
        status=AuditStatus.COMPLETED,
        now=now,
        result=result,
        outcome=head["outcome"],
        score=head["score"],
        severity=head["severity"],
    )
    if closed:
        findings.replace(tx, audit.id, audit.workspace_id, result["findings"])
        _tell(tx, services, audit, head, before)


def _spent(spec: AuditSpec, head: Mapping[str, Any]) -> dict[str, Any]:
    price = spec.budget.price_per_1000
    rows = {"queries": head["queries"], "seconds": head["seconds"]}
    return rows if price is None else rows | {"price": round(head["queries"] * price / 1000, 2)}


def _tell(tx: Transaction, services: Services, audit: Audit, head: dict[str, object], before: str | None) -> None:
    """An event for the end of the audit, and one that stands out when the severity rose since the last audit of this target."""
    now = services.clock()
    sentence = f"{audit.name}: {head['outcome']}" + (f", severity {head['severity']}" if head["severity"] else "")
    events.add(tx, audit.workspace_id, "audit.completed", sentence, now, audit_id=audit.id, target_id=audit.target_id)
    after = head["severity"]
    if before is not None and after is not None and RANK.index(str(after)) > RANK.index(before):
        risen = f"{audit.name}: severity rose from {before} to {after} since the last audit of this target"
        events.add(tx, audit.workspace_id, "severity.risen", risen, now, audit_id=audit.id, target_id=audit.target_id)
