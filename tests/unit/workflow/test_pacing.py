"""The limits of a spec as they reach the client, and what progress says of a wait."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from test_plan import done, item, probe_result, spec_of
from web_house import services_over

from auditor.domain.audit import Audit, AuditStatus, StepStatus
from auditor.store import workspaces
from auditor.store.engine import open_database
from auditor.workflow.pacing import limits_of, rate_of, waiting
from auditor.workflow.plan import planned
from auditor.workflow.submit import progress_of

MONDAY_NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
WINDOW = {"start": "08:00", "end": "18:00", "zone": "Europe/Berlin", "days": ["mon"]}


def audit(workspace: str = "w", rate: float = 0.0, **limits: Any) -> Audit:
    target = {"url": "http://Models.example:8080/x", "limits": limits or None}
    spec = {"target": target, "budget": {"rate": rate}}
    return Audit("a", workspace, "an audit", spec, AuditStatus.RUNNING, MONDAY_NOON)


@pytest.fixture
def services(tmp_path):
    database = open_database(f"sqlite:///{tmp_path / 'auditor.sqlite'}")
    database.migrate()
    opened = services_over(database, tmp_path)
    yield replace(opened, clock=lambda: MONDAY_NOON)
    opened.close()


def test_an_audit_without_limits_has_the_usual_ones() -> None:
    assert limits_of(audit()).connections == 4
    assert limits_of(audit()).blackout == ()


def test_two_audits_of_one_host_take_turns(services) -> None:
    with services.database.begin() as tx:
        workspace = workspaces.create_workspace(tx, "ours", MONDAY_NOON).id
    first, second = (rate_of(services, audit(workspace, rate=10.0)) for _ in range(2))
    assert first.reserve is not None
    assert second.reserve is not None
    assert [first.reserve(2.0), second.reserve(3.0), first.reserve(1.0)] == pytest.approx([0.0, 2.0, 5.0], abs=1e-5)


def test_a_rate_knows_its_closed_hours_and_connections(services) -> None:
    rate = rate_of(services, audit(connections=1, blackout=[WINDOW]))
    assert rate.connections == 1
    assert rate.closed() == 5 * 3600
    later = replace(services, clock=lambda: MONDAY_NOON + timedelta(hours=5))
    assert rate_of(later, audit(blackout=[WINDOW])).closed() == 0.0


def test_progress_says_until_when_it_waits() -> None:
    probe = done(planned(spec_of(), [])[0], probe_result(item("rmia")))
    asking, *rest = [replace(done(s), status=StepStatus.WAITING, progress=0.0) for s in planned(spec_of(), [probe])]
    running = replace(asking, status=StepStatus.RUNNING, started_at=MONDAY_NOON)
    closed = audit(blackout=[WINDOW])
    shown = progress_of(closed, [probe, running, *rest], MONDAY_NOON)
    assert shown.doing == "waiting until Mon 18:00 (Europe/Berlin): the target is not asked before"
    assert waiting(closed, [probe, running, *rest], MONDAY_NOON + timedelta(hours=6)) is None
    assert waiting(closed, [probe, asking, *rest], MONDAY_NOON) is None
    assert waiting(audit(), [running], MONDAY_NOON) is None
