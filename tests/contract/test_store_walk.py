"""Random histories of one audit: whatever workers, messages and people do, the promises about steps hold after every move."""

import os
import random
import signal

import numpy as np
import pytest
from store_world import LEASE, NOW, World, later, new_step

from auditor.domain.audit import AuditStatus, StepStatus
from auditor.errors import Conflict
from auditor.store import audits, ledger

MOVES = 120
PLAN = [
    new_step("probe", 0),
    new_step("ask:0", 1),
    new_step("ask:1", 1),
    new_step("attack", 4, required=False),
    new_step("grade", 6),
]
STATUS_AFTER = {True: StepStatus.DONE, False: StepStatus.FAILED}


@pytest.fixture
def world(database):
    return World(database)


class Walk:
    """Three workers who die, sleep, hand back and finish late; a clock that jumps; people who cancel and resume."""

    def __init__(self, world, seed):
        self.world, self.chance, self.clock = world, random.Random(seed), 0.0
        self.audit = world.audit(*PLAN, budget=40)
        self.held = []  # claims that some worker believes in, even long after it lost them
        self.finished = {}  # (step, attempt) -> result that took effect
        self.attempts = {}
        self.granted = 0

    @property
    def now(self):
        return later(self.clock)

    def move(self):
        self.clock += self.chance.choice([0.1, 1.0, 10.0, LEASE / 2, LEASE + 1])
        often = [self.claim] * 8 + [self.finish] * 6 + [self.close, self.reopen] * 3
        moves = [*often, self.beat, self.release, self.sweep, self.spend, self.cancel]
        self.chance.choice(moves)()
        self.check()

    def claim(self):
        with self.world.database.read() as tx:
            ready = [s.key for s in audits.ready(tx, self.audit.id)]
        # Mostly what was sent, sometimes a message that is old, early or made up.
        key = self.chance.choice(ready if ready and self.chance.random() < 0.7 else [s.key for s in PLAN])
        before = self.world.step(self.audit, key)
        step = self.world.claim(self.audit, key, now=self.now, max_attempts=1000)
        if step is not None:
            assert step.attempt == before.attempt + 1
            assert before.status in (StepStatus.WAITING, StepStatus.RUNNING)
            self.held.append(step)

    def finish(self):
        if not self.held:
            return
        step = self.chance.choice(self.held[-3:])
        status = STATUS_AFTER[self.chance.random() < 0.9]
        result = {"by": f"{step.id}:{step.attempt}:{self.clock}"}
        if self.world.finish(step, status, result=result, now=self.now):
            assert (step.id, step.attempt) not in self.finished, "an attempt took effect twice"
            self.finished[step.id, step.attempt] = result
            assert self.world.step(self.audit, step.key).result == result

    def beat(self):
        if self.held:
            step = self.chance.choice(self.held)
            with self.world.database.begin() as tx:
                told = audits.beat(tx, step.id, step.attempt, progress=0.5, now=self.now, lease_seconds=LEASE)
            current = self.world.step(self.audit, step.key)
            assert told.mine == (current.status is StepStatus.RUNNING and current.attempt == step.attempt)

    def release(self):
        if self.held:
            step = self.held.pop(self.chance.randrange(len(self.held)))
            with self.world.database.begin() as tx:
                audits.release(tx, step.id, step.attempt, now=self.now)

    def sweep(self):
        with self.world.database.begin() as tx:
            audits.expire(tx, now=self.now)
            lost = audits.undelivered(tx, now=self.now, older_than_seconds=30, limit=100)
            audits.mark_delivered(tx, [s.id for s in lost], self.now)
            assert {s.id for s in lost} <= {s.id for s in audits.ready(tx, self.audit.id)}

    def spend(self):
        rows = self.chance.randint(1, 9)
        with self.world.database.begin() as tx:
            self.granted += rows * ledger.spend(tx, self.audit.id, rows)

    def cancel(self):
        if self.chance.random() < 0.7:
            return
        try:
            with self.world.database.begin() as tx:
                audits.request_cancel(tx, self.world.ours.id, self.audit.id, self.now)
        except Conflict:
            assert self.world.reload(self.audit).status is AuditStatus.FAILED

    def close(self):
        found = self.world.reload(self.audit)
        if not found.cancel_requested and self.chance.random() < 0.9:
            return
        running = found.status is AuditStatus.RUNNING
        status = self.chance.choice([AuditStatus.FAILED, AuditStatus.CANCELLED])
        with self.world.database.begin() as tx:
            assert audits.close(tx, self.audit.id, status=status, now=self.now, reason="walked") == running

    def reopen(self):
        running = self.world.reload(self.audit).status is AuditStatus.RUNNING
        try:
            with self.world.database.begin() as tx:
                audits.reopen(tx, self.world.ours.id, self.audit.id, self.now)
            assert not running
        except Conflict:
            assert running

    def check(self):
        audit = self.world.reload(self.audit)
        with self.world.database.read() as tx:
            steps = audits.steps(tx, audit.id)
            ready = {s.key for s in audits.ready(tx, audit.id)}
        assert audit.queries == self.granted <= audit.budget
        open_stages = [s.stage for s in steps if not s.status.is_final]
        for step in steps:
            assert step.attempt >= self.attempts.get(step.id, 0), "attempts went back: an old worker could finish"
            self.attempts[step.id] = step.attempt
            if step.status is StepStatus.DONE:
                assert step.result == self.finished[step.id, step.attempt]
            if step.status is StepStatus.RUNNING:
                assert audit.status is AuditStatus.RUNNING
                assert step.stage == min(open_stages)
        goes_on = audit.status is AuditStatus.RUNNING and not audit.cancel_requested
        waiting = {s.key for s in steps if s.status is StepStatus.WAITING and s.stage == min(open_stages)}
        assert ready == (waiting if goes_on else set())


@pytest.mark.parametrize("seed", range(6))
def test_the_promises_hold_after_every_move(world, seed):
    walk = Walk(world, seed)
    for _ in range(MOVES):
        walk.move()
    assert len(walk.finished) >= 3, "a walk in which nothing is ever finished shows nothing"


def killed_while(action):
    """Runs in a child that kills itself in the middle, as a worker without memory is killed."""
    child = os.fork()
    if child == 0:
        try:
            action()
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL


class TestAKilledWorker:
    def test_leaves_nothing_half_written(self, world):
        audit = world.audit(new_step("probe"), budget=100)
        step = world.claim(audit, "probe")

        def die():
            with world.database.begin() as tx:
                ledger.spend(tx, audit.id, 50)
                ledger.record(tx, audit.id, [b"d" * 32], np.array([[1.0]]))
                audits.finish(tx, step.id, step.attempt, status=StepStatus.DONE, result={}, reason=None, now=NOW)
                audits.add_steps(tx, audit.id, [new_step("ask", 1)])
                os.kill(os.getpid(), signal.SIGKILL)

        assert killed_while(die)
        assert world.reload(audit).queries == 0
        assert world.statuses(audit) == {"probe": "running"}
        with world.database.read() as tx:
            assert ledger.load_all(tx, audit.id) == {}

    def test_holds_nobody_up(self, world):
        """Its locks go with it, and its step is another's when the lease is over."""
        audit = world.audit(new_step("probe"), budget=100)

        def die():
            step_id = world.step(audit, "probe").id
            with world.database.begin() as tx:
                assert audits.claim(tx, step_id, now=NOW, lease_seconds=LEASE, max_attempts=5)
            with world.database.begin() as tx:
                ledger.spend(tx, audit.id, 1)
                os.kill(os.getpid(), signal.SIGKILL)

        assert killed_while(die)
        with world.database.begin() as tx:
            assert ledger.spend(tx, audit.id, 100)
        assert world.claim(audit, "probe") is None
        assert world.claim(audit, "probe", now=later(LEASE + 1)).attempt == 2

    def test_loses_nothing_that_was_committed(self, world):
        audit = world.audit(new_step("probe"), budget=100)

        def die():
            with world.database.begin() as tx:
                ledger.spend(tx, audit.id, 50)
                ledger.record(tx, audit.id, [b"d" * 32], np.array([[0.25, 0.75]]))
            os.kill(os.getpid(), signal.SIGKILL)

        assert killed_while(die)
        assert world.reload(audit).queries == 50
        with world.database.read() as tx:
            assert ledger.load_all(tx, audit.id)[b"d" * 32].tolist() == [0.25, 0.75]
