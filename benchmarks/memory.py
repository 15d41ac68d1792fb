"""What memory one worker takes for a whole audit of Adult: probe, shadow models, attacks, controls and grading in one process.

The target is the demonstration's model. Memory is that of the worker process with its libraries: its resident set, sampled while a
step of each kind runs, and the high-water mark that the kernel keeps of the whole audit.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from auditor import settings, workflow
from auditor.demo import adult
from auditor.domain.audit import StepStatus
from auditor.domain.spec import AuditSpec, parse
from auditor.processes import Child, Program, free_port, wait_for_port
from auditor.store import audits
from auditor.workflow import Services
from benchmarks.backends import laptop, patient, workers
from benchmarks.fanout import high_water, stored

ONE_THREAD = {"AUDITOR_WORKER_THREADS": "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
MIB = 2**20


@contextmanager
def target(home: Path) -> Iterator[str]:
    """The address of a model that is served."""
    port = free_port()
    line = (sys.executable, "-m", "auditor.demo.serve", "--port", str(port))
    child = Child(Program("the target", line, output=home / "target.log"))
    try:
        wait_for_port(child, port)
        yield f"http://127.0.0.1:{port}/v2/models/income/infer"
    finally:
        child.stop()


def measure(learner: str, shadows: int, side: int, attacks: str) -> dict[str, float]:
    """MiB by kind of step, and `all` for the audit as a whole."""
    with tempfile.TemporaryDirectory(prefix="auditor-bench-") as folder, laptop(Path(folder)) as environ:
        environ |= ONE_THREAD | {"AUDITOR_ALLOW_PRIVATE_TARGETS": "1"}
        services = workflow.open_services(settings.load(environ))
        try:
            services.database.migrate()
            workspace, ids = stored(services, side)
            with target(Path(folder)) as url, workers(1, environ, Path(folder)) as children:
                block = {"url": url, "classes": list(adult.CLASSES)}
                wanted = {"learner": learner, "shadows": shadows, "attacks": attacks, "budget": {"queries": 1_000_000}}
                spec = parse({"spec": 1, "target": block, "data": {**ids, "label": adult.LABEL}, **wanted})
                return _watched(services, workspace, spec, children[0])
        finally:
            services.close()


def _watched(services: Services, workspace: str, spec: AuditSpec, child: Child) -> dict[str, float]:
    audit = workflow.submit(services, workspace, spec)
    found: dict[str, float] = {}

    def is_over() -> bool:
        with services.database.read() as tx:
            now, steps = audits.get(tx, workspace, audit.id), audits.steps(tx, audit.id)
        for step in steps:
            if step.status is StepStatus.RUNNING:
                place = step.key if step.kind in ("attack", "control") else str(step.kind)
                found[place] = max(found.get(place, 0.0), _resident(child))
        if now.status == "failed":
            raise RuntimeError(f"the audit failed: {now.reason}")
        return now.status == "completed"

    patient(is_over, 1_200)
    return found | {"all": high_water(child)}


def _resident(child: Child) -> float:
    root = psutil.Process(child.process.pid)
    return max(p.memory_info().rss for p in [root, *root.children(recursive=True)]) / MIB


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("learners", nargs="*", default=["xgboost"])
    parser.add_argument("--shadows", type=int, default=100)
    parser.add_argument("--side", type=int, default=10_000, help="members, and as many non-members")
    parser.add_argument("--attacks", default="standard", choices=["quick", "standard", "full"])
    options = parser.parse_args()
    for learner in options.learners:
        print(f"{learner}, {options.shadows} shadows, {2 * options.side:,} records, {options.attacks}: MiB", flush=True)
        for place, peak in measure(learner, options.shadows, options.side, options.attacks).items():
            print(f"  {place:<40} {peak:6.0f}", flush=True)


if __name__ == "__main__":
    main()
