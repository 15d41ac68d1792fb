"""A whole audit of a target that answers the two most probable of four classes: hiding the others hides no memory."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from auditor.domain.audit import Audit, AuditStatus
from auditor.domain.data import Column, ColumnType
from auditor.domain.learner import Learner
from auditor.domain.spec import parse
from auditor.learners import build
from auditor.settings import Settings
from auditor.testing.servers import ModelServer
from auditor.workflow import run_locally, submit

sys.path.insert(0, str(Path(__file__).parent.parent / "e2e"))
from small_audit import ended, store_data

COLUMNS = (Column("age", ColumnType.INTEGER), Column("income", ColumnType.NUMBER))
CLASSES = ("a", "b", "c", "d")
LEARNER = Learner("xgboost", {"n_estimators": 30, "max_depth": 8})


def people(count: int, seed: int) -> pd.DataFrame:
    """The class follows the age in one of two cases, so half of the labels have to be learned by heart."""
    rng = np.random.default_rng(seed)
    age, income = rng.integers(18, 90, count), np.round(rng.lognormal(3, 0.5, count), 3)
    follows = np.minimum(3, (age - 18) // 18)
    label = np.where(rng.random(count) < 0.5, follows, rng.integers(0, 4, count))
    return pd.DataFrame({"age": age, "income": income, "label": np.array(CLASSES, dtype=object)[label]})


MEMBERS, NON_MEMBERS = people(300, 1), people(300, 2)


@contextmanager
def served() -> Iterator[ModelServer]:
    """Mappings of the two most probable labels to their probabilities."""
    labels = np.array([CLASSES.index(label) for label in MEMBERS["label"]], dtype=np.intp)
    model = build(LEARNER, COLUMNS, seed=0).fit(MEMBERS.drop(columns="label"), labels)

    def answer(frame: pd.DataFrame) -> list[dict[str, float]]:
        rows = model.predict_proba(frame[[c.name for c in COLUMNS]])
        return [{CLASSES[c]: round(float(row[c]), 6) for c in np.argsort(-row)[:2]} for row in rows]

    with ModelServer(answer) as server:
        yield server


@pytest.fixture(scope="module")
def audited(tmp_path_factory: pytest.TempPathFactory) -> Audit:
    folder = tmp_path_factory.mktemp("top-k")
    services = run_locally(Settings(folder, f"sqlite:///{folder}/a.sqlite", "filesystem://"))
    with served() as server:
        data = {"members": "members", "non_members": "non-members", "label": "label"}
        target = {"url": server.kserve_v1, "protocol": "kserve-v1", "output": "top-k", "classes": list(CLASSES)}
        learner = {"name": LEARNER.name, "params": dict(LEARNER.params)}
        spec = parse({"target": target, "data": data, "learner": learner, "shadows": 8, "attacks": "standard"})
        workspace_id, spec = store_data(services, "ours", spec, {"members": MEMBERS, "non_members": NON_MEMBERS})
        audit = ended(services, submit(services, workspace_id, spec).id)
    services.close()
    assert audit.status is AuditStatus.COMPLETED, audit.reason
    return audit


def membership(audit: Audit) -> dict[str, dict[str, Any]]:
    assert audit.result is not None
    return {f["attack"]: f for f in audit.result["findings"] if f["family"] == "membership"}


def auc(finding: dict[str, Any]) -> float:
    return float(next(e["value"] for e in finding["estimates"] if e["name"] == "auc"))


def test_the_probe_finds_out_how_many_are_shown(audited: Audit) -> None:
    assert audited.result is not None
    assert audited.result["target"]["profile"]["output"] == "top-k"


@pytest.mark.parametrize("name", ["loss-threshold", "lira", "rmia", "stacked"])
def test_memory_is_found_through_the_top_two(audited: Audit, name: str) -> None:
    found = membership(audited)[name]
    assert found["outcome"] == "breach"
    assert auc(found) > 0.7
    assert [found["controls"][check]["passed"] for check in ("lookup_twin", "negative")] == [True, True]
    assert all(control["passed"] is not False for control in found["controls"].values())


def test_it_is_said_what_the_adversary_saw(audited: Audit) -> None:
    found = membership(audited)
    assert found["stacked"]["threat_model"]["sees"] == "top-k"
    assert "sees the top few probabilities" in found["stacked"]["threat_model"]["words"]
    assert found["gap"]["threat_model"]["sees"] == "labels"
