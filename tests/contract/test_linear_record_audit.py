"""A whole audit of a submitted logistic regression rebuilds single members, and reproduces its finding."""

import json
import sys
import uuid
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pandas as pd
import yaml

from auditor.cli import local_spec
from auditor.domain.audit import AuditStatus
from auditor.settings import Settings
from auditor.store import workspaces
from auditor.workflow import Origin, run_locally, served_model, submit
from auditor.workflow.regrade import regrade

sys.path.insert(0, str(Path(__file__).parent.parent / "e2e"))
from small_audit import ended

FEATURES = [f"x{i}" for i in range(4)]
ROWS = 120


def people(rows: int, seed: int) -> pd.DataFrame:
    draw = np.random.default_rng(seed)
    frame = pd.DataFrame(draw.normal(size=(rows, len(FEATURES))).round(3), columns=FEATURES)
    return frame.assign(label=np.where(frame["x0"] + draw.normal(size=rows) > 0, "yes", "no"))


def written(folder: Path) -> Path:
    import skops.io
    from sklearn.linear_model import LogisticRegression

    members = people(ROWS, 1)
    members.to_csv(folder / "members.csv", index=False)
    people(ROWS, 2).to_csv(folder / "others.csv", index=False)
    people(200, 3).to_csv(folder / "auxiliary.csv", index=False)
    model = LogisticRegression(solver="newton-cholesky", tol=1e-10).fit(members[FEATURES], members["label"])
    (folder / "model.skops").write_bytes(skops.io.dumps(model))
    records = {"members": "members.csv", "non_members": "others.csv", "auxiliary": "auxiliary.csv", "label": "label"}
    document: dict[str, Any] = {"spec": 1, "name": "linear", "target": {"model": "model.skops", "classes": ["no", "yes"]}}
    document |= {"data": records, "attacks": [{"name": "linear-record", "params": {"records": 50}}], "shadows": 4}
    document |= {"learner": "logistic-regression"}
    (folder / "spec.yaml").write_text(yaml.safe_dump(document))
    return folder / "spec.yaml"


def test_single_members_of_a_submitted_model_are_rebuilt(tmp_path: Path) -> None:
    services = run_locally(Settings(tmp_path, f"sqlite:///{tmp_path}/a.sqlite", "filesystem://", worker_threads=1))
    try:
        with services.database.begin() as tx:
            workspace = workspaces.create_workspace(tx, uuid.uuid4().hex, services.clock()).id
        known = local_spec.register(services, workspace, local_spec.read_spec(written(tmp_path)), tmp_path)
        audit = ended(services, submit(services, workspace, known.spec, Origin(target_id=known.target_id)).id)
        assert audit.status is AuditStatus.COMPLETED, audit.reason
        assert audit.result is not None
        assert all(not failed for failed in audit.result.get("not_run", [])), audit.result["not_run"]
        (found,) = [f for f in audit.result["findings"] if f["attack"] == "linear-record"]
        assert {name: control["passed"] for name, control in found["controls"].items() if control["passed"] is False} == {}
        assert {"known_target", "negative", "all_records"} <= set(found["controls"])
        assert found["score_low"] > 90.0
        assert (found["kind"], found["queries"]) == ("missing-record", 0)
        jsonschema.validate(audit.result, json.loads(resources.files("auditor.cli").joinpath("result.schema.json").read_text()))
        assert regrade(services, workspace, audit.id).identical
    finally:
        services.close()
        served_model._shelf.clear()
