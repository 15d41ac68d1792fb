"""An audit whose attacks come from outside the product: one that breaks its contract stops no other."""

import sys
from pathlib import Path

import pytest

from auditor.domain.audit import AuditStatus
from auditor.settings import Settings
from auditor.workflow import run_locally, submit

sys.path.insert(0, str(Path(__file__).parent.parent / "e2e"))
from small_audit import ended, small_spec, small_target, store_small_data

BROKEN = """
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from auditor.domain.attack import Family, Needs
from auditor.domain.evidence import MembershipScores
from auditor.domain.threat import Sees, ThreatModel


@dataclass(frozen=True)
class Broken:
    name: ClassVar[str] = "broken"
    family: ClassVar[Family] = Family.MEMBERSHIP
    kind: ClassVar[str] = "membership"
    threat_model: ClassVar[ThreatModel] = ThreatModel(Sees.LABELS)
    reference: ClassVar[str] = "none"
    shows: ClassVar[str] = "nothing"

    def needs(self, scope):
        return Needs(0, 0)

    def run(self, context):
        n = len(context.candidates)
        return MembershipScores(np.full(n, np.nan), np.zeros((0, n)), np.zeros((0, n), dtype=bool))
"""


@pytest.fixture
def with_broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package on the path that registers an attack, as an installed one would; the attack answers NaN for everybody."""
    (tmp_path / "broken_attack.py").write_text(BROKEN)
    installed = tmp_path / "broken_attack-1.0.dist-info"
    installed.mkdir()
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: broken-attack\nVersion: 1.0\n")
    (installed / "entry_points.txt").write_text("[auditor.attacks]\nbroken = broken_attack:Broken\n")
    monkeypatch.syspath_prepend(str(tmp_path))


@pytest.mark.usefixtures("with_broken")
def test_an_attack_that_breaks_its_contract_is_listed_and_stops_no_other(tmp_path: Path) -> None:
    settings = Settings(tmp_path, f"sqlite:///{tmp_path}/a.sqlite", "filesystem://")
    services = run_locally(settings)
    with small_target() as target:
        workspace_id, spec = store_small_data(
            services, "ours", small_spec(target.open_inference, attacks=["gap", "broken"], shadows=4)
        )
        audit_id = submit(services, workspace_id, spec).id
        audit = ended(services, audit_id)
    services.close()
    assert audit.status is AuditStatus.COMPLETED, audit.reason
    assert audit.result is not None
    assert [f["attack"] for f in audit.result["findings"]] == ["gap"]
    broken = next(n for n in audit.result["not_run"] if n["attack"] == "broken")
    assert "NaN" in broken["reason"]
