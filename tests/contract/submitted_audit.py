"""A whole audit of a scikit-learn model that was submitted as a file, from a spec beside its files as `auditor run` reads it."""

import sys
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from auditor.cli import local_spec
from auditor.domain.audit import Audit, AuditStatus
from auditor.settings import Settings
from auditor.store import workspaces
from auditor.workflow import Origin, Services, run_locally, served_model, submit

sys.path.insert(0, str(Path(__file__).parent.parent / "e2e"))
from small_audit import ended


@dataclass(frozen=True, eq=False)
class Submitted:
    services: Services
    workspace_id: str
    audit: Audit

    @property
    def result(self) -> dict[str, Any]:
        assert self.audit.result is not None
        return self.audit.result

    def finding(self, attack: str) -> dict[str, Any]:
        """The only one of this attack."""
        (found,) = [finding for finding in self.result["findings"] if finding["attack"] == attack]
        return dict(found)


@contextmanager
def submitted_audit(folder: Path, model: Any, files: Mapping[str, pd.DataFrame], spec: dict[str, Any]) -> Iterator[Submitted]:
    """The completed audit. `files` by their keys in `data` of the spec; `spec`: what stands there beside them and the target."""
    services = run_locally(Settings(folder, f"sqlite:///{folder}/a.sqlite", "filesystem://", worker_threads=1))
    try:
        with services.database.begin() as tx:
            workspace_id = workspaces.create_workspace(tx, uuid.uuid4().hex, services.clock()).id
        known = local_spec.register(services, workspace_id, local_spec.read_spec(_written(folder, model, files, spec)), folder)
        audit = ended(services, submit(services, workspace_id, known.spec, Origin(target_id=known.target_id)).id)
        assert audit.status is AuditStatus.COMPLETED, audit.reason
        yield Submitted(services, workspace_id, audit)
    finally:
        services.close()
        served_model._shelf.clear()


def _written(folder: Path, model: Any, files: Mapping[str, pd.DataFrame], spec: dict[str, Any]) -> Path:
    import skops.io

    for name, frame in files.items():
        frame.to_csv(folder / f"{name}.csv", index=False)
    (folder / "model.skops").write_bytes(bytes(skops.io.dumps(model)))
    data = {name: f"{name}.csv" for name in files} | {"label": "label", **spec.get("data", {})}
    target = {"model": "model.skops", "classes": ["no", "yes"]}
    (folder / "spec.yaml").write_text(yaml.safe_dump({"spec": 1, "name": "submitted", **spec, "target": target, "data": data}))
    return folder / "spec.yaml"
