"""A whole audit of a submitted tree infers an attribute from its counts, asks nothing for it, and reproduces its finding."""

import sys
import uuid
from pathlib import Path
from typing import Any

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

FEATURES = ["age", "smokes", "height"]


def people(rows: int, seed: int) -> pd.DataFrame:
    """The label has nothing to do with anything: a tree can only remember it."""
    draw = np.random.default_rng(seed)
    columns = {"age": draw.integers(20, 90, rows), "smokes": draw.integers(0, 2, rows), "height": draw.integers(150, 200, rows)}
    return pd.DataFrame(columns).assign(label=draw.choice(["no", "yes"], rows))


def written(folder: Path) -> Path:
    import skops.io
    from sklearn.tree import DecisionTreeClassifier

    members = people(150, 1)
    members.to_csv(folder / "members.csv", index=False)
    people(150, 2).to_csv(folder / "others.csv", index=False)
    people(200, 3).to_csv(folder / "auxiliary.csv", index=False)
    model = DecisionTreeClassifier(random_state=0).fit(members[FEATURES], members["label"])
    (folder / "model.skops").write_bytes(bytes(skops.io.dumps(model)))
    records = {"members": "members.csv", "non_members": "others.csv", "auxiliary": "auxiliary.csv", "label": "label"}
    document: dict[str, Any] = {"spec": 1, "name": "tree", "target": {"model": "model.skops", "classes": ["no", "yes"]}}
    document |= {"data": records | {"sensitive": ["smokes"]}, "attacks": ["fredrikson-counts"], "learner": "decision-tree"}
    (folder / "spec.yaml").write_text(yaml.safe_dump(document))
    return folder / "spec.yaml"


def test_the_counts_of_a_submitted_tree_are_an_audit_of_their_own(tmp_path: Path) -> None:
    services = run_locally(Settings(tmp_path, f"sqlite:///{tmp_path}/a.sqlite", "filesystem://", worker_threads=1))
    try:
        with services.database.begin() as tx:
            workspace = workspaces.create_workspace(tx, uuid.uuid4().hex, services.clock()).id
        known = local_spec.register(services, workspace, local_spec.read_spec(written(tmp_path)), tmp_path)
        audit = ended(services, submit(services, workspace, known.spec, Origin(target_id=known.target_id)).id)
        assert audit.status is AuditStatus.COMPLETED, audit.reason
        assert audit.result is not None
        assert audit.result["audit"]["score_version"] == 3
        (found,) = [f for f in audit.result["findings"] if f["attack"] == "fredrikson-counts"]
        told = {e["name"]: e["value"] for e in found["estimates"]}
        assert told["accuracy"] > told["accuracy_non_members"]
        assert (found["kind"], found["queries"]) == ("attribute", 0)
        assert found["controls"]["lookup_twin"]["passed"] is None
        assert found["controls"]["negative"]["passed"] is True
        assert regrade(services, workspace, audit.id).identical
    finally:
        services.close()
        served_model._shelf.clear()
