"""Whole audits of a linear target: its parameters are computed through the endpoint, from probabilities and from labels alone."""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from jsonschema import Draft202012Validator

from auditor.domain.audit import Audit, AuditStatus
from auditor.domain.spec import parse
from auditor.report import html
from auditor.settings import Settings
from auditor.testing.servers import ModelServer
from auditor.workflow import run_locally, submit
from auditor.workflow.regrade import Regraded, regrade
from auditor.workflow.what_if import what_if

sys.path.insert(0, str(Path(__file__).parent.parent / "e2e"))
from small_audit import ended, store_data

SCHEMA = json.loads((Path(__file__).parents[2] / "auditor" / "cli" / "result.schema.json").read_text("utf-8"))
CLASSES = ("no", "yes")


def people(count: int, seed: int) -> pd.DataFrame:
    """Two numbers and a category; the label follows what the target computes, with much noise."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"height": rng.normal(0, 1, count).round(4), "age": rng.integers(20, 80, count)})
    frame = frame.assign(town=rng.choice(["east", "south", "west"], count))
    return frame.assign(label=np.where(odds(frame) + rng.logistic(0, 2, count) > 0, "yes", "no"))


def odds(frame: pd.DataFrame) -> Any:
    town = frame["town"].map({"east": 0.7, "south": -0.4, "west": 0.0}).to_numpy(dtype=float)
    return 1.3 * frame["height"].to_numpy(dtype=float) - (frame["age"].to_numpy(dtype=float) - 50) / 12 + town + 0.1


FILES = {"members": people(300, 1), "non_members": people(300, 2), "auxiliary": people(300, 3)}


def audited(folder: Path, output: str, attacks: list[str]) -> tuple[Audit, Regraded, dict[str, Any]]:
    """The audit, its findings made again, and the attack behind each channel that says less."""

    def answer(frame: pd.DataFrame) -> Any:
        yes = 1 / (1 + np.exp(-odds(frame)))
        return [CLASSES[int(p > 0.5)] for p in yes] if output == "labels" else np.column_stack([1 - yes, yes]).tolist()

    services = run_locally(Settings(folder, f"sqlite:///{folder}/a.sqlite", "filesystem://"))
    with ModelServer(answer) as server:
        target = {"url": server.kserve_v1, "protocol": "kserve-v1", "output": output, "classes": list(CLASSES)}
        data = {name: name for name in FILES} | {"label": "label"}
        spec = parse({"target": target, "data": data, "learner": "logistic-regression", "attacks": attacks})
        workspace_id, spec = store_data(services, "ours", spec, FILES)
        audit = ended(services, submit(services, workspace_id, spec).id)
    again = regrade(services, workspace_id, audit.id)
    table = what_if(services, workspace_id, audit.id) if output == "probabilities" else {"tried": []}
    services.close()
    return audit, again, {tried["channel"]: tried["attacks"] for tried in table["tried"]}


@pytest.mark.parametrize(("output", "attack"), [("probabilities", "equation-solving"), ("labels", "lowd-meek")])
def test_a_linear_target_is_copied_in_a_whole_audit(tmp_path: Path, output: str, attack: str) -> None:
    audit, again, behind = audited(tmp_path, output, [attack])
    assert audit.status is AuditStatus.COMPLETED, audit.reason
    assert audit.result is not None
    Draft202012Validator(SCHEMA).validate(audit.result)
    (finding,) = audit.result["findings"]
    estimates = {e["name"]: e["value"] for e in finding["estimates"]}
    assert estimates["fidelity"] > 0.99
    assert estimates["unknowns"] == 5
    assert finding["controls"]["known_target"]["passed"] is True
    assert finding["controls"]["noise_target"]["passed"] is True
    assert finding["outcome"] == "breach"
    assert (again.identical, again.differing) == (True, ())
    assert "linear" in html(audit.result)
    for channel, attacks in behind.items():
        _check_behind(channel, *attacks)


def _check_behind(channel: str, tried: dict[str, Any]) -> None:
    """Equations are solved again behind fewer decimals, and nothing passes on what an attacker who knows of them would not do."""
    fidelity = [e["value"] for e in tried["estimates"] if e["name"] == "fidelity"]
    if channel in ("3 decimals", "2 decimals"):
        assert tried["outcome"] == "breach"
        assert fidelity[0] > 0.95
    assert tried["outcome"] != "pass"
    assert tried["outcome"] is not None or tried["reason"]
