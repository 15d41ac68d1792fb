"""A target that is not what the audit takes it for: each case is a sentence, and no verdict rests on it."""

import hashlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from auditor.domain.audit import AuditStatus
from auditor.settings import Settings
from auditor.testing.servers import ModelServer
from auditor.workflow import run_locally, submit

sys.path.insert(0, str(Path(__file__).parent.parent / "e2e"))
from small_audit import ended, small_spec, store_small_data

Answers = Callable[[pd.DataFrame], Any]


def by_lot(frame: pd.DataFrame) -> Any:
    """The same answer to the same record, and nothing to do with it."""
    drawn = [int.from_bytes(hashlib.sha256(repr(row).encode()).digest()[:4]) / 2**32 for row in frame.itertuples(index=False)]
    return np.column_stack([drawn, 1 - np.array(drawn)])


def sharp(frame: pd.DataFrame) -> Any:
    """The rule of the population, answered with a certainty that no shadow of the stated kind has."""
    yes = np.where((frame["age"] - 50) / 12 + (frame["income"] - 22) / 15 > 0, 0.9999, 0.0001)
    return np.column_stack([1 - yes, yes])


def audited(home: Path, answers: Answers) -> dict[str, Any]:
    services = run_locally(Settings(home, f"sqlite:///{home}/auditor.sqlite", "filesystem://"))
    with ModelServer(answers) as server:
        spec = small_spec(server.open_inference, attacks=["rmia"], shadows=4)
        workspace_id, spec = store_small_data(services, "ours", spec)
        audit = ended(services, submit(services, workspace_id, spec).id)
    services.close()
    assert audit.status is AuditStatus.COMPLETED, audit.reason
    assert audit.result is not None
    return audit.result


def test_answers_by_lot_carry_no_verdict(tmp_path: Path) -> None:
    result = audited(tmp_path, by_lot)
    (finding,) = result["findings"]
    assert finding["controls"]["random_answers"]["passed"] is False
    assert "nothing to do with the records" in finding["controls"]["random_answers"]["sentence"]
    assert finding["outcome"] == "inconclusive"
    assert result["audit"]["outcome"] == "inconclusive"


def test_answers_in_another_order_of_classes_carry_no_verdict(tmp_path: Path) -> None:
    result = audited(tmp_path, lambda frame: sharp(frame)[:, ::-1])
    (finding,) = result["findings"]
    assert finding["controls"]["inverted_answers"]["passed"] is False
    assert "target.classes" in finding["controls"]["inverted_answers"]["sentence"]
    assert result["audit"]["outcome"] == "inconclusive"


def test_shadows_that_do_not_match_are_told_before_the_numbers(tmp_path: Path) -> None:
    result = audited(tmp_path, sharp)
    (finding,) = result["findings"]
    assert finding["controls"]["shadow_match"]["passed"] is None
    assert finding["caveats"][0].startswith("The shadow models do not answer like the target (KS distance 0.")
    assert not {"random_answers", "inverted_answers"} & finding["controls"].keys()
    cells = result["triage"]["structure"]
    assert (cells["members"]["cells"], cells["members"]["small"], cells["members"]["ruled_out"]) == (2, 0, 0)
    assert cells["members"]["records"] == result["data"]["members"]


def test_a_target_that_answers_everybody_alike_is_told_so_and_passes(tmp_path: Path) -> None:
    result = audited(tmp_path, lambda frame: np.tile([0.7, 0.3], (len(frame), 1)))
    (finding,) = result["findings"]
    assert finding["caveats"][0].startswith("The target gave every candidate the same answer")
    assert finding["score_low"] == 0
    assert not {"random_answers", "inverted_answers"} & finding["controls"].keys()
