"""A canary audit from the draw to the verdict: a model that learned canaries by heart contradicts its claimed epsilon."""

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pandas as pd
import pytest

from auditor.domain.audit import Audit, AuditStatus
from auditor.domain.learner import Learner
from auditor.intake import Table, read, to_parquet
from auditor.learners import build
from auditor.settings import Settings
from auditor.store import datasets, workspaces
from auditor.testing.servers import ModelServer
from auditor.workflow import Services, regrade, run_locally, submit
from auditor.workflow.canaries import Drawn, Wish, draw

sys.path.insert(0, str(Path(__file__).parent.parent / "e2e"))
from small_audit import COLUMNS, MEMBERS, ended, people, small_spec

COUNT = 300
DEEP = {"n_estimators": 60, "max_depth": 10, "learning_rate": 0.5}


@pytest.fixture(scope="module")
def made() -> Drawn:
    holdout = people(600, 5).astype(object).map(str)
    return draw(Table(holdout, dict.fromkeys(holdout.columns, "string")), Wish("label", COUNT, "wrong-label"), Random(11))


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    home = tmp_path_factory.mktemp("canaries")
    opened = run_locally(Settings(home, f"sqlite:///{home}/auditor.sqlite", "filesystem://"))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def audited(services: Services, made: Drawn) -> Audit:
    """Deep trees trained on the usual records and the included canaries: they know every record they saw by heart."""
    with served(pd.concat([MEMBERS, typed(made.included)], ignore_index=True)) as server:
        return ended(services, submitted(services, server.open_inference, made.cells, made))


def typed(cells: pd.DataFrame) -> pd.DataFrame:
    return cells.astype({"age": int, "income": float})


def served(training: pd.DataFrame) -> ModelServer:
    model = build(Learner("xgboost", DEEP), COLUMNS, seed=0)
    model.fit(training.drop(columns="label"), (training["label"] == "yes").to_numpy().astype(np.intp))
    return ModelServer(lambda frame: np.asarray(model.predict_proba(frame[[c.name for c in COLUMNS]])))


def submitted(services: Services, url: str, cells: pd.DataFrame, made: Drawn, workspace: str = "ours") -> str:
    with tempfile.TemporaryDirectory() as folder, services.database.begin() as tx:
        (Path(folder) / "key.json").write_bytes(made.key.as_bytes())
        cells.to_csv(Path(folder) / "canaries.csv", index=False)
        workspace_id = workspaces.create_workspace(tx, workspace, services.clock()).id
        ids = {}
        MEMBERS.to_csv(Path(folder) / "training.csv", index=False)
        for name, file in (("canaries", "canaries.csv"), ("key", "key.json"), ("training", "training.csv")):
            table = read(Path(folder) / file)
            data = to_parquet(table)
            digest = services.artifacts.put(tx, workspace_id, data, kind="dataset")
            told = (name, len(table), dict(table.types), len(data), digest, services.clock())
            ids[name] = datasets.create_dataset(tx, workspace_id, *told).id
    learner = {"name": "xgboost", "params": DEEP}
    document: dict[str, Any] = {"attacks": ["loss-threshold", "rmia"], "shadows": 4, "claimed_epsilon": 0.5, "learner": learner}
    spec = small_spec(url, data={**ids, "label": "label", "subgroups": ["town"]}, **document)
    return submit(services, workspace_id, spec).id


def result_of(audit: Audit) -> dict[str, Any]:
    assert audit.status is AuditStatus.COMPLETED, audit.reason
    assert audit.result is not None
    return audit.result


def test_the_coins_tell_who_was_trained_on(audited: Audit, made: Drawn) -> None:
    data = result_of(audited)["data"]
    assert data["members"] == len(made.included)
    assert data["members"] + data["non_members"] == COUNT
    assert data["canaries"] is True
    assert any("fair coin" in note for note in data["notes"])


def test_a_claim_that_the_canaries_refute_is_called_violated(audited: Audit) -> None:
    privacy = result_of(audited)["privacy"]
    assert privacy["claimed"] == {"epsilon": 0.5, "delta": 1e-5}
    assert (privacy["design"], privacy["verdict"]) == ("coin flips", "violated at 95 %")
    assert "can show at most" in privacy["sentence"]


def test_shadows_that_know_the_rest_of_the_training_data_see_more_than_the_loss(audited: Audit) -> None:
    """The target differs from them in the canaries alone."""
    assert result_of(audited)["data"]["training"] == len(MEMBERS)
    bounds = {
        f["attack"]: max(e["low"] for e in f["estimates"] if e["name"] == "epsilon_lower_bound")
        for f in result_of(audited)["findings"]
    }
    assert bounds["rmia"] > 1.5 * bounds["loss-threshold"]


def test_coin_flips_give_lower_bounds_and_no_empirical_figure(audited: Audit) -> None:
    for finding in result_of(audited)["findings"]:
        found = [e for e in finding["estimates"] if "epsilon" in e["name"]]
        assert {e["name"] for e in found} == {"epsilon_lower_bound"}
        assert all(e["ceiling"] >= e["value"] == e["low"] and e["n"] == COUNT and e["method"] for e in found)
        assert not any("exchangeable" in caveat for caveat in finding["caveats"])


def test_neither_key_nor_coins_stand_in_the_result(audited: Audit, made: Drawn) -> None:
    shown = str(result_of(audited))
    assert made.key.salt not in shown
    assert made.key.canaries[0].digest not in shown


def test_the_loss_alone_tells_its_tail_early(audited: Audit) -> None:
    loss = next(f for f in result_of(audited)["findings"] if f["attack"] == "loss-threshold")
    assert any(e["name"] == "tnr@fnr=0.01" for e in loss["estimates"])


def test_groups_and_single_records_stand_in_the_registered_finding(audited: Audit) -> None:
    by_name = {f["attack"]: f for f in result_of(audited)["findings"]}
    assert {(g["attribute"], g["value"]) for g in by_name["rmia"]["subgroups"]} >= {("town", "Aa"), ("label", "yes")}
    assert by_name["rmia"]["exposure"]["digest"]
    assert by_name["loss-threshold"]["subgroups"] == []
    assert by_name["loss-threshold"]["exposure"] is None


def test_the_match_of_target_and_shadows_is_told_and_gates_nothing(audited: Audit) -> None:
    for finding in result_of(audited)["findings"]:
        assert finding["controls"]["shadow_match"]["passed"] is None


def test_it_can_be_graded_again(services: Services, audited: Audit) -> None:
    again = regrade(services, audited.workspace_id, audited.id)
    assert (again.differing, again.identical) == ((), True)


def test_misaligned_canaries_fail_with_a_sentence(services: Services, made: Drawn) -> None:
    with served(MEMBERS) as server:
        turned = made.cells.iloc[::-1].reset_index(drop=True)
        audit = ended(services, submitted(services, server.open_inference, turned, made, "theirs"))
    assert audit.status is AuditStatus.FAILED
    assert audit.reason is not None
    assert "misaligned" in audit.reason
    assert "another order" in audit.reason
