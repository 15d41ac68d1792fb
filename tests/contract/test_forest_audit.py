"""A whole audit of a submitted forest rebuilds the records that it was fitted to, and reproduces its finding."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from submitted_audit import submitted_audit

from auditor.workflow.kinds.reconstruction import LEFT_OUT
from auditor.workflow.regrade import regrade

pytest.importorskip("ortools", reason="OR-Tools is optional: pip install 'privacy-attack-auditor[reconstruction]'")
FEATURES = [f"b{i}" for i in range(12)]
ROWS = 60


def people(rows: int, seed: int) -> pd.DataFrame:
    draw = np.random.default_rng(seed)
    frame = pd.DataFrame(draw.integers(0, 2, (rows, len(FEATURES))), columns=FEATURES)
    return frame.assign(label=np.where(draw.random(rows) < 0.3 + 0.4 * frame["b0"], "yes", "no"))


def audited_forest() -> tuple[Any, dict[str, pd.DataFrame]]:
    """Two members stand among the non-members, too."""
    from sklearn.ensemble import RandomForestClassifier

    members = people(ROWS, 1)
    files = {"members": members, "non_members": pd.concat([people(ROWS, 2), members.head(2)]), "auxiliary": people(300, 3)}
    return RandomForestClassifier(8, bootstrap=False, random_state=0).fit(members[FEATURES], members["label"]), files


def test_the_members_of_a_submitted_forest_are_rebuilt(tmp_path: Path) -> None:
    spec = {"attacks": ["forest-reconstruction"], "learner": "random-forest", "shadows": 4}
    model, files = audited_forest()
    with submitted_audit(tmp_path, model, files, spec) as done:
        found = done.finding("forest-reconstruction")
        assert found["score"] > 50.0
        assert (found["kind"], found["queries"]) == ("records", 0)
        left_out = sum(done.result["data"]["removed"].get(word, 0) for word in LEFT_OUT)
        assert left_out >= 2
        assert any(c.startswith("Left out of the members") and f"data: {left_out}." in c for c in found["caveats"])
        assert regrade(done.services, done.workspace_id, done.audit.id).identical
