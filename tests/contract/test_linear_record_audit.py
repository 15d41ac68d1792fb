"""A whole audit of a submitted logistic regression rebuilds single members, and reproduces its finding."""

import json
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pandas as pd
from submitted_audit import submitted_audit

from auditor.workflow.regrade import regrade

FEATURES = [f"x{i}" for i in range(4)]
ROWS = 120


def people(rows: int, seed: int) -> pd.DataFrame:
    draw = np.random.default_rng(seed)
    frame = pd.DataFrame(draw.normal(size=(rows, len(FEATURES))).round(3), columns=FEATURES)
    return frame.assign(label=np.where(frame["x0"] + draw.normal(size=rows) > 0, "yes", "no"))


def audited_regression() -> tuple[Any, dict[str, pd.DataFrame]]:
    from sklearn.linear_model import LogisticRegression

    files = {"members": people(ROWS, 1), "non_members": people(ROWS, 2), "auxiliary": people(200, 3)}
    model = LogisticRegression(solver="newton-cholesky", tol=1e-10)
    return model.fit(files["members"][FEATURES], files["members"]["label"]), files


def test_single_members_of_a_submitted_model_are_rebuilt(tmp_path: Path) -> None:
    attack = {"name": "linear-record", "params": {"records": 50}}
    model, files = audited_regression()
    with submitted_audit(tmp_path, model, files, {"attacks": [attack], "shadows": 4, "learner": "logistic-regression"}) as done:
        assert all(not failed for failed in done.result.get("not_run", [])), done.result["not_run"]
        found = done.finding("linear-record")
        assert {name: control["passed"] for name, control in found["controls"].items() if control["passed"] is False} == {}
        assert {"known_target", "negative", "all_records"} <= set(found["controls"])
        assert found["score_low"] > 90.0
        assert (found["kind"], found["queries"]) == ("missing-record", 0)
        jsonschema.validate(done.result, json.loads(resources.files("auditor.cli").joinpath("result.schema.json").read_text()))
        assert regrade(done.services, done.workspace_id, done.audit.id).identical
