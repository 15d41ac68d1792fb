"""Steps per second and overhead a step: message, claim, lease, finish, plan, next message, around steps with almost no work.

Each configuration runs one wide audit (all steps ready at once: throughput) and one chain (each step waits for the one
before: latency), on SQLite with the folder as broker and on PostgreSQL with a Redis-protocol server, with 1 and 2 worker processes.
The step is a real one: `choose` with a declared learner.
"""

import argparse
import statistics
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd

from auditor import settings, workflow
from auditor.domain.audit import NewStep, Queue, Step, StepKind, StepStatus
from auditor.domain.spec import AuditSpec, parse
from auditor.intake import Limits, read, to_parquet
from auditor.store import audits, datasets, workspaces
from auditor.workflow import Services
from benchmarks.backends import laptop, patient, servers, workers

BACKENDS = {"sqlite + folder": laptop, "postgresql + redis": servers}
FAR_STAGE = 900  # a step that waits there keeps the audit open


@dataclass(frozen=True)
class Measured:
    """`steps` a second from the first start to the last end; median milliseconds from one start to the next in a chain; median
    milliseconds between start and end of one step."""

    backend: str
    workers: int
    wide: float
    chain_ms: float
    inside_ms: float

    def line(self) -> str:
        numbers = f"{self.wide:9.1f} {self.chain_ms:12.1f} {self.inside_ms:12.1f}"
        return f"{self.backend:<20} {self.workers:>7} {numbers}"


HEADER = f"{'backend':<20} {'workers':>7} {'steps/s':>9} {'ms a link':>12} {'ms inside':>12}"


def measure(backend: str, worker_count: int, steps: int) -> Measured:
    with tempfile.TemporaryDirectory(prefix="auditor-bench-") as folder, BACKENDS[backend](Path(folder)) as environ:
        environ |= {"AUDITOR_WORKER_THREADS": "1", "AUDITOR_TICK_SECONDS": "3600"}
        services = workflow.open_services(settings.load(environ))
        try:
            services.database.migrate()
            workspace, spec = _stored(services)
            with workers(worker_count, environ, Path(folder)):
                _run(services, workspace, spec, [0] * 4 * worker_count)  # the workers import their libraries
                wide = _run(services, workspace, spec, [0] * steps)
                chain = _run(services, workspace, spec, list(range(steps // 4)))
        finally:
            services.close()
    return Measured(backend, worker_count, steps / _span(wide), 1000 * _between(chain), 1000 * _inside(wide))


def _stored(services: Services) -> tuple[str, AuditSpec]:
    """A workspace with two small files, and a spec that names them."""
    now = services.clock()
    with services.database.begin() as tx:
        workspace = workspaces.create_workspace(tx, "benchmark", now).id
        ids = {}
        for name, seed in (("members", 1), ("non_members", 2)):
            table = read(_file(services.settings.home / f"{name}.csv", seed), Limits(bytes=10_000_000, rows=10_000, columns=100))
            data = to_parquet(table)
            digest = services.artifacts.put(tx, workspace, data, kind="dataset")
            ids[name] = datasets.create_dataset(tx, workspace, name, 100, dict(table.types), len(data), digest, now).id
    target = {"url": "http://127.0.0.1:9/v2/models/none/infer", "classes": ["no", "yes"]}
    return workspace, parse({"spec": 1, "target": target, "data": {**ids, "label": "label"}, "learner": "logistic-regression"})


def _file(path: Path, seed: int) -> Path:
    rng = np.random.default_rng(seed)
    cells = {"a": rng.normal(size=100), "b": rng.normal(size=100), "label": np.where(rng.random(100) < 0.5, "no", "yes")}
    pd.DataFrame(cells).to_csv(path, index=False)
    return path


def _run(services: Services, workspace: str, spec: AuditSpec, stages: list[int]) -> list[Step]:
    """Runs one audit with a step at each of these stages; the finished steps."""
    now = datetime.now(UTC)
    with services.database.begin() as tx:
        audit = audits.create(tx, workspace_id=workspace, name="benchmark", spec=spec.as_json(), budget=1, now=now)
        ours = [NewStep(f"choose-{i:04d}", StepKind.CHOOSE, stage, Queue.TRAIN) for i, stage in enumerate(stages)]
        last = NewStep("probe", StepKind.PROBE, FAR_STAGE, Queue.QUERY)
        audits.add_steps(tx, audit.id, [*ours, last])
    workflow.advance(services, audit.id)

    def finished() -> list[Step]:
        with services.database.read() as tx:
            return [s for s in audits.steps(tx, audit.id) if s.kind is StepKind.CHOOSE and s.status is StepStatus.DONE]

    patient(lambda: len(finished()) == len(stages))
    workflow.cancel(services, workspace, audit.id)
    return finished()


def _span(steps: list[Step]) -> float:
    return (max(s.finished_at for s in steps) - min(s.started_at for s in steps)).total_seconds()  # type: ignore[type-var,operator]


def _between(steps: list[Step]) -> float:
    started = sorted(s.started_at.timestamp() for s in steps if s.started_at)
    return float(np.median(np.diff(started)))


def _inside(steps: list[Step]) -> float:
    return statistics.median((s.finished_at - s.started_at).total_seconds() for s in steps if s.started_at and s.finished_at)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=200, help="steps of the wide audit; the chain has a quarter; default: 200")
    steps = parser.parse_args().steps
    print(HEADER, flush=True)
    for backend in BACKENDS:
        for count in (1, 2):
            print(measure(backend, count, steps).line(), flush=True)


if __name__ == "__main__":
    main()
