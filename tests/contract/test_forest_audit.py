"""A whole audit of a submitted forest rebuilds the records that it was fitted to, and reproduces its finding."""

import sys
import uuid
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from auditor.cli import local_spec
from auditor.domain.audit import AuditStatus
from auditor.settings import Settings
from auditor.store import workspaces
from auditor.workflow import Origin, run_locally, served_model, submit
from auditor.workflow.kinds.reconstruction import LEFT_OUT
from auditor.workflow.regrade import regrade

sys.path.insert(0, str(Path(__file__).parent.parent / "e2e"))
from small_audit import ended

pytest.importorskip("ortools", reason="OR-Tools is optional: pip install 'privacy-attack-auditor[reconstruction]'")
FEATURES = [f"b{i}" for i in range(12)]
ROWS = 60


def people(rows: int, seed: int) -> pd.DataFrame:
    draw = np.random.default_rng(seed)
    frame = pd.DataFrame(draw.integers(0, 2, (rows, len(FEATURES))), columns=FEATURES)
    return frame.assign(label=np.where(draw.random(rows) < 0.3 + 0.4 * frame["b0"], "yes", "no"))


def forest(members: pd.DataFrame) -> bytes:
    import skops.io
    from sklearn.ensemble import RandomForestClassifier

    model = RandomForestClassifier(8, bootstrap=False, random_state=0).fit(members[FEATURES], members["label"])
    return bytes(skops.io.dumps(model))


def written(folder: Path) -> Path:
    members = people(ROWS, 1)
    members.to_csv(folder / "members.csv", index=False)
    pd.concat([people(ROWS, 2), members.head(2)]).to_csv(folder / "others.csv", index=False)
    people(300, 3).to_csv(folder / "auxiliary.csv", index=False)
    (folder / "model.skops").write_bytes(forest(members))
    records = {"members": "members.csv", "non_members": "others.csv", "auxiliary": "auxiliary.csv", "label": "label"}
    document: dict[str, Any] = {"spec": 1, "name": "forest", "target": {"model": "model.skops", "classes": ["no", "yes"]}}
    document |= {"data": records, "attacks": ["forest-reconstruction"], "learner": "random-forest", "shadows": 4}
    (folder / "spec.yaml").write_text(yaml.safe_dump(document))
    return folder / "spec.yaml"


def test_the_members_of_a_submitted_forest_are_rebuilt(tmp_path: Path) -> None:
    services = run_locally(Settings(tmp_path, f"sqlite:///{tmp_path}/a.sqlite", "filesystem://", worker_threads=1))
    try:
        with services.database.begin() as tx:
            workspace = workspaces.create_workspace(tx, uuid.uuid4().hex, services.clock()).id
        known = local_spec.register(services, workspace, local_spec.read_spec(written(tmp_path)), tmp_path)
        audit = ended(services, submit(services, workspace, known.spec, Origin(target_id=known.target_id)).id)
        assert audit.status is AuditStatus.COMPLETED, audit.reason
        assert audit.result is not None
        (found,) = [f for f in audit.result["findings"] if f["attack"] == "forest-reconstruction"]
        assert found["score"] > 50.0
        assert (found["kind"], found["queries"]) == ("records", 0)
        left_out = sum(audit.result["data"]["removed"].get(word, 0) for word in LEFT_OUT)
        assert left_out >= 2
        assert any(c.startswith("Left out of the members") and f"data: {left_out}." in c for c in found["caveats"])
        assert regrade(services, workspace, audit.id).identical
    finally:
        services.close()
        served_model._shelf.clear()
