"""A whole audit of a submitted file finds what the audit of the same model in memory finds."""

import hashlib
import sys
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from auditor.cli import local_spec
from auditor.domain.audit import Audit, AuditStatus
from auditor.errors import InvalidInput
from auditor.settings import Settings
from auditor.store import model_files as stored
from auditor.store import workspaces
from auditor.testing.servers import ModelServer
from auditor.workflow import Origin, Services, run_locally, served_model, submit
from auditor.workflow.look import Look
from auditor.workflow.material import of_audit
from auditor.workflow.model_scan import scanned
from auditor.workflow.regrade import regrade
from auditor.workflow.what_if_graded import items_of

sys.path.insert(0, str(Path(__file__).parent.parent / "e2e"))
from small_audit import ended

Predict = Callable[[pd.DataFrame], Any]
ROWS = 120
FEATURES = ["age", "income", "debt"]


def people(seed: int) -> pd.DataFrame:
    draw = np.random.default_rng(seed)
    frame = pd.DataFrame({"age": draw.integers(18, 80, ROWS), "income": draw.normal(size=ROWS), "debt": draw.normal(size=ROWS)})
    frame = frame.round(3)
    rich = (frame["income"] > frame["debt"]) ^ (draw.random(ROWS) < 0.2)
    return frame.assign(label=np.where(rich, "yes", "no"))


MEMBERS, OTHERS = people(1), people(2)


def xgboost_model() -> tuple[str, bytes, Predict]:
    import xgboost

    model = xgboost.XGBClassifier(n_estimators=20, max_depth=6, n_jobs=1)
    model.fit(MEMBERS[FEATURES], (MEMBERS["label"] == "yes").astype(int))
    return "model.json", bytes(model.get_booster().save_raw("json")), model.predict_proba


def onnx_model() -> tuple[str, bytes, Predict]:
    import onnxruntime
    from skl2onnx import to_onnx
    from sklearn.ensemble import RandomForestClassifier

    features = MEMBERS[FEATURES].to_numpy(np.float32)
    model = RandomForestClassifier(20, random_state=0).fit(features, MEMBERS["label"])
    made = to_onnx(model, features[:1]).SerializeToString()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # several threads add single-precision numbers in another order, and ties fall otherwise
    session = onnxruntime.InferenceSession(made, options, providers=["CPUExecutionProvider"])

    def predict(frame: pd.DataFrame) -> Any:
        rows = session.run(None, {session.get_inputs()[0].name: frame.to_numpy(np.float32)})[1]
        return np.array([[row["no"], row["yes"]] for row in rows], dtype=np.float64)

    return "model.onnx", made, predict


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    folder = tmp_path_factory.mktemp("files")
    made = run_locally(Settings(folder, f"sqlite:///{folder}/a.sqlite", "filesystem://", worker_threads=1))
    yield made
    made.close()
    served_model._shelf.clear()


@dataclass(frozen=True, eq=False)
class Twice:
    """The audit of a file, and the audit of the same model in memory behind HTTP."""

    file: str
    data: bytes
    predict: Predict
    submitted: Audit
    beside: Audit


@pytest.fixture(scope="module", params=[xgboost_model, onnx_model], ids=["xgboost", "onnx"])
def twice(request: pytest.FixtureRequest, services: Services, tmp_path_factory: pytest.TempPathFactory) -> Twice:
    file, data, predict = request.param()
    folder = tmp_path_factory.mktemp("spec")
    (folder / file).write_bytes(data)
    submitted = audited(services, folder, {"model": file, "sha256": hashlib.sha256(data).hexdigest()})
    with ModelServer(lambda frame: np.asarray(predict(frame[FEATURES]))) as server:
        beside = audited(services, folder, {"url": server.open_inference})
    return Twice(file, data, predict, submitted, beside)


def audited(services: Services, folder: Path, target: dict[str, Any]) -> Audit:
    """As `auditor run` does it, from a spec beside the files."""
    known, workspace_id = registered(services, folder, target)
    audit = ended(services, submit(services, workspace_id, known.spec, Origin(target_id=known.target_id)).id)
    assert audit.status is AuditStatus.COMPLETED, audit.reason
    return audit


def registered(services: Services, folder: Path, target: dict[str, Any]) -> tuple[local_spec.Registered, str]:
    MEMBERS.to_csv(folder / "members.csv", index=False)
    OTHERS.to_csv(folder / "others.csv", index=False)
    records = {"members": "members.csv", "non_members": "others.csv", "label": "label"}
    document = {"spec": 1, "name": "both", "target": {**target, "classes": ["no", "yes"]}, "data": records}
    document |= {"attacks": "quick", "learner": "xgboost", "shadows": 4}
    (folder / "spec.yaml").write_text(yaml.safe_dump(document))
    with services.database.begin() as tx:
        workspace_id = workspaces.create_workspace(tx, uuid.uuid4().hex, services.clock()).id
    return local_spec.register(services, workspace_id, local_spec.read_spec(folder / "spec.yaml"), folder), workspace_id


def test_the_answers_are_those_of_the_model_in_memory(services: Services, twice: Twice) -> None:
    audit = twice.submitted
    transport = served_model.transport(services, audit.workspace_id, audit.spec["target"]["model"])
    answers = transport.ask(OTHERS[FEATURES]).numbers
    assert answers is not None
    assert np.abs(answers - twice.predict(OTHERS[FEATURES])).max() < 1e-6


def test_the_findings_are_those_of_the_model_in_memory(twice: Twice) -> None:
    """The same attacks with the same verdicts; figures to what single precision may move in a rank."""
    ours, theirs = figures(twice.submitted), figures(twice.beside)
    assert len(ours) >= 4
    assert [(attack, outcome) for attack, outcome, *_ in ours] == [(attack, outcome) for attack, outcome, *_ in theirs]
    for (*_, score, found), (*_, beside, known) in zip(ours, theirs, strict=True):
        assert score == pytest.approx(beside, abs=1e-4)
        assert found == pytest.approx(known, abs=1e-6, nan_ok=True)


def test_every_tier_looks_into_the_trees_of_a_file(twice: Twice) -> None:
    assert twice.submitted.result is not None and twice.beside.result is not None  # noqa: PT018
    inside = [f for f in twice.submitted.result["findings"] if f["attack"] == "tree-counts"]
    assert [(f["outcome"], f["queries"], f["checks"][0]["found"]) for f in inside] == [("pass", 0, False)]
    assert "tree-counts" not in {f["attack"] for f in [*twice.beside.result["findings"], *twice.beside.result["not_run"]]}


def test_what_loading_the_file_would_run_is_a_finding_of_its_audit(services: Services, twice: Twice) -> None:
    audit = twice.submitted
    assert audit.result is not None
    (found,) = [f for f in audit.result["findings"] if f["family"] == "supply-chain"]
    assert (found["outcome"], found["severity"], found["parameters"]["file"]) == ("pass", "none", twice.file)
    assert {check["found"] for check in found["checks"]} == {False}
    assert regrade(services, audit.workspace_id, audit.id).identical


def test_another_file_than_the_declared_one_is_a_breach(services: Services, twice: Twice) -> None:
    audit = twice.submitted
    report = scanned(services, audit.workspace_id, audit.spec["target"]["model"], declared="0" * 64)
    assert (report.outcome, report.severity) == ("breach", "critical")
    assert [check.name for check in report.checks() if check.found] == ["digest"]


def test_channels_are_tried_on_attacks_that_read_answers(services: Services, twice: Twice) -> None:
    look = Look(services, of_audit(services, twice.submitted), 4, 1.0)
    assert "tree-counts" in {item["attack"] for item in look.material.results["probe"]["run"]}
    assert {item["family"] for item in items_of(look)} == {"membership"}


def figures(audit: Audit) -> list[tuple[str, str, float, dict[str, Any]]]:
    assert audit.result is not None
    return [
        (f["attack"], f["outcome"], f["score"], {e["name"]: e.get("value") for e in f["estimates"]})
        for f in audit.result["findings"]
        if f["threat_model"]["sees"] not in ("parameters", "nothing")  # of the file alone
    ]


def test_the_result_says_which_file_it_was_and_what_kept_it_in(services: Services, twice: Twice) -> None:
    audit = twice.submitted
    assert audit.result is not None
    target = audit.result["target"]
    assert target["model"] == twice.file
    assert target["sandbox"]["network"] == "isolated"
    with services.database.read() as tx:
        kept = stored.get_model_file(tx, audit.workspace_id, audit.spec["target"]["model"])
        assert services.artifacts.get(tx, audit.workspace_id, kept.digest) == twice.data
    assert kept.digest == target["sha256"]
    assert audit.queries == twice.beside.queries  # rows of the ledger, as of any target


def test_a_pickle_is_refused(services: Services, tmp_path: Path) -> None:
    import joblib

    joblib.dump({"weights": np.ones(3)}, tmp_path / "model.pkl")
    with pytest.raises(InvalidInput, match="never loaded") as refusal:
        registered(services, tmp_path, {"model": "model.pkl"})
    assert refusal.value.field == "target.model"


@pytest.mark.parametrize("key", ["url", "ca"])
def test_a_model_file_is_not_spoken_to_like_a_server(services: Services, tmp_path: Path, key: str) -> None:
    with pytest.raises(InvalidInput, match="take it out") as refusal:
        registered(services, tmp_path, {"model": "model.json", key: "http://127.0.0.1:9/v2/models/m/infer"})
    assert refusal.value.field == f"target.{key}"
