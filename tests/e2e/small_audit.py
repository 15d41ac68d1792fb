"""A small audit that takes seconds: 300 members and 300 non-members of a made-up population, a logistic model behind HTTP."""

import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from auditor.domain.audit import Audit, AuditStatus
from auditor.domain.data import Column, ColumnType
from auditor.domain.learner import Learner
from auditor.domain.spec import AuditSpec, parse
from auditor.intake import Limits, Table, read, to_parquet
from auditor.learners import build
from auditor.store import audits, datasets, workspaces
from auditor.testing.servers import ModelServer
from auditor.workflow import Services

COLUMNS = (Column("age", ColumnType.INTEGER), Column("income", ColumnType.NUMBER), Column("town", ColumnType.STRING))
LABELS = ("no", "yes")


def people(count: int, seed: int) -> pd.DataFrame:
    """A mixed population whose label follows age and income, with noise to memorise."""
    rng = np.random.default_rng(seed)
    age = rng.integers(18, 90, count)
    income = np.round(rng.lognormal(3, 0.5, count), 3)
    town = rng.choice(["Aa", "Bee", "Cee"], count)
    yes = rng.random(count) < 1 / (1 + np.exp(-(age - 50) / 12 - (income - 22) / 15))
    return pd.DataFrame({"age": age, "income": income, "town": town.astype(object), "label": np.where(yes, "yes", "no")})


MEMBERS, NON_MEMBERS = people(300, 1), people(300, 2)


@contextmanager
def small_target() -> Iterator[Any]:
    """A real HTTP server over a model that was trained on the members."""
    model = build(Learner("logistic-regression"), COLUMNS, seed=0)
    model.fit(MEMBERS.drop(columns="label"), (MEMBERS["label"] == "yes").to_numpy().astype(np.intp))
    with ModelServer(lambda frame: np.asarray(model.predict_proba(frame[[c.name for c in COLUMNS]]))) as server:
        yield server


def small_spec(url: str, **changes: Any) -> AuditSpec:
    document = {
        "spec": 1,
        "name": "small",
        "target": {"url": url, "classes": list(LABELS)},
        "data": {"members": "members", "non_members": "non-members", "label": "label"},
        "learner": "logistic-regression",
        "attacks": "quick",
    }
    return parse({**document, **changes})


def store_small_data(services: Services, workspace: str, spec: AuditSpec) -> tuple[str, AuditSpec]:
    """A fresh workspace with both files; the spec comes back with their ids."""
    return store_data(services, workspace, spec, {"members": MEMBERS, "non_members": NON_MEMBERS})


def store_data(services: Services, workspace: str, spec: AuditSpec, files: Mapping[str, pd.DataFrame]) -> tuple[str, AuditSpec]:
    """The same with files of one's own, by their keys in `data` of the spec."""
    with services.database.begin() as tx:
        workspace_id = workspaces.create_workspace(tx, workspace, services.clock()).id
        ids = {name: store_table(tx, services, workspace_id, name, frame) for name, frame in files.items()}
    return workspace_id, spec.model_copy(update={"data": spec.data.model_copy(update=ids)})


def ended(services: Services, audit_id: str) -> Audit:
    """The audit once it no longer runs."""
    until = time.monotonic() + 300  # a machine may be busy with other work
    while time.monotonic() < until:
        with services.database.read() as tx:
            audit = audits.by_id(tx, audit_id)
        if audit.status is not AuditStatus.RUNNING:
            return audit
        time.sleep(0.05)
    raise AssertionError("the audit did not end")


def _table(frame: pd.DataFrame) -> Table:
    """The frame as a user would give it: a CSV file, read within limits."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table.csv"
        frame.to_csv(path, index=False)
        return read(path, Limits(bytes=10_000_000, rows=10_000, columns=100))


def store_table(tx: Any, services: Services, workspace_id: str, name: str, frame: pd.DataFrame) -> str:
    table = _table(frame)
    data = to_parquet(table)
    digest = services.artifacts.put(tx, workspace_id, data, kind="dataset")
    return datasets.create_dataset(tx, workspace_id, name, len(frame), dict(table.types), len(data), digest, services.clock()).id
