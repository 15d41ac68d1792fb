"""A whole audit of people who live together: homes are trained on together, and each counts once."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from auditor.domain.audit import Audit, AuditStatus
from auditor.settings import Settings
from auditor.workflow import regrade, run_locally, submit

sys.path.insert(0, str(Path(__file__).parent.parent / "e2e"))
from small_audit import MEMBERS, NON_MEMBERS, ended, small_spec, small_target, store_data

SIZE = 3


def at_home(people: pd.DataFrame, town: str) -> pd.DataFrame:
    """Three of the records live in each home."""
    return people.assign(home=[f"{town} {i // SIZE}" for i in range(len(people))])


@pytest.fixture(scope="module")
def audited(tmp_path_factory: pytest.TempPathFactory) -> tuple[Audit, bool]:
    """The audit, and whether it comes out again when it is graded again."""
    folder = tmp_path_factory.mktemp("homes")
    services = run_locally(Settings(folder, f"sqlite:///{folder}/a.sqlite", "filesystem://"))
    with small_target() as server:
        frames = {"members": at_home(MEMBERS, "a"), "non_members": at_home(NON_MEMBERS, "b")}
        workspace_id, spec = store_data(services, "ours", small_spec(server.open_inference, shadows=4), frames)
        data = spec.data.model_copy(update={"group": "home"})
        audit = ended(services, submit(services, workspace_id, spec.model_copy(update={"data": data})).id)
    again = regrade(services, workspace_id, audit.id).identical
    services.close()
    assert audit.status is AuditStatus.COMPLETED, audit.reason
    return audit, again


def findings(audit: Audit) -> list[dict[str, Any]]:
    assert audit.result is not None
    return [f for f in audit.result["findings"] if f["family"] == "membership"]


def test_every_figure_rests_on_one_record_of_each_home(audited: tuple[Audit, bool]) -> None:
    homes = 2 * len(MEMBERS) // SIZE
    for finding in findings(audited[0]):
        sizes = {e["name"]: e["n"] for e in finding["estimates"] if e.get("value") is not None}
        assert sizes["auc"] == pytest.approx(homes, abs=4)  # records that stand twice are gone
        assert any("drawn at random" in caveat for caveat in finding["caveats"])
    assert audited[0].result is not None
    assert any("one record of each group" in note for note in audited[0].result["data"]["notes"])


def test_single_records_are_told_for_everybody(audited: tuple[Audit, bool]) -> None:
    told = [f["exposure"] for f in findings(audited[0]) if f.get("exposure")]
    assert len(told) == 1
    assert told[0]["members"] > 0.9 * len(MEMBERS)


def test_what_an_audit_of_this_size_can_show_counts_homes(audited: tuple[Audit, bool]) -> None:
    assert audited[0].result is not None
    sentence = audited[0].result["data"]["detectability"]
    members = int(sentence.split("With ")[1].split(" ")[0].replace(",", ""))
    assert members == pytest.approx(len(MEMBERS) // SIZE, abs=2)


def test_it_can_be_graded_again(audited: tuple[Audit, bool]) -> None:
    assert audited[1]


def test_homes_hold_three() -> None:
    assert np.bincount(pd.factorize(at_home(MEMBERS, "a")["home"])[0]).max() == SIZE
