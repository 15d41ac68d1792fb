"""Submit, cancel, resume, and how far an audit is."""

from dataclasses import dataclass
from datetime import datetime

from auditor.attacks import registry
from auditor.domain.audit import Audit, AuditStatus, Progress, Step, StepStatus
from auditor.domain.learner import Learner
from auditor.domain.spec import AuditSpec
from auditor.errors import InvalidInput
from auditor.learners import check
from auditor.querying import check_target
from auditor.store import audits, datasets, events, model_files
from auditor.store.engine import Transaction
from auditor.workflow import control
from auditor.workflow.advance import advance_in, deliver
from auditor.workflow.audit_size import refuse_too_large
from auditor.workflow.canaries import refuse_other_key
from auditor.workflow.named_columns import features_of
from auditor.workflow.pacing import waiting
from auditor.workflow.prepare import refuse_small
from auditor.workflow.probing import requested_attacks
from auditor.workflow.services import Services
from auditor.workflow.startable import refuse_unstartable

DOING = {
    "probe": "finding out what the target answers",
    "ask": "asking the target",
    "choose": "choosing the learner of the shadow models",
    "shadows": "training shadow models",
    "blind": "checking members and non-members without the model",
    "attack": "running attacks",
    "baseline": "guessing without the model",
    "control": "running controls",
    "grade": "grading the evidence",
    "report": "writing the result",
}

SLOWEST = 0.01
"""Rows a second. Audits of a workspace that ask one host take turns: one that takes for ever leaves no turn to the others."""


@dataclass(frozen=True)
class Origin:
    """Where an audit comes from: a registered target, a schedule, or neither (the CLI)."""

    target_id: str | None = None
    schedule_id: str | None = None


def submit(services: Services, workspace_id: str, spec: AuditSpec, origin: Origin = Origin()) -> Audit:
    """Check what can be checked without asking, then write the audit and its first steps in one transaction and deliver them."""
    validate(spec)
    if not spec.target_block.model:
        check_target(spec.target_block.as_target(), services.settings)
    with services.database.begin() as tx:
        audit, ready = submit_in(tx, services, workspace_id, spec, origin)
    deliver(services, ready)
    return audit


def submit_in(tx: Transaction, services: Services, workspace_id: str, spec: AuditSpec, origin: Origin) -> tuple[Audit, list[Step]]:
    """Inside the caller's transaction; the caller delivers the returned steps after it commits."""
    now = services.clock()
    _check_files(tx, services, workspace_id, spec)
    if spec.target_block.model:
        model_files.get_model_file(tx, workspace_id, spec.target_block.model)
    proof = control.required_in(tx, services, workspace_id, spec)
    audit = audits.create(
        tx,
        workspace_id=workspace_id,
        name=spec.name,
        spec=spec.as_json(),
        budget=spec.budget.queries,
        target_id=origin.target_id,
        schedule_id=origin.schedule_id,
        now=now,
    )
    events.add(
        tx, workspace_id, "audit.submitted", f"{spec.name} was submitted", now, audit_id=audit.id, target_id=origin.target_id
    )
    if proof is not None:
        control.record_in(tx, audit, proof, now)
    return audit, advance_in(tx, services, audit.id)


def validate(spec: AuditSpec) -> None:
    """Names and parameters of attacks and learner, and the rate; raises InvalidInput."""
    if 0 < spec.budget.rate < SLOWEST:
        raise InvalidInput("budget.rate", f"ask at least {SLOWEST} rows a second, or write 0 for as fast as the target answers")
    for attack in requested_attacks(spec):
        registry.make(attack.name, dict(attack.params))
    if spec.learner.name != "auto":
        check(Learner(spec.learner.name, dict(spec.learner.params), spec.target_block.task))


def _check_files(tx: Transaction, services: Services, workspace_id: str, spec: AuditSpec) -> None:
    """Enough records but not too many, in every file the columns that the spec names, and something that can be done with them:
    known before anything is queued. What workers on other machines have free is not known; they refuse when they are to train."""
    files = {name: datasets.get_dataset(tx, workspace_id, one) for name, one in spec.data.files.items()}
    refuse_small({name: file.rows for name, file in files.items()})
    if "key" in files:
        refuse_other_key({name: file.rows for name, file in files.items()}, list(files["key"].columns))
    features_of(spec.data, {name: list(file.columns) for name, file in files.items()})
    refuse_unstartable(spec, {name: file.rows for name, file in files.items() if name != "key"})
    refuse_too_large(spec, files, services.free_memory() if services.settings.embedded else None)


def cancel(services: Services, workspace_id: str, audit_id: str) -> Audit:
    """The audit is over at once; workers notice within two seconds and drop what they hold."""
    now = services.clock()
    with services.database.begin() as tx:
        audits.request_cancel(tx, workspace_id, audit_id, now)
        if audits.close(tx, audit_id, status=AuditStatus.CANCELLED, now=now, reason="Cancelled on request."):
            audit = audits.get(tx, workspace_id, audit_id)
            events.add(
                tx,
                workspace_id,
                "audit.cancelled",
                f"{audit.name} was cancelled",
                now,
                audit_id=audit_id,
                target_id=audit.target_id,
            )
        return audits.get(tx, workspace_id, audit_id)


def resume(services: Services, workspace_id: str, audit_id: str) -> Audit:
    """A failed or cancelled audit goes on where it stopped: finished steps and recorded answers are kept."""
    with services.database.begin() as tx:
        audit = audits.reopen(tx, workspace_id, audit_id, services.clock())
        ready = advance_in(tx, services, audit_id)
    deliver(services, ready)
    return audit


def progress(services: Services, workspace_id: str, audit_id: str) -> Progress:
    with services.database.read() as tx:
        audit = audits.get(tx, workspace_id, audit_id)
        steps = audits.steps(tx, audit_id)
    return progress_of(audit, steps, services.clock())


def progress_of(audit: Audit, steps: list[Step], now: datetime) -> Progress:
    """Derived from rows: planned seconds done over planned seconds, and the pace so far."""
    done = sum(1 for s in steps if s.status.is_final)
    if audit.status is not AuditStatus.RUNNING:
        return Progress(
            audit.status, 1.0 if audit.status is AuditStatus.COMPLETED else _fraction(steps), None, "", done, len(steps)
        )
    fraction = min(_fraction(steps), 0.99) if any(s.key.startswith("ask") for s in steps) else 0.0
    started = min((s.started_at for s in steps if s.started_at), default=None)
    eta = None
    if started is not None and fraction > 0.05:
        eta = max(0.0, (now - started).total_seconds() * (1 - fraction) / fraction)
    doing = waiting(audit, steps, now) or _doing(steps)
    return Progress(audit.status, fraction, eta, doing, done, len(steps))


def _fraction(steps: list[Step]) -> float:
    total = sum(s.weight for s in steps)
    finished = sum(
        s.weight if s.status is StepStatus.DONE else s.weight * s.progress * (s.status is StepStatus.RUNNING) for s in steps
    )
    return finished / total if total else 0.0


def _doing(steps: list[Step]) -> str:
    kinds = [s.kind for s in steps if s.status is StepStatus.RUNNING] or [s.kind for s in steps if not s.status.is_final]
    return DOING[kinds[0]] if kinds else ""
