"""Audits on both databases: made, paged, cancelled, resumed, closed; a foreign id is one that does not exist."""

import pytest
from store_world import LEASE, NOW, World, later, new_step

from auditor.domain.audit import AuditStatus, StepStatus
from auditor.errors import Conflict, InvalidInput, NotFound
from auditor.store import audits, schedules


@pytest.fixture
def world(database):
    return World(database)


def close(world, audit, status=AuditStatus.COMPLETED, **details):
    with world.database.begin() as tx:
        return audits.close(tx, audit.id, status=status, now=later(60), **details)


def cancel(world, audit, workspace=None):
    with world.database.begin() as tx:
        return audits.request_cancel(tx, (workspace or world.ours).id, audit.id, NOW)


def reopen(world, audit, workspace=None):
    with world.database.begin() as tx:
        return audits.reopen(tx, (workspace or world.ours).id, audit.id, later(120))


class TestMaking:
    def test_an_audit_comes_back_as_it_was_made(self, world):
        target = world.target()
        audit = world.audit(budget=500, target_id=target.id)
        assert (audit.status, audit.queries, audit.budget, audit.target_id) == (AuditStatus.RUNNING, 0, 500, target.id)
        assert audit.created_at == NOW
        with world.database.read() as tx:
            assert audits.get(tx, world.ours.id, audit.id) == audit == audits.by_id(tx, audit.id)

    def test_the_spec_is_frozen_as_it_is(self, world):
        spec = {"b": [1, 2.5, None], "a": {"ü": "<=50K", "deep": [[], {}]}, "big": 2**53}
        with world.database.begin() as tx:
            made = audits.create(tx, workspace_id=world.ours.id, name="q3", spec=spec, budget=1, now=NOW)
        assert world.reload(made).spec == spec
        assert list(world.reload(made).spec) == ["b", "a", "big"]

    def test_a_target_of_another_workspace_is_not_found(self, world):
        foreign = world.target(workspace=world.theirs)
        with pytest.raises(NotFound):
            world.audit(target_id=foreign.id)

    def test_a_schedule_of_another_workspace_is_not_found(self, world):
        with world.database.begin() as tx:
            new = schedules.NewSchedule("nightly", {}, "0 3 * * *", "UTC")
            foreign = schedules.create_schedule(tx, world.theirs.id, new, NOW)
        with pytest.raises(NotFound):
            world.audit(schedule_id=foreign.id)

    @pytest.mark.parametrize("name", ["", "   ", "a\nb", "x" * 201])
    def test_a_name_nobody_can_read_is_refused(self, world, name):
        with pytest.raises(InvalidInput), world.database.begin() as tx:
            audits.create(tx, workspace_id=world.ours.id, name=name, spec={}, budget=1, now=NOW)


class TestFinding:
    def test_another_workspaces_audit_is_not_found(self, world):
        audit = world.audit()
        with world.database.read() as tx, pytest.raises(NotFound):
            audits.get(tx, world.theirs.id, audit.id)

    def test_an_unknown_one_neither(self, world):
        with world.database.read() as tx:
            with pytest.raises(NotFound):
                audits.get(tx, world.ours.id, "no such audit")
            with pytest.raises(NotFound):
                audits.by_id(tx, "no such audit")

    def test_pages_go_from_the_newest_to_the_oldest_without_a_gap(self, world):
        made = [world.audit().id for _ in range(7)]
        seen, cursor = [], None
        with world.database.read() as tx:
            for _ in range(10):
                found, cursor = audits.page(tx, world.ours.id, limit=3, cursor=cursor)
                seen.extend(a.id for a in found)
                if cursor is None:
                    break
        assert seen == made[::-1]

    def test_an_audit_made_between_two_pages_shifts_nothing(self, world):
        made = [world.audit().id for _ in range(4)]
        with world.database.read() as tx:
            first, cursor = audits.page(tx, world.ours.id, limit=2)
        world.audit()
        with world.database.read() as tx:
            second, _ = audits.page(tx, world.ours.id, limit=2, cursor=cursor)
        assert [a.id for a in first + second] == made[::-1]

    def test_a_page_of_exactly_the_limit_is_the_last(self, world):
        world.audit(), world.audit()
        with world.database.read() as tx:
            found, cursor = audits.page(tx, world.ours.id, limit=2)
        assert len(found) == 2
        assert cursor is None

    def test_a_page_leaves_out_others_audits_and_result_documents(self, world):
        ours = world.audit()
        world.audit(workspace=world.theirs)
        close(world, ours, result={"findings": []}, outcome="pass")
        with world.database.read() as tx:
            found, _ = audits.page(tx, world.ours.id, limit=10)
        assert [(a.id, a.outcome, a.result) for a in found] == [(ours.id, "pass", None)]
        assert world.reload(ours).result == {"findings": []}

    def test_a_page_of_one_target(self, world):
        target = world.target()
        mine = world.audit(target_id=target.id)
        world.audit()
        with world.database.read() as tx:
            found, _ = audits.page(tx, world.ours.id, limit=10, target_id=target.id)
            assert [a.id for a in found] == [mine.id]
            with pytest.raises(NotFound):
                audits.page(tx, world.theirs.id, limit=10, target_id=target.id)

    @pytest.mark.parametrize("cursor", ["x", "0", "' OR 1=1 --", ""])
    def test_a_cursor_that_is_none_is_refused(self, world, cursor):
        with world.database.read() as tx, pytest.raises(InvalidInput) as caught:
            audits.page(tx, world.ours.id, limit=2, cursor=cursor)
        assert caught.value.field == "cursor"


class TestCancelling:
    def test_the_flag_is_set_and_asking_twice_changes_nothing(self, world):
        audit = world.audit(new_step("probe"))
        assert cancel(world, audit).cancel_requested
        assert cancel(world, audit).cancel_requested
        assert world.reload(audit).status is AuditStatus.RUNNING

    @pytest.mark.parametrize("status", [AuditStatus.COMPLETED, AuditStatus.FAILED])
    def test_an_audit_that_is_over_cannot_be_cancelled(self, world, status):
        audit = world.audit()
        close(world, audit, status)
        with pytest.raises(Conflict, match=str(status)):
            cancel(world, audit)
        assert not world.reload(audit).cancel_requested

    def test_a_cancelled_one_stays_as_it_is(self, world):
        audit = world.audit()
        cancel(world, audit)
        close(world, audit, AuditStatus.CANCELLED)
        assert cancel(world, audit).status is AuditStatus.CANCELLED

    def test_nobody_cancels_anothers_audit(self, world):
        audit = world.audit()
        with pytest.raises(NotFound):
            cancel(world, audit, world.theirs)
        assert not world.reload(audit).cancel_requested


class TestClosing:
    def test_the_end_is_kept_with_all_that_belongs_to_it(self, world):
        audit = world.audit()
        assert close(world, audit, result={"audit": {}}, outcome="breach", score=71.5, severity="high")
        ended = world.reload(audit)
        assert (ended.status, ended.finished_at) == (AuditStatus.COMPLETED, later(60))
        assert (ended.outcome, ended.score, ended.severity, ended.result) == ("breach", 71.5, "high", {"audit": {}})

    def test_an_audit_ends_once(self, world):
        audit = world.audit()
        assert close(world, audit, AuditStatus.FAILED, reason="first")
        assert not close(world, audit, AuditStatus.COMPLETED, reason="second")
        assert (world.reload(audit).status, world.reload(audit).reason) == (AuditStatus.FAILED, "first")

    def test_steps_that_are_open_are_cancelled_and_final_ones_stay(self, world):
        audit = world.audit(new_step("probe"), new_step("ask", 1), new_step("lost", 1), new_step("grade", 6))
        world.run(audit, "probe", result={"classes": 2})
        world.claim(audit, "ask")
        world.run(audit, "lost", StepStatus.FAILED, reason="no")
        close(world, audit, AuditStatus.FAILED, reason="no")
        assert world.statuses(audit) == {"probe": "done", "ask": "cancelled", "lost": "failed", "grade": "cancelled"}
        assert world.step(audit, "grade").finished_at == later(60)

    def test_completing_leaves_steps_alone(self, world):
        audit = world.audit(new_step("report"))
        step = world.claim(audit, "report")
        close(world, audit)
        assert world.statuses(audit) == {"report": "running"}
        assert world.finish(step)

    def test_an_unknown_audit_is_not_closed(self, world):
        with world.database.begin() as tx:
            assert not audits.close(tx, "no such audit", status=AuditStatus.FAILED, now=NOW)


class TestResuming:
    def failed(self, world):
        audit = world.audit(new_step("probe"), new_step("ask", 1), new_step("grade", 6))
        world.run(audit, "probe", result={"classes": 2})
        world.run(audit, "ask", StepStatus.FAILED, reason="The target answered 503.")
        close(world, audit, AuditStatus.FAILED, reason="The target answered 503.")
        return audit

    def test_what_is_done_stays_done_and_the_rest_waits(self, world):
        audit = self.failed(world)
        again = reopen(world, audit)
        assert (again.status, again.finished_at, again.reason, again.cancel_requested) == (AuditStatus.RUNNING, None, None, False)
        assert world.statuses(audit) == {"probe": "done", "ask": "waiting", "grade": "waiting"}
        assert world.step(audit, "probe").result == {"classes": 2}
        assert world.step(audit, "ask").reason is None
        assert world.ready(audit) == ["ask"]

    def test_a_cancelled_one_goes_on_where_it_was(self, world):
        audit = world.audit(new_step("probe"), new_step("ask", 1))
        world.claim(audit, "probe")
        cancel(world, audit)
        close(world, audit, AuditStatus.CANCELLED)
        assert not reopen(world, audit).cancel_requested
        assert world.statuses(audit) == {"probe": "waiting", "ask": "waiting"}

    def test_a_worker_of_before_finishes_nothing_afterwards(self, world):
        audit = world.audit(new_step("probe"))
        old = world.claim(audit, "probe")
        cancel(world, audit)
        close(world, audit, AuditStatus.CANCELLED)
        reopen(world, audit)
        assert not world.finish(old, result={"by": "old"})
        new = world.claim(audit, "probe")
        assert new.attempt == 2
        assert not world.finish(old, result={"by": "old"})
        assert world.finish(new, result={"by": "new"})

    def test_attempts_of_before_do_not_count_against_it(self, world):
        audit = world.audit(new_step("probe"))
        for attempt in range(3):
            world.claim(audit, "probe", now=later(attempt * 100), max_attempts=3)
        assert world.claim(audit, "probe", now=later(300), max_attempts=3) is None
        close(world, audit, AuditStatus.FAILED)
        reopen(world, audit)
        assert world.claim(audit, "probe", now=later(400), max_attempts=3).attempt == 4

    def test_what_was_built_without_a_failed_step_is_built_again(self, world):
        audit = world.audit(new_step("probe"), new_step("attack:rmia", 4, required=False), new_step("attack:gap", 4))
        world.run(audit, "probe")
        world.run(audit, "attack:gap")
        world.run(audit, "attack:rmia", StepStatus.FAILED, reason="no")
        with world.database.begin() as tx:
            audits.add_steps(tx, audit.id, [new_step("grade", 6), new_step("report", 7)])
        world.run(audit, "grade", result={"findings": 1})
        world.run(audit, "report", StepStatus.FAILED, reason="disk full")
        close(world, audit, AuditStatus.FAILED)
        reopen(world, audit)
        waiting = {"attack:rmia": "waiting", "grade": "waiting", "report": "waiting"}
        assert world.statuses(audit) == {"probe": "done", "attack:gap": "done"} | waiting
        assert world.step(audit, "grade").result is None

    def test_queries_that_were_spent_stay_spent(self, world):
        from auditor.store import ledger

        audit = self.failed(world)
        reopen(world, audit)
        with world.database.begin() as tx:
            assert ledger.spend(tx, audit.id, 60)
            assert ledger.spent(tx, audit.id) == 60

    @pytest.mark.parametrize(
        ("status", "says"), [(AuditStatus.COMPLETED, "start a new one"), (AuditStatus.RUNNING, "still running")]
    )
    def test_only_a_failed_or_cancelled_one_can_be_resumed(self, world, status, says):
        audit = world.audit()
        if status is not AuditStatus.RUNNING:
            close(world, audit, status)
        with pytest.raises(Conflict, match=says):
            reopen(world, audit)

    def test_nobody_resumes_anothers_audit(self, world):
        audit = self.failed(world)
        with pytest.raises(NotFound):
            reopen(world, audit, world.theirs)
        assert world.reload(audit).status is AuditStatus.FAILED

    def test_an_audit_that_failed_before_its_first_step_can_be_resumed(self, world):
        audit = world.audit()
        close(world, audit, AuditStatus.FAILED)
        assert reopen(world, audit).status is AuditStatus.RUNNING


class TestStandingStill:
    def stalled(self, world):
        with world.database.read() as tx:
            return audits.stalled(tx)

    def test_an_audit_with_work_left_goes_on_by_itself(self, world):
        world.audit(new_step("probe"))
        running = world.audit(new_step("probe"))
        world.claim(running, "probe")
        assert self.stalled(world) == []

    def test_one_whose_steps_all_ended_needs_a_push(self, world):
        audit = world.audit(new_step("probe"))
        world.run(audit, "probe")
        assert self.stalled(world) == [audit.id]

    def test_so_does_one_without_any_step(self, world):
        audit = world.audit()
        assert self.stalled(world) == [audit.id]

    def test_so_does_one_whose_required_step_failed_for_good(self, world):
        audit = world.audit(new_step("ask:0"), new_step("ask:1"))
        world.claim(audit, "ask:0", max_attempts=1)
        world.claim(audit, "ask:0", now=later(LEASE + 1), max_attempts=1)
        assert world.statuses(audit) == {"ask:0": "failed", "ask:1": "waiting"}
        assert self.stalled(world) == [audit.id]

    def test_an_attack_that_may_fail_stops_nothing(self, world):
        audit = world.audit(new_step("attack:gap", 4, required=False), new_step("grade", 6))
        world.run(audit, "attack:gap", StepStatus.FAILED, reason="no")
        assert self.stalled(world) == []

    def test_a_cancelled_one_needs_a_push_when_its_last_worker_is_gone(self, world):
        audit = world.audit(new_step("probe"), new_step("ask"))
        step = world.claim(audit, "probe")
        cancel(world, audit)
        assert self.stalled(world) == []
        world.finish(step, StepStatus.CANCELLED)
        assert self.stalled(world) == [audit.id]

    def test_one_that_is_over_needs_nothing(self, world):
        audit = world.audit()
        close(world, audit)
        assert self.stalled(world) == []


def test_a_schedule_knows_whether_its_audit_still_runs(world):
    with world.database.begin() as tx:
        schedule = schedules.create_schedule(tx, world.ours.id, schedules.NewSchedule("nightly", {}, "0 3 * * *", "UTC"), NOW)
    audit = world.audit(schedule_id=schedule.id)
    with world.database.read() as tx:
        assert audits.is_running(tx, schedule.id)
        assert not audits.is_running(tx, "another schedule")
    close(world, audit)
    with world.database.read() as tx:
        assert not audits.is_running(tx, schedule.id)
