"""The workflow on both databases: schedules start once, overlaps are skipped and said, a lost worker's step comes back."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from auditor.domain.audit import AuditStatus, NewStep, Queue, StepKind, StepStatus
from auditor.domain.catalog import Schedule
from auditor.domain.spec import AuditSpec, parse
from auditor.errors import Conflict, InvalidInput
from auditor.settings import Settings
from auditor.store import audits, datasets, events, schedules, targets, workspaces
from auditor.store.artifacts import Artifacts
from auditor.store.engine import Database
from auditor.store.schedules import NewSchedule
from auditor.store.vault import Vault
from auditor.workflow import Origin, Services, cancel, progress, resume, run_step, submit, tick

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@dataclass
class Clock:
    now: datetime = START

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, **time: float) -> None:
        self.now += timedelta(**time)


@dataclass
class Recorder:
    """A dispatch that remembers what it was given."""

    sent: list[str] = field(default_factory=list)

    def deliver(self, steps: Any) -> None:
        self.sent += [step_id for step_id, _ in steps]

    def close(self) -> None:
        pass


@pytest.fixture
def services(database: Database, tmp_path: Path) -> Services:
    settings = Settings(tmp_path, "unused", "unused", allow_private_targets=True, lease_seconds=60, tick_seconds=30)
    return Services(settings, database, Artifacts(None), Vault.load(settings), Recorder(), Clock(), {})


@dataclass
class House:
    services: Services
    workspace_id: str
    target_id: str
    spec: AuditSpec


@pytest.fixture
def house(services: Services) -> House:
    columns = {"age": "integer", "label": "string"}
    with services.database.begin() as tx:
        workspace_id = workspaces.create_workspace(tx, "ours", START).id
        digest = services.artifacts.put(tx, workspace_id, b"not a table", kind="dataset")
        ids = [datasets.create_dataset(tx, workspace_id, n, 100, columns, 11, digest, START).id for n in ("members", "others")]
        block = {"url": "http://127.0.0.1:9/v2/models/m/infer"}
        target_id = targets.create_target(tx, workspace_id, "income", block, START).id
    document = {
        "spec": 1,
        "name": "nightly",
        "target": block,
        "data": {"members": ids[0], "non_members": ids[1], "label": "label"},
        "learner": "xgboost",
        "attacks": "quick",
    }
    return House(services, workspace_id, target_id, parse(document))


def schedule(house: House, cron: str = "0 3 * * *", **changes: Any) -> Schedule:
    new = NewSchedule("nightly", replace_spec(house.spec, **changes), cron, "UTC", house.target_id, START + timedelta(hours=1))
    with house.services.database.begin() as tx:
        return schedules.create_schedule(tx, house.workspace_id, new, START)


def replace_spec(spec: AuditSpec, **changes: Any) -> dict[str, Any]:
    return {**spec.as_json(), **changes}


def all_audits(house: House) -> list[Any]:
    with house.services.database.read() as tx:
        return audits.page(tx, house.workspace_id, limit=50)[0]


def stored(house: House, made: Schedule) -> Schedule:
    with house.services.database.read() as tx:
        return schedules.get_schedule(tx, house.workspace_id, made.id)


def said(house: House) -> list[str]:
    with house.services.database.read() as tx:
        return [e.kind for e in events.page(tx, house.workspace_id, limit=50)[0]]


def submitted(house: House) -> str:
    return submit(house.services, house.workspace_id, house.spec, Origin(house.target_id)).id


def test_submitting_writes_the_audit_and_sends_its_first_step(house: House) -> None:
    audit_id = submitted(house)
    with house.services.database.read() as tx:
        steps = audits.steps(tx, audit_id)
    assert [(s.key, s.queue) for s in steps] == [("probe", Queue.QUERY)]
    assert house.services.dispatch.sent == [steps[0].id]
    assert said(house) == ["audit.submitted"]


def test_a_step_that_was_sent_is_not_sent_again_until_it_may_be_lost(house: House) -> None:
    submitted(house)
    sent = house.services.dispatch.sent
    tick(house.services)
    assert len(sent) == 1
    house.services.clock.pass_(seconds=31)
    tick(house.services)
    assert len(sent) == 2


def test_a_silent_workers_step_waits_again_after_its_lease(house: House) -> None:
    audit_id = submitted(house)
    with house.services.database.begin() as tx:
        step = audits.steps(tx, audit_id)[0]
        audits.claim(tx, step.id, now=house.services.clock(), lease_seconds=60, max_attempts=9)
    house.services.clock.pass_(seconds=61)
    tick(house.services)
    with house.services.database.read() as tx:
        assert audits.steps(tx, audit_id)[0].status is StepStatus.WAITING
    assert house.services.dispatch.sent == [step.id, step.id]


def test_a_step_that_cannot_be_done_fails_the_audit_with_a_sentence(house: House) -> None:
    audit_id = submitted(house)
    run_step(house.services, house.services.dispatch.sent[0])
    audit = next(a for a in all_audits(house) if a.id == audit_id)
    assert audit.status is AuditStatus.FAILED
    assert audit.reason
    assert "Traceback" not in audit.reason
    assert said(house)[0] == "audit.failed"


def test_a_failed_audit_can_be_resumed_and_a_running_one_cannot(house: House) -> None:
    audit_id = submitted(house)
    with pytest.raises(Conflict):
        resume(house.services, house.workspace_id, audit_id)
    run_step(house.services, house.services.dispatch.sent[0])
    assert resume(house.services, house.workspace_id, audit_id).status is AuditStatus.RUNNING
    assert len(house.services.dispatch.sent) == 2


def test_cancelling_ends_the_audit_at_once_and_twice_changes_nothing(house: House) -> None:
    audit_id = submitted(house)
    assert cancel(house.services, house.workspace_id, audit_id).status is AuditStatus.CANCELLED
    assert cancel(house.services, house.workspace_id, audit_id).status is AuditStatus.CANCELLED
    assert said(house).count("audit.cancelled") == 1
    run_step(house.services, house.services.dispatch.sent[0])
    assert progress(house.services, house.workspace_id, audit_id).steps_done == 1


def test_what_is_wrong_with_a_spec_is_said_before_anything_is_written(house: House) -> None:
    wrong = house.spec.model_copy(update={"data": house.spec.data.model_copy(update={"label": "lable"})})
    with pytest.raises(InvalidInput, match="did you mean 'label'"):
        submit(house.services, house.workspace_id, wrong)
    assert all_audits(house) == []
    assert house.services.dispatch.sent == []


@pytest.mark.parametrize("rate", [1e-300, 1e-9, 0.009])
def test_a_rate_that_leaves_no_turn_to_other_audits_of_the_host_is_refused(house: House, rate: float) -> None:
    slow = house.spec.model_copy(update={"budget": house.spec.budget.model_copy(update={"rate": rate})})
    with pytest.raises(InvalidInput, match=r"at least 0\.01 rows a second") as caught:
        submit(house.services, house.workspace_id, slow)
    assert caught.value.field == "budget.rate"


def test_a_due_schedule_starts_one_audit_however_often_it_is_looked_at(house: House) -> None:
    made = schedule(house)
    house.services.clock.pass_(hours=2)
    tick(house.services)
    tick(house.services)
    assert [a.schedule_id for a in all_audits(house)] == [made.id]
    after = stored(house, made)
    assert after.last_audit_id == all_audits(house)[0].id
    assert after.next_run_at == datetime(2026, 3, 3, 3, 0, tzinfo=UTC)


def test_missed_firings_become_one(house: House) -> None:
    made = schedule(house)
    house.services.clock.pass_(days=10)
    tick(house.services)
    assert len(all_audits(house)) == 1
    assert stored(house, made).next_run_at > house.services.clock()


def test_a_firing_while_the_last_audit_runs_is_skipped_and_said(house: House) -> None:
    made = schedule(house)
    for _ in range(2):
        house.services.clock.pass_(days=1)
        tick(house.services)
    assert len(all_audits(house)) == 1
    assert "still running" in str(stored(house, made).last_note)
    assert "schedule.skipped" in said(house)


def test_a_paused_schedule_starts_nothing(house: House) -> None:
    made = schedule(house)
    with house.services.database.begin() as tx:
        schedules.set_paused(tx, house.workspace_id, made.id, True, None)
    house.services.clock.pass_(days=2)
    tick(house.services)
    assert all_audits(house) == []


def test_a_schedule_whose_spec_no_longer_works_says_so_and_stays(house: House) -> None:
    made = schedule(house, attacks=[{"name": "no-such-attack"}])
    house.services.clock.pass_(days=1)
    tick(house.services)
    assert all_audits(house) == []
    assert "could not start" in str(stored(house, made).last_note)
    assert "schedule.failed" in said(house)
    assert stored(house, made).next_run_at > house.services.clock()


def without_steps(house: House, **changes: Any) -> str:
    """A running audit that nobody planned a step for, as after a restored backup, with a spec of another version."""
    with house.services.database.begin() as tx:
        document = replace_spec(house.spec, **changes)
        return audits.create(tx, workspace_id=house.workspace_id, name="old", spec=document, budget=9, now=START).id


def with_a_lost_result(house: House) -> str:
    """Its probe is done, and what it found is not there."""
    audit_id = submitted(house)
    with house.services.database.begin() as tx:
        found = audits.steps(tx, audit_id)[0]
        step = audits.claim(tx, found.id, now=START, lease_seconds=60, max_attempts=9)
        audits.finish(tx, found.id, step.attempt, status=StepStatus.DONE, result={}, reason=None, now=START)
    return audit_id


def test_an_audit_that_cannot_be_planned_ends_and_holds_nobody_up(house: House) -> None:
    """A spec of another version of the program would otherwise stop the clock for every workspace."""
    newer, damaged = without_steps(house, learned_tomorrow=1), with_a_lost_result(house)
    sound, made = without_steps(house), schedule(house)
    house.services.clock.pass_(hours=2)
    tick(house.services)
    by_id = {audit.id: audit for audit in all_audits(house)}
    for audit_id in (newer, damaged):
        assert by_id[audit_id].status is AuditStatus.FAILED
        assert "mend that, then resume it" in str(by_id[audit_id].reason)
    assert "learned_tomorrow" in str(by_id[newer].reason)
    assert by_id[sound].status is AuditStatus.RUNNING
    assert [a.schedule_id for a in by_id.values() if a.schedule_id] == [made.id]
    assert said(house).count("audit.failed") == 2


def test_an_audit_ends_where_nothing_can_be_planned_after_a_step(house: House) -> None:
    """A worker of another version would otherwise run the step again and again, whatever it costs."""
    audit_id = without_steps(house, learned_tomorrow=1)
    with house.services.database.begin() as tx:
        audits.add_steps(tx, audit_id, [NewStep("attack:gap", StepKind.ATTACK, 4, Queue.TRAIN, required=False)])
        (step,) = audits.steps(tx, audit_id)
    run_step(house.services, step.id)
    (audit,) = all_audits(house)
    assert audit.status is AuditStatus.FAILED
    assert "learned_tomorrow" in str(audit.reason)
    assert said(house)[0] == "audit.failed"


def test_a_schedule_whose_zone_is_gone_is_paused_and_holds_no_other_up(house: House) -> None:
    new = NewSchedule("gone", house.spec.as_json(), "0 3 * * *", "Mars/Olympus", house.target_id, START)
    with house.services.database.begin() as tx:
        gone = schedules.create_schedule(tx, house.workspace_id, new, START)
    made = schedule(house)
    house.services.clock.pass_(hours=2)
    tick(house.services)
    assert stored(house, gone).paused
    assert "Mars/Olympus" in str(stored(house, gone).last_note)
    assert [a.schedule_id for a in all_audits(house)] == [made.id]


def test_a_schedule_that_breaks_the_program_waits_for_its_next_firing(house: House) -> None:
    def broken() -> int:
        raise RuntimeError("a mistake of the program")

    settings = replace(house.services.settings, database_url="sqlite://", broker_url="filesystem://")
    made = schedule(house)
    house.services.clock.pass_(hours=2)
    tick(replace(house.services, settings=settings, free_memory=broken))
    after = stored(house, made)
    assert "could not start: an internal error" in str(after.last_note)
    assert after.next_run_at > house.services.clock()
    assert all_audits(house) == []
