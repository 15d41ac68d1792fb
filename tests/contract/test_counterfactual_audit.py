"""A whole audit of a tree that explains itself over HTTP: the counterfactuals give it away, and every one of them is paid."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from jsonschema import Draft202012Validator
from test_exact_copies_audit import SCHEMA, people

from auditor.attacks.stealing.leaf_twin import explained_tree
from auditor.domain.audit import AuditStatus
from auditor.domain.counterfactual import Bounds, Explained
from auditor.domain.data import Column, ColumnType, Records
from auditor.domain.spec import parse
from auditor.domain.target import Explainer, Output, Profile, Target, WireProtocol
from auditor.querying import CounterfactualClient, Door, Guard, MemoryLedger, explaining_transport
from auditor.report import html
from auditor.settings import Settings
from auditor.testing.counterfactuals import KSERVE_BODY, KSERVE_LABEL, KSERVE_RECORD, PLAIN_BODY, PLAIN_RECORD, as_kserve, as_plain
from auditor.testing.servers import ModelServer
from auditor.workflow import run_locally, submit

sys.path.insert(0, str(Path(__file__).parent.parent / "e2e"))
from small_audit import ended, store_data

COLUMNS = (Column("height", ColumnType.NUMBER), Column("age", ColumnType.INTEGER), Column("town", ColumnType.STRING))
CLASSES = ("no", "yes")
FEW = [{"name": "tree-reconstruction", "params": {"queries": 300}}]
SHAPES: dict[str, tuple[Any, dict[str, Any]]] = {
    "kserve": (as_kserve, {"body": KSERVE_BODY, "record": KSERVE_RECORD, "label": KSERVE_LABEL}),
    "plain": (as_plain, {"body": PLAIN_BODY, "record": PLAIN_RECORD}),
}


def tree() -> Explained:
    everybody = pd.concat([people(300, seed) for seed in (1, 2, 3)], ignore_index=True).drop(columns="label")
    everybody = everybody.astype({"town": object})
    return explained_tree(Records(everybody, np.zeros(len(everybody), dtype=np.intp)), COLUMNS, 2, 3)


def labelled(model: Explained, seed: int) -> pd.DataFrame:
    """People whose label is the tree's class four times of five."""
    frame = people(300, seed)
    classes = model(frame.astype({"town": object})).argmax(axis=1)
    flipped = np.random.default_rng(seed).random(len(frame)) < 0.2
    return frame.assign(label=[CLASSES[c] for c in np.where(flipped, 1 - classes, classes)])


def audited(folder: Path, shape: str, attacks: Any, changed: Any = None) -> tuple[Any, ModelServer]:
    """The audit, and what arrived at the server. `changed`: what is answered in place of a counterfactual."""
    model, (speak, said) = tree(), SHAPES[shape]
    services = run_locally(Settings(folder, f"sqlite:///{folder}/a.sqlite", "filesystem://"))
    with ModelServer(lambda frame: model(frame).tolist()) as server:
        server.explain = changed or speak(model.counterfactual, COLUMNS)
        target = {"url": server.kserve_v1, "protocol": "kserve-v1", "classes": list(CLASSES)}
        target["counterfactual"] = {"url": server.kserve_v1_explain, **said}
        files = {name: labelled(model, seed) for seed, name in enumerate(("members", "non_members", "auxiliary"), start=1)}
        data = {name: name for name in files} | {"label": "label"}
        spec = parse({"target": target, "data": data, "learner": "decision-tree", "attacks": attacks})
        workspace_id, spec = store_data(services, "ours", spec, files)
        audit = ended(services, submit(services, workspace_id, spec).id)
    services.close()
    return audit, server


def test_a_tree_that_explains_itself_is_copied_in_a_whole_audit(tmp_path: Path) -> None:
    audit, server = audited(tmp_path, "kserve", FEW)
    assert audit.status is AuditStatus.COMPLETED, audit.reason
    Draft202012Validator(SCHEMA).validate(audit.result)
    (finding,) = audit.result["findings"]
    estimates = {e["name"]: e["value"] for e in finding["estimates"]}
    assert estimates["fidelity"] == estimates["fidelity_uniform"] == 1.0
    assert estimates["open_boxes"] == 0
    assert finding["controls"]["known_target"]["passed"] is True
    assert finding["controls"]["noise_target"]["passed"] is True
    assert finding["outcome"] == "breach"
    assert "the copy is exact for records" in " ".join(finding["caveats"])
    assert "is told the nearest record of another class" in finding["threat_model"]["words"]
    assert audit.queries == server.seen.rows
    assert "in none of which the service finds a counterfactual" in html(audit.result)


def test_a_service_of_its_own_kind_is_asked_over_the_wire() -> None:
    model, said = tree(), SHAPES["plain"][1]
    records = people(20, 4).drop(columns="label").astype({"town": object})
    within = Bounds({"height": (-3.0, 3.0), "age": (20, 79)}, {"town": ("east", "south", "west")})
    with ModelServer(model) as server:
        server.explain = as_plain(model.counterfactual, COLUMNS)
        explainer = Explainer(server.kserve_v1_explain, said["body"], said["record"])
        target = Target(server.kserve_v1, WireProtocol.KSERVE_V1, explainer=explainer)
        way, ledger = explaining_transport(target, COLUMNS, None, Guard(allow_loopback=True)), MemoryLedger()
        client = CounterfactualClient(Door(way, ledger), COLUMNS, Profile(Output.PROBABILITIES, CLASSES))
        told = client(records, [within] * len(records))
        way.close()
    expected = model.counterfactual(records, [within] * len(records))
    pd.testing.assert_frame_equal(told.records, expected.records, check_dtype=False)
    assert told.found.tolist() == expected.found.tolist()
    assert ledger.spent == server.seen.requests == len(records)


def test_an_answer_outside_of_the_bounds_is_a_sentence(tmp_path: Path) -> None:
    beyond = {"counterfactual": {"height": 1e6, "age": 30, "town": "east"}}
    fewest = [{"name": "tree-reconstruction", "params": {"queries": 100}}]
    audit, _ = audited(tmp_path, "plain", fewest, lambda document: beyond)
    told = str(audit.result)
    assert "which is not between" in told
    assert "Traceback" not in told
