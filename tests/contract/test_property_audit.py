"""A whole audit of a server whose owner declared a confidential share: the guess is made, graded and told."""

import sys
import uuid
from pathlib import Path

import numpy as np
import pandas as pd
import yaml
from numpy.typing import NDArray

from auditor.cli import local_spec
from auditor.domain.audit import AuditStatus
from auditor.settings import Settings
from auditor.store import workspaces
from auditor.testing.servers import ModelServer
from auditor.workflow import Origin, run_locally, submit

sys.path.insert(0, str(Path(__file__).parent.parent / "e2e"))
from small_audit import ended

FEATURES = ["income", "smoker"]


def people(rows: int, share: float, seed: int) -> pd.DataFrame:
    """Four in five of the labels are the property itself."""
    draw = np.random.default_rng(seed)
    smoker = draw.random(rows) < share
    label = np.where(draw.random(rows) < 0.8, smoker, draw.random(rows) < 0.5)
    words = {True: "yes", False: "no"}
    columns = {
        "income": draw.normal(size=rows).round(4),
        "smoker": [words[s] for s in smoker],
        "label": [words[bool(one)] for one in label],
    }
    return pd.DataFrame(columns)


def test_a_declared_share_is_told_from_the_answers(tmp_path: Path) -> None:
    from sklearn.linear_model import LogisticRegression

    members, others, auxiliary = people(300, 0.5, 1), people(150, 0.4, 2), people(1_500, 0.4, 3)

    def matrix(frame: pd.DataFrame) -> NDArray[np.float64]:
        return np.column_stack([frame["income"].astype(float), frame["smoker"] == "yes"])

    model = LogisticRegression().fit(matrix(members), members["label"])
    for name, frame in {"members": members, "others": others, "auxiliary": auxiliary}.items():
        frame.to_csv(tmp_path / f"{name}.csv", index=False)
    data = {"members": "members.csv", "non_members": "others.csv", "auxiliary": "auxiliary.csv", "label": "label"}
    document = {"spec": 1, "name": "share", "data": data, "attacks": ["gap"], "learner": "logistic-regression", "shadows": 4}
    document["property"] = {"column": "smoker", "value": "yes", "ratios": [0.3, 0.5]}
    services = run_locally(Settings(tmp_path, f"sqlite:///{tmp_path}/a.sqlite", "filesystem://", worker_threads=1))
    try:
        with ModelServer(lambda frame: model.predict_proba(matrix(frame[FEATURES]))) as server:
            document["target"] = {"url": server.open_inference, "classes": ["no", "yes"]}
            (tmp_path / "spec.yaml").write_text(yaml.safe_dump(document))
            with services.database.begin() as tx:
                workspace_id = workspaces.create_workspace(tx, uuid.uuid4().hex, services.clock()).id
            known = local_spec.register(services, workspace_id, local_spec.read_spec(tmp_path / "spec.yaml"), tmp_path)
            audit = ended(services, submit(services, workspace_id, known.spec, Origin(target_id=known.target_id)).id)
    finally:
        services.close()
    assert audit.status is AuditStatus.COMPLETED, audit.reason
    assert audit.result is not None
    (finding,) = [f for f in audit.result["findings"] if f["attack"] == "property"]
    estimates = {e["name"]: e for e in finding["estimates"]}
    assert (finding["outcome"], finding["family"]) == ("breach", "inversion")
    assert 280 <= finding["queries"] <= 300  # a fifth of the auxiliary records that are distinct and no candidates
    assert finding["parameters"]["ratios"] == [0.3, 0.5]
    assert estimates["property_accuracy"]["low"] > 0.8
    assert abs(estimates["property_share"]["value"] - (members["smoker"] == "yes").mean()) < 0.02
    assert "says 50% rather than 30%, which is right" in finding["caveats"][0]
