"""Which attacks can run on what an audit offers, and how many queries each is promised. The estimate and the plan both ask here."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from auditor.attacks import registry
from auditor.domain.attack import Attack, Scope
from auditor.domain.data import AuditData, Sensitive
from auditor.domain.spec import AttackSpec, AuditSpec
from auditor.domain.target import Profile
from auditor.domain.threat import Sees
from auditor.errors import InvalidInput
from auditor.workflow.kinds import kind_of
from auditor.workflow.sensitive_columns import is_sensitive_usable

Item = dict[str, Any]


@dataclass(frozen=True)
class Offer:
    """The records of an audit in numbers, and the attributes whose inference is tried. `training`: records that every shadow is
    trained on beside its half of the candidates; `pool` names what shadows are trained on, where the records were read."""

    candidates: int
    auxiliary: int
    sensitive: tuple[Sensitive, ...] = ()
    training: int = 0
    pool: str = ""

    @staticmethod
    def of(data: AuditData) -> "Offer":
        rest = 0 if data.training is None else len(data.training)
        return Offer(len(data.candidates), len(data.auxiliary), data.sensitive, rest, data.digest + data.training_digest)


def left_of(budget: int, spent: int, candidates: int) -> int:
    """Queries that attacks may ask of their own; raises InvalidInput where the budget does not even cover the candidates."""
    left = budget - spent - candidates
    if left < 0:
        raise InvalidInput(
            "budget.queries",
            f"asking every candidate once takes {candidates:,} queries beside the probe; the budget is {budget:,}; raise it",
        )
    return left


def sorted_out(spec: AuditSpec, offer: Offer, profile: Profile, left: int) -> tuple[list[Item], list[Item]]:
    """Attacks in the order of the spec; each is promised queries until the budget is used up."""
    run: list[Item] = []
    not_run: list[Item] = []
    shadows = spec.shadow_looks[-1]
    for label, attack, wanted in _labelled(spec):
        for sensitive in _attributes(attack, offer):
            scope = _scope(offer, profile, sensitive, left, shadows)
            scope = replace(scope, has_parameters=bool(spec.target_block.model))
            item = _item(label, attack, wanted, sensitive)
            reasons = _reasons(attack, scope)
            if reasons:
                not_run.append(
                    {"attack": item["attack"], "family": str(attack.family), "label": label, "reason": " ".join(reasons)}
                )
                continue
            needs = attack.needs(scope)
            item["query_limit"] = min(needs.queries_max, left)
            item["query_floor"] = needs.queries_min
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
    """A tier looks inside only where there is a file to look into; a declared property is asked about by every tier and list,
    and canaries are ranked by every tier."""
    named = _named(spec)
    if isinstance(spec.attacks, str) and spec.data.canaries is not None:
        named.append(AttackSpec(name="exposure"))
    if spec.property is None:
        return named
    asked = {"column": spec.property.column, "value": spec.property.value, "ratios": list(spec.property.ratios)}
    own = next((attack.params for attack in named if attack.name == "property"), {})
    return [*(attack for attack in named if attack.name != "property"), AttackSpec(name="property", params=asked | dict(own))]


def _named(spec: AuditSpec) -> list[AttackSpec]:
    if not isinstance(spec.attacks, str):
        return list(spec.attacks)
    has_file = not isinstance(spec.target, str) and bool(spec.target.model)
    names = registry.TIERS[spec.attacks]
    return [AttackSpec(name=name) for name in names if has_file or registry.find(name).threat_model.sees is not Sees.PARAMETERS]


def _attributes(attack: Attack, offer: Offer) -> list[Sensitive | None]:
    if attack.kind != "attribute":
        return [None]
    return list(offer.sensitive) or [None]


def _item(label: str, attack: Attack, wanted: AttackSpec, sensitive: Sensitive | None) -> Item:
    return {
        "label": label,
        "attack": attack.name,
        "family": str(attack.family),
        "params": dict(wanted.params),
        "sensitive": sensitive.name if sensitive else None,
        "query_limit": 0,
        "query_floor": 0,
        "has_baseline": kind_of(attack).has_baseline,
        "has_controls": kind_of(attack).has_controls,
    }


def _scope(offer: Offer, profile: Profile, sensitive: Sensitive | None, left: int, shadows: int) -> Scope:
    named = (sensitive,) if sensitive else ()
    return Scope(profile, offer.candidates, offer.auxiliary, shadows, left, named)


def _reasons(attack: Attack, scope: Scope) -> list[str]:
    if attack.kind == "attribute" and attack.threat_model.is_met_by(scope.profile.output):
        if not scope.sensitive:
            return ["Name the sensitive attributes under data.sensitive to try their inference."]
        unusable = is_sensitive_usable(scope.sensitive[0])
        if unusable:
            return [unusable[:1].upper() + unusable[1:] + "."]
    if attack.kind == "property" and not getattr(attack, "column", ""):
        return ["Declare which share is confidential under property: {column, value, ratios}."]
    return registry.unmet(attack, scope.profile, scope)
