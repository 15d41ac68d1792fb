"""Steps on both databases: who may work on what, and that nothing takes effect twice."""

import threading

import pytest
from store_world import LEASE, NOW, World, later, new_step

from auditor.domain.audit import AuditStatus, Queue, StepStatus
from auditor.errors import NotFound
from auditor.store import audits


@pytest.fixture
def world(database):
    return World(database)


def at_once(*actions):
    """Run the actions in threads that start together; their results in order."""
    results, errors = [None] * len(actions), []
    gate = threading.Barrier(len(actions))

    def run(index, action):
        gate.wait()
        try:
            results[index] = action()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(actions)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    return results


class TestPlanning:
    def test_steps_come_back_as_they_were_planned(self, world):
        audit = world.audit(new_step("probe", 0, queue=Queue.QUERY), new_step("attack:gap", 4, required=False))
        step = world.step(audit, "attack:gap")
        assert (step.audit_id, step.workspace_id) == (audit.id, world.ours.id)
        assert (step.stage, step.queue, step.weight, step.required) == (4, Queue.TRAIN, 2.0, False)
        assert (step.status, step.attempt, step.progress) == (StepStatus.WAITING, 0, 0.0)
        assert step.params == {"key": "attack:gap"}
        assert (step.result, step.reason, step.started_at, step.finished_at) == (None, None, None, None)

    def test_they_are_listed_by_stage_and_key(self, world):
        audit = world.audit(new_step("b", 1), new_step("a", 1), new_step("z", 0))
        with world.database.read() as tx:
            assert [s.key for s in audits.steps(tx, audit.id)] == ["z", "a", "b"]

    def test_planning_twice_plans_once(self, world):
        audit = world.audit(new_step("probe"))
        world.run(audit, "probe", result={"classes": 2})
        with world.database.begin() as tx:
            audits.add_steps(tx, audit.id, [new_step("probe", 9), new_step("ask", 1)])
        probe = world.step(audit, "probe")
        assert (probe.stage, probe.status, probe.result) == (0, StepStatus.DONE, {"classes": 2})
        assert world.statuses(audit) == {"probe": "done", "ask": "waiting"}

    def test_planning_at_the_same_time_plans_once(self, world):
        audit = world.audit()
        plan = [new_step(f"shadows:{n}", 3) for n in range(20)]

        def planned(steps):
            with world.database.begin() as tx:
                audits.lock_audit(tx, audit.id)
                audits.add_steps(tx, audit.id, steps)

        at_once(lambda: planned(plan), lambda: planned(plan[::-1]), lambda: planned(plan[5:]))
        assert len(world.statuses(audit)) == 20

    def test_nothing_to_plan_is_fine_and_an_unknown_audit_is_not(self, world):
        with world.database.begin() as tx:
            audits.add_steps(tx, "no such audit", [])
            with pytest.raises(NotFound):
                audits.add_steps(tx, "no such audit", [new_step("probe")])

    def test_an_unknown_step_is_not_found(self, world):
        with world.database.read() as tx, pytest.raises(NotFound):
            audits.step(tx, "no such step")


class TestReadiness:
    def test_a_stage_opens_when_all_lower_ones_are_final(self, world):
        audit = world.audit(new_step("probe", 0), new_step("ask:0", 1), new_step("ask:1", 1), new_step("grade", 6))
        assert world.ready(audit) == ["probe"]
        world.run(audit, "probe")
        assert world.ready(audit) == ["ask:0", "ask:1"]
        world.run(audit, "ask:0")
        assert world.ready(audit) == ["ask:1"]
        world.run(audit, "ask:1", StepStatus.FAILED, reason="no answer")
        assert world.ready(audit) == ["grade"]

    def test_a_step_that_runs_holds_back_the_next_stage(self, world):
        audit = world.audit(new_step("probe", 0), new_step("ask", 1))
        world.claim(audit, "probe")
        assert world.ready(audit) == []

    def test_stages_may_be_appended_above(self, world):
        audit = world.audit(new_step("grade", 6))
        world.run(audit, "grade")
        with world.database.begin() as tx:
            audits.add_steps(tx, audit.id, [new_step("shadows:4-15", 13), new_step("report", 7)])
        assert world.ready(audit) == ["report"]

    def test_nothing_is_ready_in_an_audit_that_stops(self, world):
        audit = world.audit(new_step("probe"))
        with world.database.begin() as tx:
            audits.request_cancel(tx, world.ours.id, audit.id, NOW)
        assert world.ready(audit) == []


class TestClaiming:
    def test_a_claimed_step_runs_with_a_lease(self, world):
        audit = world.audit(new_step("probe"))
        step = world.claim(audit, "probe", now=later(3))
        assert (step.status, step.attempt, step.started_at) == (StepStatus.RUNNING, 1, later(3))

    def test_it_is_given_to_nobody_else_while_the_lease_holds(self, world):
        audit = world.audit(new_step("probe"))
        world.claim(audit, "probe")
        assert world.claim(audit, "probe", now=later(LEASE - 1)) is None

    def test_a_silent_worker_loses_it_when_the_lease_is_over(self, world):
        audit = world.audit(new_step("probe"))
        world.claim(audit, "probe")
        assert world.claim(audit, "probe", now=later(LEASE + 1)).attempt == 2

    @pytest.mark.parametrize("status", [StepStatus.DONE, StepStatus.FAILED, StepStatus.CANCELLED])
    def test_a_final_step_cannot_be_claimed(self, world, status):
        audit = world.audit(new_step("probe"))
        world.run(audit, "probe", status)
        assert world.claim(audit, "probe", now=later(1000)) is None

    def test_a_message_that_comes_too_early_does_nothing(self, world):
        audit = world.audit(new_step("probe", 0), new_step("ask", 1))
        assert world.claim(audit, "ask") is None
        assert world.statuses(audit) == {"probe": "waiting", "ask": "waiting"}

    def test_a_message_for_a_step_that_never_was_does_nothing(self, world):
        with world.database.begin() as tx:
            assert audits.claim(tx, "no such step", now=NOW, lease_seconds=LEASE, max_attempts=5) is None

    def test_a_cancelled_audit_gives_out_nothing(self, world):
        audit = world.audit(new_step("probe"))
        with world.database.begin() as tx:
            audits.request_cancel(tx, world.ours.id, audit.id, NOW)
        assert world.claim(audit, "probe") is None

    @pytest.mark.parametrize("status", [AuditStatus.COMPLETED, AuditStatus.FAILED])
    def test_an_audit_that_is_over_gives_out_nothing(self, world, status):
        audit = world.audit(new_step("probe"))
        with world.database.begin() as tx:
            audits.close(tx, audit.id, status=status, now=NOW)
        assert world.claim(audit, "probe") is None

    @pytest.mark.parametrize("round_number", range(3))
    def test_of_many_workers_exactly_one_wins(self, world, round_number):
        audit = world.audit(*(new_step(f"shadows:{n}") for n in range(8)))
        with world.database.read() as tx:
            ids = [s.id for s in audits.steps(tx, audit.id)]

        def grab_all():
            won = []
            for step_id in ids:
                with world.database.begin() as tx:
                    if audits.claim(tx, step_id, now=NOW, lease_seconds=LEASE, max_attempts=5):
                        won.append(step_id)
            return won

        hauls = at_once(*[grab_all] * 4)
        assert sorted(step_id for haul in hauls for step_id in haul) == sorted(ids)
        with world.database.read() as tx:
            assert {s.attempt for s in audits.steps(tx, audit.id)} == {1}

    def test_two_workers_racing_for_a_silent_ones_step(self, world):
        audit = world.audit(new_step("probe"))
        world.claim(audit, "probe")
        claims = at_once(*[lambda: world.claim(audit, "probe", now=later(LEASE + 1))] * 4)
        assert [c.attempt for c in claims if c is not None] == [2]

    def test_a_step_that_kills_its_workers_fails_in_the_end(self, world):
        audit = world.audit(new_step("probe"))
        for attempt in range(3):
            assert world.claim(audit, "probe", now=later(attempt * 100), max_attempts=3).attempt == attempt + 1
        assert world.claim(audit, "probe", now=later(300), max_attempts=3) is None
        step = world.step(audit, "probe")
        assert (step.status, step.attempt, step.finished_at) == (StepStatus.FAILED, 3, later(300))
        assert "begun 3 times" in step.reason

    def test_the_last_attempt_is_left_alone_while_its_lease_holds(self, world):
        audit = world.audit(new_step("probe"))
        world.claim(audit, "probe", max_attempts=1)
        assert world.claim(audit, "probe", now=later(1), max_attempts=1) is None
        assert world.statuses(audit) == {"probe": "running"}


class TestBeating:
    def beat(self, world, step, *, now=NOW, progress=0.5):
        with world.database.begin() as tx:
            return audits.beat(tx, step.id, step.attempt, progress=progress, now=now, lease_seconds=LEASE)

    def test_a_beat_extends_the_lease_and_tells_the_progress(self, world):
        audit = world.audit(new_step("probe"))
        step = world.claim(audit, "probe")
        assert self.beat(world, step, now=later(50)) == audits.Beat(mine=True, cancel=False)
        assert world.step(audit, "probe").progress == 0.5
        assert world.claim(audit, "probe", now=later(50 + LEASE - 1)) is None

    def test_it_tells_that_the_audit_is_to_stop(self, world):
        audit = world.audit(new_step("probe"))
        step = world.claim(audit, "probe")
        with world.database.begin() as tx:
            audits.request_cancel(tx, world.ours.id, audit.id, NOW)
        assert self.beat(world, step) == audits.Beat(mine=True, cancel=True)

    def test_it_tells_that_the_audit_is_over(self, world):
        audit = world.audit(new_step("probe"))
        step = world.claim(audit, "probe")
        with world.database.begin() as tx:
            audits.close(tx, audit.id, status=AuditStatus.FAILED, now=NOW)
        assert self.beat(world, step) == audits.Beat(mine=False, cancel=True)

    def test_it_tells_that_the_step_was_taken_over(self, world):
        audit = world.audit(new_step("probe"))
        old = world.claim(audit, "probe")
        new = world.claim(audit, "probe", now=later(LEASE + 1))
        assert self.beat(world, old, now=later(LEASE + 2)) == audits.Beat(mine=False, cancel=False)
        assert self.beat(world, new, now=later(LEASE + 2)).mine

    def test_a_beat_for_nothing_says_stop(self, world):
        with world.database.begin() as tx:
            beat = audits.beat(tx, "no such step", 1, progress=0.0, now=NOW, lease_seconds=LEASE)
        assert beat == audits.Beat(mine=False, cancel=True)


class TestFinishing:
    def test_the_result_and_the_end_are_kept(self, world):
        audit = world.audit(new_step("probe"))
        step = world.claim(audit, "probe")
        assert world.finish(step, result={"classes": ["a", "b"], "limit": None}, now=later(9))
        done = world.step(audit, "probe")
        assert (done.status, done.progress, done.finished_at) == (StepStatus.DONE, 1.0, later(9))
        assert done.result == {"classes": ["a", "b"], "limit": None}

    def test_a_failure_keeps_its_reason_and_its_progress(self, world):
        audit = world.audit(new_step("probe"))
        step = world.claim(audit, "probe")
        assert world.finish(step, StepStatus.FAILED, reason="The target answered 401.")
        failed = world.step(audit, "probe")
        assert (failed.status, failed.reason, failed.result) == (StepStatus.FAILED, "The target answered 401.", None)

    def test_nothing_is_finished_twice(self, world):
        audit = world.audit(new_step("probe"))
        step = world.claim(audit, "probe")
        assert world.finish(step, result={"first": True})
        assert not world.finish(step, result={"first": False})
        assert world.step(audit, "probe").result == {"first": True}

    def test_a_worker_that_lost_its_lease_finishes_nothing(self, world):
        audit = world.audit(new_step("probe"))
        old = world.claim(audit, "probe")
        new = world.claim(audit, "probe", now=later(LEASE + 1))
        assert not world.finish(old, result={"by": "old"})
        assert world.finish(new, result={"by": "new"})
        assert world.step(audit, "probe").result == {"by": "new"}

    def test_a_late_worker_may_finish_while_nobody_else_has_begun(self, world):
        audit = world.audit(new_step("probe"))
        step = world.claim(audit, "probe")
        assert world.finish(step, now=later(LEASE + 100))

    def test_an_expired_step_is_no_longer_the_workers(self, world):
        audit = world.audit(new_step("probe"))
        step = world.claim(audit, "probe")
        with world.database.begin() as tx:
            audits.expire(tx, now=later(LEASE + 1))
        assert not world.finish(step)
        assert world.statuses(audit) == {"probe": "waiting"}

    def test_of_two_workers_that_finish_one_attempt_one_counts(self, world):
        audit = world.audit(new_step("probe"))
        step = world.claim(audit, "probe")
        assert sorted(at_once(*[lambda: world.finish(step)] * 3)) == [False, False, True]

    def test_of_two_that_end_a_stage_the_second_sees_both_ends(self, world):
        """Otherwise neither would plan what follows, and the audit would stand still."""
        audit = world.audit(*(new_step(f"ask:{n}", 1) for n in range(4)), new_step("grade", 6))
        claimed = [world.claim(audit, f"ask:{n}") for n in range(4)]

        def finish_and_look(step):
            with world.database.begin() as tx:
                assert audits.finish(tx, step.id, step.attempt, status=StepStatus.DONE, result=None, reason=None, now=NOW)
                return [s.key for s in audits.ready(tx, audit.id)]

        seen = at_once(*[lambda step=step: finish_and_look(step) for step in claimed])
        assert seen.count(["grade"]) == 1
        assert seen.count([]) == 3

    def test_finishing_and_closing_at_once_do_not_deadlock(self, world):
        audit = world.audit(*(new_step(f"ask:{n}") for n in range(6)))
        claimed = [world.claim(audit, f"ask:{n}") for n in range(6)]

        def finish_and_fail(step):
            with world.database.begin() as tx:
                audits.finish(tx, step.id, step.attempt, status=StepStatus.FAILED, result=None, reason="no", now=NOW)
                return audits.close(tx, audit.id, status=AuditStatus.FAILED, now=NOW, reason="no")

        assert sorted(at_once(*[lambda step=step: finish_and_fail(step) for step in claimed])) == [False] * 5 + [True]
        assert set(world.statuses(audit).values()) <= {"failed", "cancelled"}


class TestReleasing:
    def test_a_released_step_waits_again_for_anyone(self, world):
        audit = world.audit(new_step("probe"))
        step = world.claim(audit, "probe")
        with world.database.begin() as tx:
            assert audits.release(tx, step.id, step.attempt, now=NOW)
        assert world.statuses(audit) == {"probe": "waiting"}
        assert world.claim(audit, "probe", now=later(1)).attempt == 2

    def test_handing_back_never_uses_up_the_attempts(self, world):
        audit = world.audit(new_step("probe"))
        for _ in range(6):
            step = world.claim(audit, "probe", max_attempts=2)
            with world.database.begin() as tx:
                assert audits.release(tx, step.id, step.attempt, now=NOW)
        assert world.claim(audit, "probe", max_attempts=2).attempt == 7

    def test_only_the_holder_can_hand_back(self, world):
        audit = world.audit(new_step("probe"))
        old = world.claim(audit, "probe")
        world.claim(audit, "probe", now=later(LEASE + 1))
        with world.database.begin() as tx:
            assert not audits.release(tx, old.id, old.attempt, now=NOW)
        assert world.statuses(audit) == {"probe": "running"}


class TestTheSweep:
    def undelivered(self, world, *, now=NOW, older=30.0, limit=100):
        with world.database.read() as tx:
            return [s.key for s in audits.undelivered(tx, now=now, older_than_seconds=older, limit=limit)]

    def test_silent_leases_expire_and_others_do_not(self, world):
        audit = world.audit(new_step("a"), new_step("b"), new_step("c"))
        world.claim(audit, "a")
        world.claim(audit, "b", now=later(50))
        with world.database.begin() as tx:
            assert audits.expire(tx, now=later(LEASE + 1)) == 1
        assert world.statuses(audit) == {"a": "waiting", "b": "running", "c": "waiting"}

    def test_a_clock_that_was_set_back_holds_no_step(self, world):
        audit = world.audit(new_step("alive"), new_step("dead"))
        alive, dead = world.claim(audit, "alive", now=later(3600)), world.claim(audit, "dead", now=later(3600))
        with world.database.begin() as tx:
            assert audits.beat(tx, alive.id, alive.attempt, progress=0.5, now=NOW, lease_seconds=LEASE).mine
            assert audits.expire(tx, now=later(1), lease_seconds=LEASE) == 1
        assert world.statuses(audit) == {"alive": "running", "dead": "waiting"}
        assert world.claim(audit, "dead", now=later(2)).attempt == dead.attempt + 1

    def test_clocks_that_differ_by_less_than_a_lease_take_nothing_away(self, world):
        audit = world.audit(new_step("probe"))
        world.claim(audit, "probe", now=later(LEASE - 1))
        with world.database.begin() as tx:
            assert audits.expire(tx, now=NOW, lease_seconds=LEASE) == 0

    def test_a_message_that_was_sent_before_the_clock_was_set_back_is_found_again(self, world):
        audit = world.audit(new_step("probe"))
        with world.database.begin() as tx:
            audits.mark_delivered(tx, [world.step(audit, "probe").id], later(3600))
        assert self.undelivered(world) == ["probe"]

    def test_what_was_never_sent_is_found(self, world):
        audit = world.audit(new_step("probe"), new_step("ask", 1))
        assert self.undelivered(world) == ["probe"]
        with world.database.begin() as tx:
            audits.mark_delivered(tx, [world.step(audit, "probe").id], NOW)
        assert self.undelivered(world, now=later(29)) == []

    def test_a_message_that_may_be_lost_is_found_again(self, world):
        audit = world.audit(new_step("probe"))
        with world.database.begin() as tx:
            audits.mark_delivered(tx, [world.step(audit, "probe").id], NOW)
        assert self.undelivered(world, now=later(31)) == ["probe"]

    def test_an_expired_step_is_sent_at_once(self, world):
        audit = world.audit(new_step("probe"))
        with world.database.begin() as tx:
            audits.mark_delivered(tx, [world.step(audit, "probe").id], NOW)
        world.claim(audit, "probe")
        assert self.undelivered(world, now=later(LEASE + 1)) == []
        with world.database.begin() as tx:
            audits.expire(tx, now=later(LEASE + 1))
        assert self.undelivered(world, now=later(LEASE + 1), older=1e6) == ["probe"]

    def test_it_looks_at_every_audit_but_only_at_those_that_go_on(self, world):
        world.audit(new_step("ours"))
        world.audit(new_step("theirs"), workspace=world.theirs)
        ended = world.audit(new_step("ended"))
        stopped = world.audit(new_step("stopped"))
        with world.database.begin() as tx:
            audits.close(tx, ended.id, status=AuditStatus.COMPLETED, now=NOW)
            audits.request_cancel(tx, world.ours.id, stopped.id, NOW)
        assert self.undelivered(world) == ["ours", "theirs"]
        assert self.undelivered(world, limit=1) == ["ours"]

    def test_sweeping_while_workers_finish_does_not_deadlock(self, world):
        audit = world.audit(*(new_step(f"shadows:{n}") for n in range(12)))
        claimed = [world.claim(audit, f"shadows:{n}") for n in range(12)]

        def expire():
            with world.database.begin() as tx:
                return audits.expire(tx, now=later(LEASE + 1))

        def finish_all():
            return sum(world.finish(step) for step in reversed(claimed))

        expired, expired_too, finished = at_once(expire, expire, finish_all)
        assert expired + expired_too + finished == 12
        assert sorted(set(world.statuses(audit).values())) in (["done"], ["done", "waiting"], ["waiting"])


class TestUnsent:
    def test_a_ready_step_is_sent_once(self, world):
        audit = world.audit(new_step("ask:0"), new_step("ask:1"))
        with world.database.begin() as tx:
            first = audits.unsent(tx, audit.id)
            audits.mark_delivered(tx, [first[0].id], NOW)
            assert [s.key for s in first] == ["ask:0", "ask:1"]
            assert [s.key for s in audits.unsent(tx, audit.id)] == ["ask:1"]
            assert [s.key for s in audits.ready(tx, audit.id)] == ["ask:0", "ask:1"]

    def test_one_that_went_back_to_waiting_is_sent_again(self, world):
        audit = world.audit(new_step("probe"))
        step = world.claim(audit, "probe")
        with world.database.begin() as tx:
            audits.mark_delivered(tx, [step.id], NOW)
            audits.release(tx, step.id, step.attempt, now=NOW)
            assert [s.key for s in audits.unsent(tx, audit.id)] == ["probe"]
