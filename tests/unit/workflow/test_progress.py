"""Progress is derived from rows."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from test_plan import done, item, probe_result, spec_of

from auditor.domain.audit import Audit, AuditStatus, Step, StepStatus
from auditor.workflow.plan import planned
from auditor.workflow.submit import progress_of

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def audit(status: AuditStatus = AuditStatus.RUNNING) -> Audit:
    return Audit("a", "w", "an audit", {}, status, NOW)


def rows(statuses: dict[StepStatus, int]) -> list[Step]:
    """The steps of a planned audit, the first ones with these statuses."""
    probe = done(planned(spec_of(), [])[0], probe_result(item("rmia")))
    plan = [replace(done(s), status=StepStatus.WAITING, progress=0.0) for s in planned(spec_of(), [probe])]
    wanted = [status for status, count in statuses.items() for _ in range(count)]
    begun = NOW - timedelta(seconds=10)
    return [replace(s, status=w, started_at=begun) for s, w in zip(plan, wanted, strict=False)] + plan[len(wanted) :]


def test_nothing_done_is_nothing_and_promises_nothing() -> None:
    shown = progress_of(audit(), rows({}), NOW)
    assert (shown.fraction, shown.eta_seconds, shown.steps_done) == (0.0, None, 0)
    assert shown.doing == "finding out what the target answers"


def test_progress_grows_with_the_planned_cost_of_what_is_done() -> None:
    fractions = [progress_of(audit(), rows({StepStatus.DONE: n}), NOW).fraction for n in range(6)]
    assert fractions == sorted(fractions)
    assert 0 < fractions[-1] < 1


def test_the_time_left_follows_from_the_pace_so_far() -> None:
    shown = progress_of(audit(), rows({StepStatus.DONE: 4}), NOW)
    assert shown.eta_seconds == pytest.approx(10 * (1 - shown.fraction) / shown.fraction)


def test_a_running_audit_is_never_shown_as_finished() -> None:
    everything = [replace(s, status=StepStatus.DONE) for s in rows({})]
    assert progress_of(audit(), everything, NOW).fraction == 0.99


def test_what_runs_now_is_said_in_words() -> None:
    assert progress_of(audit(), rows({StepStatus.DONE: 1, StepStatus.RUNNING: 1}), NOW).doing == "asking the target"


@pytest.mark.parametrize(("status", "fraction"), [(AuditStatus.COMPLETED, 1.0), (AuditStatus.CANCELLED, 0.0)])
def test_an_ended_audit_has_no_time_left(status: AuditStatus, fraction: float) -> None:
    shown = progress_of(audit(status), rows({}), NOW)
    assert (shown.fraction, shown.eta_seconds) == (fraction, None)
