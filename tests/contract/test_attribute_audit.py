"""A whole audit of a submitted tree infers an attribute from its counts, asks nothing for it, and reproduces its finding."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from submitted_audit import submitted_audit

from auditor.workflow.regrade import regrade

FEATURES = ["age", "smokes", "height"]


def people(rows: int, seed: int) -> pd.DataFrame:
    """The label has nothing to do with anything: a tree can only remember it."""
    draw = np.random.default_rng(seed)
    columns = {"age": draw.integers(20, 90, rows), "smokes": draw.integers(0, 2, rows), "height": draw.integers(150, 200, rows)}
    return pd.DataFrame(columns).assign(label=draw.choice(["no", "yes"], rows))


def audited_tree() -> tuple[Any, dict[str, pd.DataFrame]]:
    from sklearn.tree import DecisionTreeClassifier

    files = {"members": people(150, 1), "non_members": people(150, 2), "auxiliary": people(200, 3)}
    return DecisionTreeClassifier(random_state=0).fit(files["members"][FEATURES], files["members"]["label"]), files


def test_the_counts_of_a_submitted_tree_are_an_audit_of_their_own(tmp_path: Path) -> None:
    spec = {"data": {"sensitive": ["smokes"]}, "attacks": ["fredrikson-counts"], "learner": "decision-tree"}
    model, files = audited_tree()
    with submitted_audit(tmp_path, model, files, spec) as done:
        assert done.result["audit"]["score_version"] == 3
        found = done.finding("fredrikson-counts")
        told = {e["name"]: e["value"] for e in found["estimates"]}
        assert told["accuracy"] > told["accuracy_non_members"]
        assert (found["kind"], found["queries"]) == ("attribute", 0)
        assert found["controls"]["lookup_twin"]["passed"] is None
        assert found["controls"]["negative"]["passed"] is True
        assert regrade(done.services, done.workspace_id, done.audit.id).identical
