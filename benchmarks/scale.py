"""10,000 shadows over 100 workers through the real step table, without a fit: does anything run twice, and how fast can rows turn?

Every message comes twice, to two processes, as a broker may deliver it. A worker is a thread that claims, beats once, finishes and
plans what follows, as `run_step` does; the work in between is a sleep. The audit is real up to the shadows: spec, plan, stages.
"""

import argparse
import multiprocessing
import random
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from auditor import settings, workflow
from auditor.domain.audit import NewStep, Queue, Step, StepKind, StepStatus
from auditor.domain.spec import parse
from auditor.errors import Unavailable
from auditor.store import audits, workspaces
from auditor.store.engine import Transaction
from auditor.workflow import Services
from auditor.workflow.advance import after
from auditor.workflow.plan import SHADOWS
from benchmarks.backends import laptop, servers

BACKENDS = {"sqlite": laptop, "postgresql": servers}
PROCESSES = 4
T = TypeVar("T")
DOCUMENT = {"target": {"url": "http://127.0.0.1:9/v2/models/m/infer"}, "data": {"members": "a", "non_members": "b", "label": "y"}}


@dataclass(frozen=True)
class Counted:
    """Of one process: messages it took, steps it won and finished, and seconds its workers waited for rows in all."""

    messages: int
    claimed: int
    finished: int
    waited: float


@dataclass(frozen=True)
class Measured:
    backend: str
    workers: int
    steps: int
    counted: Counted
    doubles: int
    seconds: float

    def line(self) -> str:
        c = self.counted
        rates = f"{self.steps / self.seconds:8.0f} {1000 * c.waited / self.steps:12.0f}"
        numbers = f"{self.workers:7} {self.steps:6} {c.messages:9} {c.claimed:8} {c.finished:9} {self.doubles:8}"
        return f"{self.backend:<11} {numbers} {self.seconds:8.1f} {rates}"


COLUMNS = f"{'workers':>7} {'steps':>6} {'messages':>9} {'claimed':>8} {'finished':>9} {'doubles':>8}"
HEADER = f"{'backend':<11} {COLUMNS} {'seconds':>8} {'steps/s':>8} {'ms in rows':>12}"


def measure(backend: str, workers: int, shadows: int, chunk: int, work: float) -> Measured:
    with tempfile.TemporaryDirectory(prefix="auditor-bench-") as folder, BACKENDS[backend](Path(folder)) as environ:
        services = _opened(environ)
        services.database.migrate()
        audit_id = _audit(services, shadows, chunk)
        with services.database.read() as tx:
            ids = [s.id for s in audits.steps(tx, audit_id) if s.kind is StepKind.SHADOWS]
        shares = _twice(ids)
        start = time.monotonic()
        with multiprocessing.get_context("spawn").Pool(PROCESSES) as pool:
            counted = pool.starmap(_process, [(environ, share, workers // PROCESSES, work) for share in shares])
        begun = [s.started_at for s in _steps(services, audit_id) if s.started_at]
        ended = [s.finished_at for s in _steps(services, audit_id) if s.finished_at and s.kind is StepKind.SHADOWS]
        doubles = sum(s.attempt != 1 for s in _steps(services, audit_id) if s.kind is StepKind.SHADOWS)
        seconds = (max(ended) - min(begun)).total_seconds() if ended else time.monotonic() - start
        services.close()
    total = Counted(*(sum(getattr(c, name) for c in counted) for name in ("messages", "claimed", "finished", "waited")))
    return Measured(backend, workers, len(ids), total, doubles, seconds)


def _opened(environ: dict[str, str]) -> Services:
    return workflow.open_services(settings.load(environ), dispatch=_Deaf())


class _Deaf:
    """Messages are handed out by the benchmark."""

    def deliver(self, steps: Sequence[tuple[str, Queue]]) -> None:
        pass

    def close(self) -> None:
        pass


def _audit(services: Services, shadows: int, chunk: int) -> str:
    now = services.clock()
    with services.database.begin() as tx:
        workspace = workspaces.create_workspace(tx, "benchmark", now).id
        audit = audits.create(tx, workspace_id=workspace, name="scale", spec=parse(DOCUMENT).as_json(), budget=1, now=now)
        cuts = range(0, shadows, chunk)
        ours = [NewStep(f"shadows:{i}-{i + chunk - 1}", StepKind.SHADOWS, SHADOWS, Queue.TRAIN, {"first": i}) for i in cuts]
        last = NewStep("probe", StepKind.PROBE, SHADOWS + 1, Queue.QUERY)  # keeps the audit open
        audits.add_steps(tx, audit.id, [*ours, last])
    return audit.id


def _steps(services: Services, audit_id: str) -> list[Step]:
    with services.database.read() as tx:
        return audits.steps(tx, audit_id)


def _twice(ids: list[str]) -> list[list[str]]:
    """Each process gets its share and that of its neighbour, in an order of its own."""
    shares = [ids[i::PROCESSES] for i in range(PROCESSES)]
    both = [[*shares[i], *shares[(i + 1) % PROCESSES]] for i in range(PROCESSES)]
    for i, share in enumerate(both):
        random.Random(i).shuffle(share)
    return both


def _process(environ: dict[str, str], ids: list[str], threads: int, work: float) -> Counted:
    services = _opened(environ)
    with ThreadPoolExecutor(threads) as pool:
        ended = list(pool.map(lambda step_id: _worked(services, step_id, work), ids))
    services.close()
    return Counted(len(ids), sum(c for c, _, _ in ended), sum(f for _, f, _ in ended), sum(s for _, _, s in ended))


def _worked(services: Services, step_id: str, work: float) -> tuple[bool, bool, float]:
    """(claimed, finished, seconds beside the work)"""
    start = time.monotonic()
    step = _patiently(services, lambda tx: _claimed(tx, services, step_id))
    if step is None:
        return False, False, time.monotonic() - start
    time.sleep(work)
    terms = {"progress": 0.5, "lease_seconds": 60}
    _patiently(services, lambda tx: audits.beat(tx, step.id, step.attempt, now=services.clock(), **terms))
    done = _patiently(services, lambda tx: _finished(tx, services, step))
    return True, done, time.monotonic() - start - work


def _claimed(tx: Transaction, services: Services, step_id: str) -> Step | None:
    return audits.claim(tx, step_id, now=services.clock(), lease_seconds=60, max_attempts=20)


def _finished(tx: Transaction, services: Services, step: Step) -> bool:
    result = {"trained": 4, "digests": {str(i): f"{i:064d}" for i in range(4)}}
    terms = {"status": StepStatus.DONE, "result": result, "reason": None, "now": services.clock()}
    done = audits.finish(tx, step.id, step.attempt, **terms)
    after(tx, services, step, StepStatus.DONE)
    return done


def _patiently(services: Services, act: Callable[[Transaction], T]) -> T:
    """As workers do: where the database has no connection to spare, they try again."""
    while True:
        try:
            with services.database.begin() as tx:
                return act(tx)
        except Unavailable:
            time.sleep(0.2)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("backends", nargs="*", default=list(BACKENDS))
    parser.add_argument("--workers", type=int, default=100)
    parser.add_argument("--shadows", type=int, default=10_000)
    parser.add_argument("--chunk", type=int, default=4, help="shadows a step; default: 4")
    parser.add_argument(
        "--work", type=float, default=0.0, help="seconds a step pretends to train; default: 0, as fast as rows turn"
    )
    options = parser.parse_args()
    print(HEADER, flush=True)
    for backend in options.backends:
        print(measure(backend, options.workers, options.shadows, options.chunk, options.work).line(), flush=True)


if __name__ == "__main__":
    main()
