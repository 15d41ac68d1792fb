"""Whole audits by class inversion, through the endpoint alone: a decision tree, boosted trees, and labels without probabilities."""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from jsonschema import Draft202012Validator

from auditor.domain.audit import Audit, AuditStatus
from auditor.domain.data import Column, ColumnType
from auditor.domain.learner import Learner
from auditor.domain.spec import parse
from auditor.learners import build
from auditor.report import html
from auditor.settings import Settings
from auditor.testing.servers import ModelServer
from auditor.workflow import run_locally, submit
from auditor.workflow.regrade import Regraded, regrade

sys.path.insert(0, str(Path(__file__).parent.parent / "e2e"))
from small_audit import ended, store_data

CLASSES = ("cross", "ring", "stripe")
SHAPES = np.array([[0, 1, 0, 1, 1, 1, 0, 1, 0], [1, 1, 1, 1, 0, 1, 1, 1, 1], [1, 1, 1, 0, 0, 0, 1, 1, 1]])
PIXELS = tuple(f"p{i}" for i in range(9))
COLUMNS = tuple(Column(name, ColumnType.NUMBER) for name in PIXELS)


def pictures(count: int, seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    labels = rng.integers(3, size=count)
    values = np.clip(0.2 + 0.6 * SHAPES[labels] + rng.normal(0, 0.15, (count, 9)), 0, 1)
    return pd.DataFrame(np.round(values, 4), columns=list(PIXELS)).assign(label=np.array(CLASSES, dtype=object)[labels])


FILES = {"members": pictures(150, 1), "non_members": pictures(150, 2), "auxiliary": pictures(60, 3)}


SCHEMA = Path(__file__).parents[2] / "auditor" / "cli" / "result.schema.json"


def audited(folder: Path, learner: Learner, output: str) -> tuple[Audit, Regraded]:
    members = FILES["members"]
    labels = np.array([CLASSES.index(label) for label in members["label"]], dtype=np.intp)
    model = build(learner, COLUMNS, seed=0).fit(members.drop(columns="label"), labels)

    def answer(frame: pd.DataFrame) -> Any:
        rows = model.predict_proba(frame[list(PIXELS)])
        return [CLASSES[row.argmax()] for row in rows] if output == "labels" else rows.tolist()

    services = run_locally(Settings(folder, f"sqlite:///{folder}/a.sqlite", "filesystem://"))
    with ModelServer(answer) as server:
        data = {name: name for name in FILES} | {"label": "label", "image_shape": [3, 3], "bounds": {p: [0, 1] for p in PIXELS}}
        target = {"url": server.kserve_v1, "protocol": "kserve-v1", "output": output, "classes": list(CLASSES)}
        attack = {"name": "class-inversion", "params": {"queries": 600}}
        spec = parse({"target": target, "data": data, "learner": learner.name, "attacks": [attack]})
        workspace_id, spec = store_data(services, "ours", spec, FILES)
        audit = ended(services, submit(services, workspace_id, spec).id)
    again = regrade(services, workspace_id, audit.id)
    services.close()
    return audit, again


@pytest.mark.parametrize(
    ("learner", "output"),
    [
        (Learner("decision-tree", {"min_samples_leaf": 5}), "probabilities"),
        (Learner("xgboost", {"n_estimators": 20}), "probabilities"),
        (Learner("decision-tree"), "labels"),
    ],
    ids=["tree", "boosted", "labels"],
)
def test_classes_are_rebuilt_through_the_endpoint(tmp_path: Path, learner: Learner, output: str) -> None:
    audit, again = audited(tmp_path, learner, output)
    assert audit.status is AuditStatus.COMPLETED, audit.reason
    assert audit.result is not None
    (finding,) = audit.result["findings"]
    figures = {estimate["name"]: estimate for estimate in finding["estimates"]}
    assert figures["mean_distance"]["value"] < figures["mean_distance_between_classes"]["value"]
    assert figures["improvement_over_guess"]["n"] == 3
    assert 0 <= finding["score_low"] <= finding["score"] <= 100
    assert finding["queries"] <= 3 * 600
    assert finding["controls"]["known_target"]["passed"] is True, finding["controls"]
    assert finding["controls"]["noise_target"]["passed"] is True, finding["controls"]
    assert finding["threat_model"]["sees"] == output
    assert (again.identical, again.differing) == (True, ())
    assert_shown(audit.result)


def assert_shown(result: dict[str, Any]) -> None:
    """Three pictures a class, in the result as its schema has it and on the page with words for those who cannot see them."""
    shown = result["findings"][0]["reconstructions"]
    Draft202012Validator(json.loads(SCHEMA.read_text("utf-8"))).validate(result)
    assert (shown["image_shape"], [item["label"] for item in shown["classes"]]) == ([3, 3], list(CLASSES))
    for item, shape in zip(shown["classes"], SHAPES, strict=True):
        mean = np.frombuffer(bytes.fromhex(item["image"]["members"]), dtype=np.uint8)
        assert ((mean > 127) == shape.astype(bool)).all()
    page = html(result)
    assert page.count("data:image/png;base64,") == 9
    assert page.count("the reconstruction and the best guess without the model") == 3
