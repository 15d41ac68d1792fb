"""What a second worker process gains, and what memory a worker takes: shadows of Adult through the real step table and broker.

Each run is an audit of its own, so that nothing is reused: the workers load and encode the records, train chunks of shadows and
store them. Seconds count from the first start to the last end. Two workers need two free cores: the load stands beside the ratio.
"""

import argparse
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from auditor import settings, workflow
from auditor.demo import adult
from auditor.domain.audit import NewStep, Queue, Step, StepKind, StepStatus
from auditor.domain.spec import AuditSpec, parse
from auditor.intake import Limits, read, to_parquet
from auditor.processes import Child
from auditor.store import audits, datasets, workspaces
from auditor.workflow import Services
from benchmarks.backends import laptop, patient, workers

SHADOWS = {"random-forest": 32, "xgboost": 100, "logistic-regression": 100}
CHUNK = 4
FAR_STAGE = 900  # a step that waits there keeps the audit open


@dataclass(frozen=True)
class Measured:
    """Seconds from first start to last end; the largest peak of one worker's memory, in MiB."""

    seconds: float
    peak: float


def measure(learner: str, shadows: int, side: int, count: int) -> Measured:
    with tempfile.TemporaryDirectory(prefix="auditor-bench-") as folder, laptop(Path(folder)) as environ:
        environ |= {
            "AUDITOR_WORKER_THREADS": "1",
            "AUDITOR_TICK_SECONDS": "3600",
            "OMP_NUM_THREADS": "1",
            "OPENBLAS_NUM_THREADS": "1",
        }
        services = workflow.open_services(settings.load(environ))
        try:
            services.database.migrate()
            workspace, ids = stored(services, side)
            spec = _spec(ids, learner)
            with workers(count, environ, Path(folder)) as children:
                _run(services, workspace, spec, CHUNK * count, 0)  # the workers import their libraries
                steps = _run(services, workspace, spec, shadows, 1)
                return Measured(_span(steps), max(high_water(child) for child in children))
        finally:
            services.close()


def stored(services: Services, side: int) -> tuple[str, dict[str, str]]:
    """A workspace, and its two files of so many records of Adult."""
    frame = adult.load().drop_duplicates().sample(2 * side, random_state=7)
    now, home = services.clock(), services.settings.home
    with services.database.begin() as tx:
        workspace = workspaces.create_workspace(tx, "benchmark", now).id
        ids = {}
        for name, rows in (("members", frame[:side]), ("non_members", frame[side:])):
            data, types, digest = _kept(services, tx, workspace, rows, home / f"{name}.csv")
            ids[name] = datasets.create_dataset(tx, workspace, name, side, types, data, digest, now).id
    return workspace, ids


def _spec(ids: dict[str, str], learner: str) -> AuditSpec:
    target = {"url": "http://127.0.0.1:9/v2/models/none/infer", "classes": list(adult.CLASSES)}
    return parse({"spec": 1, "target": target, "data": {**ids, "label": adult.LABEL}, "learner": learner})


def _kept(services: Services, tx, workspace: str, rows: pd.DataFrame, path: Path):  # type: ignore[no-untyped-def]
    rows.to_csv(path, index=False)
    table = read(path, Limits(bytes=100_000_000, rows=100_000, columns=100))
    data = to_parquet(table)
    return len(data), dict(table.types), services.artifacts.put(tx, workspace, data, kind="dataset")


def _run(services: Services, workspace: str, spec: AuditSpec, shadows: int, seed: int) -> list[Step]:
    """The finished steps of an audit that trains so many shadows; another seed has other shadows."""
    with services.database.begin() as tx:
        terms = {"workspace_id": workspace, "name": "fanout", "budget": 1, "now": services.clock()}
        audit = audits.create(tx, spec=spec.model_copy(update={"seed": seed}).as_json(), **terms)
        audits.add_steps(tx, audit.id, [*_chunks(shadows), NewStep("probe", StepKind.PROBE, FAR_STAGE, Queue.QUERY)])
    workflow.advance(services, audit.id)

    def ours() -> list[Step]:
        with services.database.read() as tx:
            return [s for s in audits.steps(tx, audit.id) if s.kind is StepKind.SHADOWS]

    patient(lambda: all(s.status.is_final for s in ours()), 900)
    failed = next((s for s in ours() if s.status is not StepStatus.DONE), None)
    if failed is not None:
        raise RuntimeError(f"{failed.key} ended {failed.status}: {failed.reason}")
    workflow.cancel(services, workspace, audit.id)
    return ours()


def _chunks(shadows: int) -> list[NewStep]:
    return [
        NewStep(f"shadows:{i}-{i + CHUNK - 1}", StepKind.SHADOWS, 0, Queue.TRAIN, {"first": i, "last": min(i + CHUNK, shadows)})
        for i in range(0, shadows, CHUNK)
    ]


def _span(steps: list[Step]) -> float:
    return (max(s.finished_at for s in steps) - min(s.started_at for s in steps)).total_seconds()  # type: ignore[type-var,operator]


def high_water(child: Child) -> float:
    """The peak in MiB of the largest process under this one, itself included."""
    import psutil

    root = psutil.Process(child.process.pid)
    return max(_peak(p.pid) for p in [root, *root.children(recursive=True)]) / 1024


def _peak(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("learners", nargs="*", help=f"default: {', '.join(SHADOWS)}")
    parser.add_argument("--shadows", type=int, help="default: by learner")
    parser.add_argument("--side", type=int, default=10_000, help="members, and as many non-members")
    parser.add_argument("--workers", type=int, nargs="*", default=[1, 2])
    options = parser.parse_args()
    for learner in options.learners or SHADOWS:
        shadows = options.shadows or SHADOWS[learner]
        first = None
        for count in options.workers:
            found = measure(learner, shadows, options.side, count)
            first = first or found.seconds
            ratio = f"{first / found.seconds:5.2f} x, load {os.getloadavg()[0]:4.1f}"
            line = f"{learner:<20} {shadows:4} shadows {count} worker(s) {found.seconds:7.1f} s {found.peak:6.0f} MiB"
            print(f"{line} {ratio}", flush=True)


if __name__ == "__main__":
    main()
