"""At least 100 workers are killed at random moments, messages are lost and doubled, and nothing shows in the result."""

import dataclasses
import multiprocessing
import random
import time
from pathlib import Path

from chaos_worker import LossyFolder, work
from small_audit import small_spec, small_target, store_small_data

from auditor.domain.audit import AuditStatus, StepStatus
from auditor.settings import Settings
from auditor.store import audits, ledger
from auditor.workflow import Services, open_services, submit, tick
from auditor.workflow.report_step import comparable

KILLS = 100
MEAN_LIFE_SECONDS = 0.4
FORKSERVER = multiprocessing.get_context("forkserver")
FORKSERVER.set_forkserver_preload(["chaos_worker", "auditor.workflow.steps", "psycopg", "xgboost", "sklearn.linear_model"])


def settings_for(database_url: str, folder: Path) -> Settings:
    plain = Settings(home=folder, database_url=database_url, broker_url="memory://", allow_private_targets=True)
    return dataclasses.replace(plain, lease_seconds=1.5, tick_seconds=0.3, max_attempts=10_000)


def killed_workers_and_lost_messages_change_nothing(database_url: str, tmp_path: Path) -> None:
    """The claim; raises AssertionError where it does not hold."""
    settings = settings_for(database_url, tmp_path)
    folder = tmp_path / "messages"
    folder.mkdir()
    with small_target() as target:
        undisturbed = _undisturbed(settings, target.open_inference)
        services = open_services(settings, dispatch=LossyFolder(folder, random.Random(1)))
        killed = 0
        results = []
        while killed < KILLS:
            seen = target.seen.rows
            audit_id, kills = _audit_under_fire(services, settings, folder, target.open_inference, seed=killed)
            killed += kills
            results.append(_result(services, audit_id))
            _nothing_happened_twice(services, audit_id)
            with services.database.read() as tx:
                assert ledger.spent(tx, audit_id) >= target.seen.rows - seen
        services.close()
    assert killed >= KILLS
    assert all(comparable(r) == comparable(undisturbed) for r in results)


def _undisturbed(settings: Settings, url: str) -> dict:
    """The same audit in one thread that nobody disturbs; in a workspace of its own, so that no shadow is shared."""
    from auditor.workflow import run_locally

    services = run_locally(settings)
    services.database.migrate()
    audit_id = _submit(services, url, "undisturbed")
    _wait(services, audit_id, lambda: None)
    result = _result(services, audit_id)
    services.close()
    return result


def _audit_under_fire(services: Services, settings: Settings, folder: Path, url: str, seed: int) -> tuple[str, int]:
    chance = random.Random(seed)
    audit_id = _submit(services, url, f"under fire {seed}")
    kills = 0

    def strike() -> None:
        nonlocal kills
        worker = FORKSERVER.Process(target=work, args=(settings, folder, chance.randrange(2**30)), daemon=True)
        worker.start()
        life = 0.25 + chance.expovariate(1 / MEAN_LIFE_SECONDS) if seed + kills < KILLS else 2.0
        worker.join(timeout=life)
        worker.kill()
        worker.join()
        kills += 1
        tick(services)

    _wait(services, audit_id, strike)
    return audit_id, kills


def _submit(services: Services, url: str, workspace: str) -> str:
    workspace_id, spec = store_small_data(services, workspace, small_spec(url))
    return submit(services, workspace_id, spec).id


def _wait(services: Services, audit_id: str, meanwhile, seconds: float = 600) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        with services.database.read() as tx:
            audit = audits.by_id(tx, audit_id)
        if audit.status is not AuditStatus.RUNNING:
            assert audit.status is AuditStatus.COMPLETED, audit.reason
            return
        meanwhile()
        time.sleep(0.02)
    raise AssertionError("the audit did not end in time")


def _result(services: Services, audit_id: str) -> dict:
    with services.database.read() as tx:
        result = audits.by_id(tx, audit_id).result
    assert result is not None
    return result


def _nothing_happened_twice(services: Services, audit_id: str) -> None:
    """One row for each step, each ended once; one finding for each attack."""
    with services.database.read() as tx:
        steps = audits.steps(tx, audit_id)
        result = audits.by_id(tx, audit_id).result
    assert len({s.key for s in steps}) == len(steps)
    assert {s.status for s in steps} == {StepStatus.DONE}
    attacks = [f["attack"] for f in result["findings"]]
    assert sorted(attacks) == ["calibrated-correctness", "gap", "loss-threshold", "rmia"]
