"""A whole audit of a model that predicts a quantity, over HTTP: memory is found where there is some, and nowhere else."""

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
from auditor.domain.learner import Learner, Task
from auditor.domain.spec import AuditSpec, parse
from auditor.learners import build_for_values
from auditor.settings import Settings
from auditor.testing.servers import ModelServer
from auditor.workflow import Services, run_locally, submit

sys.path.insert(0, str(Path(__file__).parent.parent / "e2e"))
from small_audit import ended, store_data

COLUMNS = (Column("area", ColumnType.NUMBER), Column("rooms", ColumnType.INTEGER), Column("town", ColumnType.STRING))
OVERFITTED, RIDGE = Learner("xgboost", {"max_depth": 8}, Task.REGRESSION), Learner("linear-regression", task=Task.REGRESSION)


def houses(count: int, seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    area, rooms, town = np.round(rng.lognormal(4.5, 0.4, count), 1), rng.integers(1, 8, count), rng.choice(["Aa", "Bee"], count)
    price = 2_000 * area + 9_000 * rooms + 30_000 * (town == "Aa") + rng.normal(0, 60_000, count)
    return pd.DataFrame({"area": area, "rooms": rooms, "town": town.astype(object), "price": np.round(price)})


MEMBERS, NON_MEMBERS = houses(300, 1), houses(300, 2)


@contextmanager
def served(learner: Learner) -> Iterator[ModelServer]:
    """A server that answers prices, rounded to whole hundreds."""
    model = build_for_values(learner, COLUMNS, seed=0).fit(MEMBERS.drop(columns="price"), MEMBERS["price"].to_numpy())
    with ModelServer(lambda frame: np.round(model.predict(frame[[c.name for c in COLUMNS]]), -2)) as server:
        yield server


def spec_of(url: str, learner: Learner, **changes: Any) -> AuditSpec:
    data = {"members": "members", "non_members": "non-members", "label": "price", "sensitive": ["town"]}
    document = {"target": {"url": url, "output": "value"}, "data": data, "learner": learner.name, "shadows": 4, "attacks": "quick"}
    return parse({"spec": 1, **document, **changes})


def stored(services: Services, spec: AuditSpec) -> tuple[str, AuditSpec]:
    return store_data(services, "ours", spec, {"members": MEMBERS, "non_members": NON_MEMBERS})


def audited(folder: Path, learner: Learner, **changes: Any) -> Audit:
    services = run_locally(Settings(folder, f"sqlite:///{folder}/a.sqlite", "filesystem://"))
    with served(learner) as server:
        workspace_id, spec = stored(services, spec_of(server.open_inference, learner, **changes))
        audit = ended(services, submit(services, workspace_id, spec).id)
    services.close()
    assert audit.status is AuditStatus.COMPLETED, audit.reason
    return audit


def membership(audit: Audit) -> dict[str, dict[str, Any]]:
    assert audit.result is not None
    return {f["attack"]: f for f in audit.result["findings"] if f["family"] == "membership"}


def auc(finding: dict[str, Any]) -> float:
    return float(next(e["value"] for e in finding["estimates"] if e["name"] == "auc"))


@pytest.fixture(scope="module")
def overfitted(tmp_path_factory: pytest.TempPathFactory) -> Audit:
    return audited(tmp_path_factory.mktemp("overfitted"), OVERFITTED, attacks="standard")


def test_memory_of_a_boosted_regressor_is_found(overfitted: Audit) -> None:
    found = membership(overfitted)["loss-threshold"]
    assert found["outcome"] == "breach"
    assert auc(found) > 0.85
    assert {name: control["passed"] for name, control in found["controls"].items() if control["passed"] is not None} == {
        "lookup_twin": True,
        "negative": True,
    }


def test_attacks_that_read_residuals_find_it_too(overfitted: Audit) -> None:
    found = membership(overfitted)
    assert {"lira", "rmia", "stacked"} <= set(found)
    for name in ("lira", "rmia"):
        assert auc(found[name]) > 0.8
        assert found[name]["controls"]["lookup_twin"]["passed"]


def test_what_makes_no_sense_for_values_is_listed_with_its_reason(overfitted: Audit) -> None:
    assert overfitted.result is not None
    reasons = {n["attack"]: n["reason"] for n in overfitted.result["not_run"]}
    for name in ("surrogate", "attribute"):  # values can be copied, and tell of attributes, with records that this audit lacks
        assert "auxiliary records" in reasons.pop(name)
    assert "gap" in reasons
    assert all("this target returns a value" in reason for reason in reasons.values())
    assert overfitted.result["audit"]["outcome"] == "breach"


def test_the_probe_says_what_the_values_look_like(overfitted: Audit) -> None:
    assert overfitted.result is not None
    profile = overfitted.result["target"]["profile"]
    assert (profile["output"], profile["classes"], profile["decimals"]) == ("value", [], -2)
    assert overfitted.result["method"]["learner"]["name"] == "xgboost"


def test_a_ridge_regression_leaks_nothing_to_speak_of(tmp_path: Path) -> None:
    for finding in membership(audited(tmp_path, RIDGE)).values():
        assert finding["severity"] in ("none", "low")
        assert auc(finding) < 0.6
