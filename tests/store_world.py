"""A small world for tests of the store: two workspaces, a clock, and short ways to make what a test is about."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from auditor.domain.audit import NewStep, Queue, StepKind, StepStatus
from auditor.domain.catalog import Workspace
from auditor.store import audits, targets, workspaces
from auditor.store.engine import Database

NOW = datetime(2026, 3, 2, 9, 30, 15, 123456, tzinfo=UTC)
LEASE = 60.0


def later(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def new_step(key: str, stage: int = 0, *, required: bool = True, queue: Queue = Queue.TRAIN) -> NewStep:
    return NewStep(key, StepKind.ATTACK, stage, queue, params={"key": key}, weight=2.0, required=required)


@dataclass
class World:
    database: Database
    ours: Workspace = field(init=False)
    theirs: Workspace = field(init=False)

    def __post_init__(self) -> None:
        with self.database.begin() as tx:
            self.ours = workspaces.create_workspace(tx, "ours", NOW)
            self.theirs = workspaces.create_workspace(tx, "theirs", NOW)

    def target(self, name="income", workspace=None):
        with self.database.begin() as tx:
            return targets.create_target(tx, (workspace or self.ours).id, name, {"url": "http://127.0.0.1:8080"}, NOW)

    def audit(self, *steps, budget=100, workspace=None, **details):
        """A running audit with these steps."""
        with self.database.begin() as tx:
            made = audits.create(
                tx, workspace_id=(workspace or self.ours).id, name="q3", spec={"seed": 7}, budget=budget, now=NOW, **details
            )
            audits.add_steps(tx, made.id, steps)
        return made

    def step(self, audit, key):
        with self.database.read() as tx:
            return next(s for s in audits.steps(tx, audit.id) if s.key == key)

    def statuses(self, audit):
        with self.database.read() as tx:
            return {s.key: str(s.status) for s in audits.steps(tx, audit.id)}

    def claim(self, audit, key, *, now=NOW, max_attempts=5, lease=LEASE):
        step_id = self.step(audit, key).id
        with self.database.begin() as tx:
            return audits.claim(tx, step_id, now=now, lease_seconds=lease, max_attempts=max_attempts)

    def finish(self, step, status=StepStatus.DONE, *, result=None, reason=None, now=NOW):
        with self.database.begin() as tx:
            return audits.finish(tx, step.id, step.attempt, status=status, result=result, reason=reason, now=now)

    def run(self, audit, key, status=StepStatus.DONE, **details):
        """Claim and finish in one go."""
        step = self.claim(audit, key)
        assert step is not None
        assert self.finish(step, status, **details)

    def ready(self, audit):
        with self.database.read() as tx:
            return [s.key for s in audits.ready(tx, audit.id)]

    def reload(self, audit):
        with self.database.read() as tx:
            return audits.by_id(tx, audit.id)
