"""Does the pool of shadows grow for another look? Read off what this look and those before it recorded."""

from collections.abc import Mapping, Sequence
from typing import Any

from auditor.scoring.growth import Growth, growth, sight
from auditor.workflow.material import Material
from auditor.workflow.plan import grade_key


def growth_of(material: Material, look: int, findings: Sequence[Mapping[str, Any]]) -> Growth:
    """`findings` are those of this look, which is not recorded yet (or is graded again)."""
    looks, policy = material.spec.shadow_looks, material.spec.resolved_policy
    if len(looks) == 1:
        return Growth(False, "")
    before = [sight(count, material.results[grade_key(count)]["findings"], policy) for count in looks[:look]]
    return growth([*before, sight(looks[look], findings, policy)], len(looks))
