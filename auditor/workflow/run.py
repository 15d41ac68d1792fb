"""A worker runs one step: claim, execute, finish, advance. Nothing here runs twice with effect."""

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from auditor.domain.audit import Step, StepStatus
from auditor.errors import AuditorError, Cancelled, Unavailable
from auditor.store import audits
from auditor.workflow import memory
from auditor.workflow.advance import INTERNAL, after, deliver, give_up
from auditor.workflow.services import Services
from auditor.workflow.steps import execute

log = logging.getLogger(__name__)

BEAT_SECONDS = 1.0
FINISH_TRIES = 8


@dataclass
class Pulse:
    """Shared between the working thread and the one that beats for it."""

    progress: float = 0.0
    stopped: str | None = None
    done: threading.Event = field(default_factory=threading.Event)

    def checkpoint(self, fraction: float) -> None:
        """Called by whoever works; raises Cancelled when the audit was cancelled or the step is no longer ours."""
        self.progress = min(1.0, max(self.progress, fraction))
        if self.stopped:
            raise Cancelled(self.stopped)


def run_step(services: Services, step_id: str) -> None:
    """Execute one step if it is ready and nobody else has it; a message that comes twice does nothing the second time."""
    step = _claim(services, step_id)
    if step is None:
        return
    pulse = Pulse()
    with _beating(services, step, pulse):
        verdict = _attempt(services, step, pulse)
    memory.give_back()
    if verdict is not None:
        _finish(services, step, *verdict)


def _claim(services: Services, step_id: str) -> Step | None:
    """None where the step is someone else's, or the database is away: then the tick sends the step again."""
    settings = services.settings
    try:
        with services.database.begin() as tx:
            return audits.claim(
                tx, step_id, now=services.clock(), lease_seconds=settings.lease_seconds, max_attempts=settings.max_attempts
            )
    except Unavailable as away:
        log.warning("step %s is not begun: %s", step_id, away.sentence)
        return None


def _attempt(services: Services, step: Step, pulse: Pulse) -> tuple[StepStatus, dict[str, Any] | None, str | None] | None:
    """Execute; every way it can end becomes a status and a reason. None: leave it to its lease."""
    try:
        return StepStatus.DONE, execute(services, step, pulse.checkpoint), None
    except Cancelled as stop:
        return StepStatus.CANCELLED, None, stop.sentence
    except Unavailable as away:
        log.warning("step %s waits for its lease: %s", step.key, away.sentence)
        return None
    except AuditorError as error:
        return StepStatus.FAILED, None, str(error)
    except MemoryError:
        return StepStatus.FAILED, None, "The machine ran out of memory in this step; give the worker more, or audit fewer records."
    except Exception:
        log.exception("step %s of audit %s failed", step.key, step.audit_id)
        return StepStatus.FAILED, None, f"An internal error stopped the step {step.key}; the worker's log has the details."


@contextmanager
def _beating(services: Services, step: Step, pulse: Pulse) -> Iterator[None]:
    thread = threading.Thread(target=_beat, args=(services, step, pulse), name=f"beat-{step.key}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        pulse.done.set()
        thread.join()


def _beat(services: Services, step: Step, pulse: Pulse) -> None:
    """Extend the lease while the work goes on; a database that is away for a moment is tried again."""
    while not pulse.done.wait(BEAT_SECONDS):
        try:
            with services.database.begin() as tx:
                beat = audits.beat(
                    tx,
                    step.id,
                    step.attempt,
                    progress=pulse.progress,
                    now=services.clock(),
                    lease_seconds=services.settings.lease_seconds,
                )
        except Unavailable as away:
            log.warning("cannot extend the lease of %s: %s", step.key, away.sentence)
            continue
        if beat.cancel:
            pulse.stopped = "The audit was cancelled."
        elif not beat.mine:
            pulse.stopped = "Another worker has taken this step over."


def _finish(services: Services, step: Step, status: StepStatus, result: dict[str, Any] | None, reason: str | None) -> None:
    """Result, status and the next steps in one transaction, only while the attempt is ours; then deliver."""
    for wait in range(FINISH_TRIES):
        try:
            with services.database.begin() as tx:
                mine = audits.finish(tx, step.id, step.attempt, status=status, result=result, reason=reason, now=services.clock())
                ready = after(tx, services, step, status) if mine else []
            deliver(services, ready)
            return
        except Unavailable as away:
            log.warning("cannot finish %s yet: %s", step.key, away.sentence)
            time.sleep(min(5.0, 0.1 * 2**wait))
        except Exception as error:  # what follows cannot be planned: run again after its lease, the step would end no better
            log.exception("nothing can be planned after %s of audit %s", step.key, step.audit_id)
            give_up(services, step.audit_id, str(error) if isinstance(error, AuditorError) else INTERNAL)
            return
    log.error("step %s could not be finished; it runs again after its lease", step.key)
