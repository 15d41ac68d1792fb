"""Channels that say less behind real audits of Adult: `python -m benchmarks what_if` writes what_if.json and prints a table.

Each audit is the standard tier with 16 shadow models against a model server in this process; the table of channels is then made
from what it left, and timed.
"""

import argparse
import json
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from auditor.demo import adult
from auditor.domain.audit import Audit, AuditStatus
from auditor.domain.learner import Learner
from auditor.domain.spec import parse
from auditor.intake import Limits, read, to_parquet
from auditor.learners import build
from auditor.report.what_if import what_if_of
from auditor.settings import Settings
from auditor.store import audits, datasets, workspaces
from auditor.testing.servers import ModelServer
from auditor.workflow import Services, run_locally, submit, what_if

HERE = Path(__file__).parent
WRITTEN = HERE / "what_if.json"
SEED, SHADOWS = 11, 16
LEARNERS = {
    "xgboost, 100 trees": Learner("xgboost", {"n_estimators": 100}),
    "random forest": Learner("random-forest"),
    "xgboost, depth 3, eta 0.1": Learner("xgboost", {"n_estimators": 100, "max_depth": 3, "learning_rate": 0.1}),
}
ATTACKS = ("gap", "calibrated-correctness", "loss-threshold", "lira", "rmia", "stacked")


def measured(name: str, side: int, attacks: list[Any]) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="auditor-bench-") as folder:
        services = run_locally(Settings(Path(folder), f"sqlite:///{folder}/a.sqlite", "filesystem://"))
        audit = _audited(services, LEARNERS[name], side, attacks)
        begun = time.perf_counter()
        document = what_if.computed(services, audit)
        seconds = time.perf_counter() - begun
        services.close()
    return {"target": name, "side": side, "attacks": attacks, "seconds": round(seconds, 1), "what_if": _short(document)}


def _short(document: dict[str, Any]) -> dict[str, Any]:
    """Without what only a report needs: estimates of single attacks, and the audit's id."""
    for channel in (document["as_it_is"], *document["tried"]):
        for attack in channel["attacks"]:
            attack["estimates"] = []
    return document | {"audit": ""}


def _audited(services: Services, learner: Learner, side: int, attacks: list[Any]) -> Audit:
    split = adult.split(adult.load(), SEED, (side, side))
    model = build(learner, adult.columns(), SEED)
    model.fit(split.members.drop(columns=adult.LABEL), adult.labels(split.members))
    with ModelServer(lambda frame: np.asarray(model.predict_proba(frame))) as server:
        kind = {"name": learner.name, "params": dict(learner.params)}
        target = {"url": server.open_inference, "classes": list(adult.CLASSES)}
        with services.database.begin() as tx:
            workspace = workspaces.create_workspace(tx, "bench", services.clock()).id
            ids = {
                "members": _kept(tx, services, workspace, split.members),
                "non_members": _kept(tx, services, workspace, split.non_members),
                "auxiliary": _kept(tx, services, workspace, split.auxiliary.head(5_000)),
            }
        data = {**ids, "label": adult.LABEL}
        spec = parse({"target": target, "data": data, "learner": kind, "shadows": SHADOWS, "attacks": attacks, "seed": SEED})
        audit = submit(services, workspace, spec)
        while audit.status is AuditStatus.RUNNING:
            time.sleep(0.2)
            with services.database.read() as tx:
                audit = audits.by_id(tx, audit.id)
    if audit.status is not AuditStatus.COMPLETED:
        raise SystemExit(f"the audit ended as {audit.status}: {audit.reason}")
    return audit


def _kept(tx: Any, services: Services, workspace: str, frame: Any) -> str:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "records.csv"
        frame.to_csv(path, index=False)
        table = read(path, Limits(bytes=10**8, rows=10**6, columns=100))
    data = to_parquet(table)
    digest = services.artifacts.put(tx, workspace, data, kind="dataset")
    made = datasets.create_dataset(tx, workspace, "adult", len(frame), dict(table.types), len(data), digest, services.clock())
    return made.id


def table(run: dict[str, Any]) -> str:
    found = what_if_of(run["what_if"])
    assert found is not None
    lines = [f"{run['target']}, {run['side']:,} members and as many non-members, {run['seconds']:.0f} s", "", found.head, ""]
    lines += [*(f"- {sentence}" for sentence in found.defences), ""]
    lines += [
        "| channel | verdict, the attack that finds most | " + " | ".join(found.costs) + " |",
        "|---" * (2 + len(found.costs)) + "|",
    ]
    for line in found.lines:
        leaks = "; ".join(f"{leak.word}: {leak.strongest}" for leak in line.leaks)
        lines.append(f"| {line.name} | {leaks} | " + " | ".join(line.costs) + " |")
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--side", type=int, default=5_000, help="members, and as many non-members")
    parser.add_argument("--target", choices=list(LEARNERS), action="append", help="default: all")
    parser.add_argument("--copy", action="store_true", help="with model stealing too, which takes most of the time")
    options = parser.parse_args()
    attacks = [*ATTACKS, *(["surrogate"] if options.copy else [])]
    runs = [measured(name, options.side, attacks) for name in options.target or LEARNERS]
    told = subprocess.run(["git", "rev-parse", "--short=12", "HEAD"], capture_output=True, text=True, cwd=HERE, check=False)
    WRITTEN.write_text(json.dumps({"commit": told.stdout.strip(), "runs": runs}, sort_keys=True) + "\n")
    print("\n".join(map(table, runs)))


if __name__ == "__main__":
    main()
