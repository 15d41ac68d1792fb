"""After the probe: which attacks can run on this target with this data and budget, and why the others cannot."""

from collections.abc import Iterator
from typing import Any

from auditor.attacks import registry
from auditor.domain.attack import Attack, Scope
from auditor.domain.data import Sensitive
from auditor.domain.learner import Task
from auditor.domain.spec import AttackSpec, AuditSpec
from auditor.domain.target import Profile
from auditor.errors import InvalidInput
from auditor.workflow import profiles
from auditor.workflow.material import Material
from auditor.workflow.prepare import is_sensitive_usable

Item = dict[str, Any]


def plan_of(material: Material, profile: Profile, budget: int) -> dict[str, Any]:
    """The recorded result of the probe: the profile, the counts, what runs and what does not."""
    data = material.data
    candidates = len(data.candidates)
    left = budget - material.audit.queries - candidates
    if left < 0:
        raise InvalidInput(
            "budget.queries",
            f"asking every candidate once takes {candidates:,} queries beside the probe; the budget is {budget:,}; raise it",
        )
    run, not_run = _sort_out(material, profile, left)
    return {
        "profile": profiles.to_json(profile),
        "candidates": candidates,
        "members": int(data.is_member.sum()),
        "non_members": int((~data.is_member).sum()),
        "auxiliary": len(data.auxiliary),
        "removed": dict(data.removed),
        "notes": list(data.notes),
        "digest": data.digest,
        "run": run,
        "not_run": not_run,
        "requested": _requested(material.spec),
    }


def _sort_out(material: Material, profile: Profile, left: int) -> tuple[list[Item], list[Item]]:
    """Attacks in the order of the spec; each is promised queries until the budget is used up."""
    run: list[Item] = []
    not_run: list[Item] = []
    shadows = material.spec.shadow_looks[-1]
    for label, attack, wanted in _labelled(material.spec):
        for sensitive in _attributes(attack, material):
            reasons = _reasons(attack, material, profile, sensitive, left, shadows)
            item = _item(label, attack, wanted, sensitive)
            if reasons:
                not_run.append(
                    {"attack": item["attack"], "family": str(attack.family), "label": label, "reason": " ".join(reasons)}
                )
                continue
            needs = attack.needs(_scope(material, profile, sensitive, left, shadows))
            item["query_limit"] = min(needs.queries_max, left)
            left -= item["query_limit"]
            run.append(item)
    return run, not_run


def _labelled(spec: AuditSpec) -> Iterator[tuple[str, Attack, AttackSpec]]:
    """Each requested attack with a label of its own: `rmia`, then `rmia#2` for the same attack with other parameters."""
    seen: dict[str, int] = {}
    for wanted in requested_attacks(spec):
        seen[wanted.name] = seen.get(wanted.name, 0) + 1
        label = wanted.name if seen[wanted.name] == 1 else f"{wanted.name}#{seen[wanted.name]}"
        yield label, registry.make(wanted.name, dict(wanted.params)), wanted


def requested_attacks(spec: AuditSpec) -> list[AttackSpec]:
    if isinstance(spec.attacks, str):
        return [AttackSpec(name=name) for name in registry.TIERS[spec.attacks]]
    return list(spec.attacks)


def _requested(spec: AuditSpec) -> list[str]:
    """The families whose absence makes an audit inconclusive: a tier asks for inversion only if sensitive attributes are named,
    and of a target that answers a value only for what can be done with values."""
    found = [registry.find(a.name) for a in requested_attacks(spec)]
    if isinstance(spec.attacks, str) and spec.target_block.task is Task.REGRESSION:
        found = [attack for attack in found if attack.threat_model.or_value]
    families = {str(attack.family) for attack in found}
    if isinstance(spec.attacks, str) and not spec.data.sensitive:
        families.discard("inversion")
    return sorted(families)


def _attributes(attack: Attack, material: Material) -> list[Sensitive | None]:
    if attack.kind != "attribute":
        return [None]
    return list(material.data.sensitive) or [None]


def _item(label: str, attack: Attack, wanted: AttackSpec, sensitive: Sensitive | None) -> Item:
    return {
        "label": label,
        "attack": attack.name,
        "family": str(attack.family),
        "params": dict(wanted.params),
        "sensitive": sensitive.name if sensitive else None,
        "query_limit": 0,
    }


def _scope(material: Material, profile: Profile, sensitive: Sensitive | None, left: int, shadows: int) -> Scope:
    data = material.data
    named = (sensitive,) if sensitive else ()
    return Scope(profile, len(data.candidates), len(data.auxiliary), shadows, left, named)


def _reasons(
    attack: Attack, material: Material, profile: Profile, sensitive: Sensitive | None, left: int, shadows: int
) -> list[str]:
    if attack.kind == "attribute":
        if sensitive is None:
            return ["Name the sensitive attributes under data.sensitive to try their inference."]
        unusable = is_sensitive_usable(sensitive)
        if unusable:
            return [unusable[:1].upper() + unusable[1:] + "."]
    return registry.unmet(attack, profile, _scope(material, profile, sensitive, left, shadows))
