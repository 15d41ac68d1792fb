"""The service as it is deployed survives what happens to services, and its findings do not change."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from deployment import Deployment, deployed, wait_for
from small_audit import LABELS, MEMBERS, NON_MEMBERS, small_target

from auditor.demo.client import Client
from auditor.domain.audit import StepStatus
from auditor.testing.servers import ModelServer
from auditor.workflow.report_step import comparable

BUDGET = 20_000
SLOW_LEARNER = {"name": "random-forest", "params": {"n_estimators": 400}}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    with deployed(tmp_path_factory.mktemp("service")) as running:
        yield running


@pytest.fixture(scope="module")
def target() -> Iterator[ModelServer]:
    with small_target() as server:
        yield server


def submitted(client: Client, target: ModelServer, **changes: Any) -> str:
    """An audit whose shadows take a while, so that there is something to disturb."""
    block = {"url": target.open_inference, "protocol": "open-inference", "classes": list(LABELS)}
    target_id = client.register_target("small", block)["id"]
    data = {"members": client.upload("members", MEMBERS)["id"], "non_members": client.upload("others", NON_MEMBERS)["id"]}
    spec = {
        "spec": 1,
        "name": "small",
        "target": target_id,
        "data": {**data, "label": "label"},
        "learner": SLOW_LEARNER,
        "attacks": ["gap", "loss-threshold", "lira", "rmia"],
        "shadows": 16,
        "budget": {"queries": BUDGET},
    }
    return str(client.submit({**spec, **changes})["id"])


def finished(client: Client, audit_id: str) -> dict[str, Any]:
    ended = wait_for(lambda: _ended(client, audit_id), "the end of the audit", 180)
    assert ended["status"] == "completed", ended["reason"]
    return client.result(audit_id)


def _ended(client: Client, audit_id: str) -> dict[str, Any] | None:
    audit = client.audit(audit_id)
    return audit if audit["status"] != "running" else None


def in_mid_shadow(service: Deployment, audit_id: str) -> None:
    """Returns while shadows are being trained and some are still to come."""

    def training() -> bool:
        shadows = [s.status for s in service.steps(audit_id) if s.key.startswith("shadows:")]
        return StepStatus.RUNNING in shadows and StepStatus.WAITING in shadows

    wait_for(training, "training of shadows")


@pytest.fixture(scope="module")
def undisturbed(service: Deployment, target: ModelServer) -> dict[str, Any]:
    client = service.new_workspace("undisturbed")
    return finished(client, submitted(client, target))


def test_an_audit_runs_from_submission_to_report(undisturbed: dict[str, Any]) -> None:
    assert undisturbed["audit"]["status"] == "completed"
    assert {f["attack"] for f in undisturbed["findings"]} == {"gap", "loss-threshold", "lira", "rmia"}
    assert undisturbed["not_run"] == []


def test_a_killed_worker_and_a_flushed_broker_change_no_finding(
    service: Deployment, target: ModelServer, undisturbed: dict[str, Any]
) -> None:
    client = service.new_workspace("killed")
    audit_id = submitted(client, target)
    in_mid_shadow(service, audit_id)
    service.kill("worker-1")
    service.flush_broker()
    service.start("worker-1", "-m", "auditor", "worker")
    assert comparable(finished(client, audit_id)) == comparable(undisturbed)


def test_a_restarted_database_changes_no_finding(service: Deployment, target: ModelServer, undisturbed: dict[str, Any]) -> None:
    client = service.new_workspace("database")
    audit_id = submitted(client, target)
    in_mid_shadow(service, audit_id)
    service.restart_database()
    assert comparable(finished(client, audit_id)) == comparable(undisturbed)


def test_a_restarted_broker_changes_no_finding(service: Deployment, target: ModelServer, undisturbed: dict[str, Any]) -> None:
    client = service.new_workspace("broker")
    audit_id = submitted(client, target)
    in_mid_shadow(service, audit_id)
    service.kill("redis")
    time.sleep(1)
    service.start_redis()
    assert comparable(finished(client, audit_id)) == comparable(undisturbed)
    assert all(service.processes[name].poll() is None for name in ("worker-1", "worker-2", "beat", "api"))


def test_cancelling_stops_the_work_within_ten_seconds_and_resuming_completes_it(
    service: Deployment, target: ModelServer, undisturbed: dict[str, Any]
) -> None:
    client = service.new_workspace("cancelled")
    audit_id = submitted(client, target)
    in_mid_shadow(service, audit_id)
    began = time.monotonic()
    client._ask("POST", f"audits/{audit_id}/cancel")
    idle = lambda: all(s.status is not StepStatus.RUNNING for s in service.steps(audit_id))  # noqa: E731
    wait_for(lambda: idle() and client.audit(audit_id)["status"] == "cancelled", "cancellation", 10)
    assert time.monotonic() - began < 10
    client._ask("POST", f"audits/{audit_id}/resume")
    assert comparable(finished(client, audit_id)) == comparable(undisturbed)


def test_the_target_never_sees_more_rows_than_were_spent_and_spending_stays_within_the_budget(
    service: Deployment, target: ModelServer
) -> None:
    client = service.new_workspace("budget")
    before = target.seen.rows
    audit_id = submitted(
        client, target, budget={"queries": 1_400}, attacks=["gap", "loss-threshold"], shadows=4, learner="logistic-regression"
    )
    finished(client, audit_id)
    spent = client.audit(audit_id)["queries"]
    assert target.seen.rows - before <= spent <= 1_400


def test_a_budget_that_cannot_cover_the_candidates_is_refused_with_the_number(service: Deployment, target: ModelServer) -> None:
    client = service.new_workspace("small budget")
    audit_id = submitted(client, target, budget={"queries": 500})
    ended = wait_for(lambda: _ended(client, audit_id), "the refusal")
    assert ended["status"] == "failed"
    assert "the budget is 500" in ended["reason"] or "query budget of 500" in ended["reason"]


def test_nothing_is_left_in_the_folder_but_logs(service: Deployment) -> None:
    assert {p.suffix for p in Path(service.folder).iterdir() if p.is_file()} <= {".log"}
