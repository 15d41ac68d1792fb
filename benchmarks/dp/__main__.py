"""Trains models with differential privacy in environments of their own, audits them over HTTP, records their answers.

    python -m benchmarks.dp [--only diffprivlib|opacus] [--home build/dp]

Writes tests/fixtures/dp/<library>.npz, which `make test` scores again, and the tables of docs/epsilon.md. Environments are kept
under --home.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from auditor.domain.data import AuditData
from auditor.domain.target import Rows, Target
from auditor.learners import check
from auditor.querying import Guard, MemoryLedger, QueryClient, http_transport
from auditor.shadows import trainers
from benchmarks.dp import page, recorded, records
from benchmarks.dp.environments import python_of

FOREIGN = Path(__file__).parent / "foreign"
ATTACKS = ("loss-threshold", "lira", "rmia")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=tuple(recorded.KINDS), help="one library; default: all")
    parser.add_argument("--home", type=Path, default=Path("build/dp"), help="where the environments are kept")
    parser.add_argument("--no-audits", action="store_true", help="record answers only, without whole audits")
    arguments = parser.parse_args()
    for library in [arguments.only] if arguments.only else recorded.KINDS:
        python = python_of(library, arguments.home.absolute())
        with tempfile.TemporaryDirectory() as folder:
            audits = _of(library, python, Path(folder), not arguments.no_audits)
        page.write(library, python, audits)


def _of(library: str, python: Path, folder: Path, with_audits: bool) -> list[page.Audit]:
    data = records.load()
    records.write(data, folder)
    audits = []
    with served(library, python, folder) as origin:
        arrays = {"is_member": data.is_member, "labels": data.candidates.labels.astype(np.uint8)}
        for kind in recorded.KINDS[library]:
            arrays[f"shadows_{kind}"] = _shadows(kind, data)
            for level in recorded.LEVELS:
                for seed in recorded.SEEDS:
                    name = f"{kind}-{level}-{seed}"
                    arrays[name] = _answers(f"{origin}/v2/models/{name}/infer", data)
                if with_audits:
                    audits.append(_audited(kind, level, origin, folder))
    recorded.FOLDER.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(recorded.FOLDER / f"{library}.npz", **arrays)
    return audits


@contextmanager
def served(library: str, python: Path, folder: Path) -> Iterator[str]:
    line = [str(python), str(FOREIGN / "serve.py"), f"{library}_target", str(folder / "data.npz")]
    with subprocess.Popen(line, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            yield f"http://127.0.0.1:{int(server.stdout.readline())}"
        finally:
            server.terminate()


def _answers(url: str, data: AuditData) -> np.ndarray:
    """(n,) the probability of the second class, asked like an audit asks."""
    target = Target(url, rows=Rows.MATRIX, classes=records.CLASSES)
    transport = http_transport(target, data.columns, None, Guard(allow_loopback=True), timeout=300)
    return QueryClient(transport, MemoryLedger(10_000), recorded.PROFILE)(data.candidates.features)[:, 1].astype(np.float32)


def _shadows(kind: str, data: AuditData) -> np.ndarray:
    """(K, n) log-odds of the second class."""
    learner = check(recorded.LEARNERS[kind])
    indices = range(recorded.SHADOWS)
    found = trainers.train(learner, data.columns, data.candidates, 2, indices, recorded.SEED, recorded.ignore)
    return found[:, :, 1].astype(np.float16)


def _audited(kind: str, level: str, origin: str, folder: Path) -> page.Audit:
    """One whole audit by the command line, of the model trained with the first seed."""
    learner = recorded.LEARNERS[kind]
    claim = None if level == "none" else {"epsilon": float(level), "delta": recorded.DELTA}
    spec = {
        "spec": 1,
        "name": f"{kind}-{level}",
        "target": {"url": f"{origin}/v2/models/{kind}-{level}-0/infer", "rows": "matrix", "classes": list(records.CLASSES)},
        "data": {"members": "members.csv", "non_members": "non_members.csv", "label": "income"},
        "learner": {"name": learner.name, "params": dict(learner.params)},
        "attacks": list(ATTACKS),
        "shadows": recorded.SHADOWS,
        "claimed_epsilon": claim,
        "seed": recorded.SEED,
    }
    (folder / "audit.yaml").write_text(json.dumps(spec), encoding="utf-8")  # JSON is YAML
    result = folder / "result.json"
    result.unlink(missing_ok=True)
    line = [sys.executable, "-m", "auditor", "run", "audit.yaml", "--home", "home", "--output", "result.json"]
    said = subprocess.run(line, cwd=folder, capture_output=True, text=True).stderr
    if not result.exists():
        sys.exit(f"the audit of {kind}-{level} failed: {said.strip()[-500:]}")
    return page.Audit(kind, level, json.loads(result.read_text(encoding="utf-8")))


if __name__ == "__main__":
    main()
