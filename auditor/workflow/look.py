"""One look at the evidence: with this many shadows, on this share of the error level."""

from dataclasses import dataclass, field
from typing import Any

from auditor.domain.evidence import Evidence
from auditor.domain.finding import Control
from auditor.domain.seeds import derive
from auditor.scoring.assess import Grading
from auditor.scoring.vulnerability import ShadowSignals
from auditor.workflow.evidence_store import from_arrays
from auditor.workflow.material import Material
from auditor.workflow.plan import attack_key
from auditor.workflow.services import Services
from auditor.workflow.units import of_independent

Item = dict[str, Any]


@dataclass(frozen=True, eq=False)
class TargetChecks:
    """Is the target what the audit takes it for? `of_all` stand in every finding: a target that answers at random carries no
    verdict. `of_membership` and the caveats stand in those that rest on shadows, whose `signals` were read for it."""

    of_all: dict[str, Control] = field(default_factory=dict)
    of_membership: dict[str, Control] = field(default_factory=dict)
    caveats: tuple[str, ...] = ()
    signals: ShadowSignals | None = None


@dataclass(frozen=True, eq=False)
class Look:
    """One look at the evidence: this many shadows, this share of the error level."""

    services: Services
    material: Material
    shadows: int
    share: float
    checks: TargetChecks = TargetChecks()

    def result(self, kind: str, item: Item) -> dict[str, Any] | None:
        return self.material.results.get(f"{kind}:{attack_key(item, self.shadows)}")

    def evidence(self, digest: str, item: Item) -> Evidence:
        with self.services.database.read() as tx:
            arrays = self.services.artifacts.get_arrays(tx, self.material.audit.workspace_id, digest)
        return from_arrays(arrays, self.material.sensitive(item["sensitive"]))

    def independent(self, digest: str, item: Item) -> Evidence:
        """The same on records that are independent of each other: one of each household, where claims are about people."""
        return of_independent(self.evidence(digest, item), self.material.units)

    def grading(self, family: str, size: int) -> Grading:
        level = self.material.spec.resolved_policy.level(family)
        return Grading(level, size, 0.95, self.share, derive(self.material.spec.seed, "grade", family))
