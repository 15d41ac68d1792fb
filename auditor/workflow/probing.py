"""After the probe: which attacks can run on this target with this data and budget, and why the others cannot."""

from typing import Any

from auditor.attacks import registry
from auditor.domain.learner import Task
from auditor.domain.spec import AuditSpec
from auditor.domain.target import Profile
from auditor.workflow import profiles
from auditor.workflow.material import Material
from auditor.workflow.offer import Offer, left_of, requested_attacks, sorted_out

__all__ = ["plan_of", "requested_attacks"]


def plan_of(material: Material, profile: Profile) -> dict[str, Any]:
    """The recorded result of the probe: the profile, the counts, what runs and what does not."""
    data = material.data
    candidates = len(data.candidates)
    offer = Offer.of(data)
    left = left_of(material.spec, material.audit.queries, offer)
    run, not_run = sorted_out(material.spec, offer, profile, left)
    return {
        "profile": profiles.to_json(profile),
        "candidates": candidates,
        "members": int(data.is_member.sum()),
        "non_members": int((~data.is_member).sum()),
        "auxiliary": len(data.auxiliary),
        "removed": dict(data.removed),
        "notes": list(data.notes),
        "digest": data.digest,
        "training": offer.training,
        "pool": offer.pool,
        "run": run,
        "not_run": not_run,
        "requested": _requested(material.spec),
    }


def _requested(spec: AuditSpec) -> list[str]:
    """The families whose absence makes an audit inconclusive: a tier asks for inversion only if sensitive attributes are named or a
    property is declared, and of a target that answers a value only for what can be done with values."""
    found = [registry.find(a.name) for a in requested_attacks(spec)]
    if isinstance(spec.attacks, str) and spec.target_block.task is Task.REGRESSION:
        found = [attack for attack in found if attack.threat_model.or_value]
    families = {str(attack.family) for attack in found}
    if isinstance(spec.attacks, str) and not spec.data.sensitive and spec.property is None:
        families.discard("inversion")
    return sorted(families)
