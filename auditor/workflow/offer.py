"""Which attacks can run on what an audit offers, and how many queries each is promised. The estimate and the plan both ask here."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from auditor.attacks import registry
from auditor.domain.attack import Attack, Family, Needs, Scope
from auditor.domain.data import AuditData, Sensitive
from auditor.domain.spec import AttackSpec, AuditSpec
from auditor.domain.target import Profile
from auditor.domain.threat import Sees
from auditor.errors import InvalidInput
from auditor.workflow.kinds import kind_of
from auditor.workflow.plan import CHOOSE_QUERIES
from auditor.workflow.sensitive_columns import is_sensitive_usable

Item = dict[str, Any]
PLENTY = 10**12
NO_CANARIES = "It ranks planted canaries among those that were left out; give data.canaries and data.key."


@dataclass(frozen=True)
class Offer:
    """The records of an audit in numbers, and the attributes whose inference is tried. `training`: records that every shadow is
    trained on beside its half of the candidates; `pool` names what shadows are trained on, and `removed` and `notes` tell what
    became of the files, where the records were read."""

    candidates: int
    auxiliary: int
    sensitive: tuple[Sensitive, ...] = ()
    training: int = 0
    pool: str = ""
    removed: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @staticmethod
    def of(data: AuditData) -> "Offer":
        rest = 0 if data.training is None else len(data.training)
        pool = data.digest + data.training_digest
        return Offer(len(data.candidates), len(data.auxiliary), data.sensitive, rest, pool, data.removed, data.notes)


def left_of(spec: AuditSpec, spent: int, offer: Offer) -> int:
    """Queries that attacks may ask of their own; raises InvalidInput where the budget does not cover what comes first."""
    choosing = chosen_on(spec, offer)
    left = spec.budget.queries - spent - offer.candidates - choosing
    if left < 0:
        also = f", and {choosing:,} auxiliary records to choose the learner," if choosing else ""
        takes = f"asking every candidate once{also} takes {offer.candidates + choosing:,} queries beside the probe"
        raise InvalidInput("budget.queries", f"{takes}; the budget is {spec.budget.queries:,}; raise it")
    return left


def chosen_on(spec: AuditSpec, offer: Offer) -> int:
    """How many auxiliary records the target is asked to find out the learner of the shadow models; 0 where none is looked for."""
    is_chosen = spec.learner.name == "auto" and any(a.family == Family.MEMBERSHIP for _, a, _ in _labelled(spec))
    return min(CHOOSE_QUERIES, offer.auxiliary) if is_chosen else 0


def sorted_out(spec: AuditSpec, offer: Offer, profile: Profile, left: int) -> tuple[list[Item], list[Item]]:
    """Attacks in the order of the spec: those that run, with what they are promised of `left` queries, and the others."""
    tried = list(_tried(spec, offer, profile, left))
    shares = promises([needs for _, needs, _ in tried], left)
    run: list[Item] = []
    not_run: list[Item] = []
    for (item, needs, reason), share in zip(tried, shares, strict=True):
        if reason or share is None:
            found = reason or _short(spec, needs, [needs for _, needs, _ in tried], left)
            not_run.append({"attack": item["attack"], "family": item["family"], "label": item["label"], "reason": found})
        else:
            run.append(item | {"query_limit": share, "query_floor": needs.queries_min})
    return run, not_run


def least_of(spec: AuditSpec, offer: Offer, profile: Profile) -> int:
    """The fewest queries of their own with which all attacks run that nothing else keeps from it."""
    return sum(needs.queries_min for _, needs, _ in _tried(spec, offer, profile, PLENTY))


def _tried(spec: AuditSpec, offer: Offer, profile: Profile, left: int) -> Iterator[tuple[Item, Needs, str]]:
    """What each attack would ask, and why it cannot run where more than queries are missing; then it asks nothing."""
    for label, attack, wanted in _labelled(spec):
        for sensitive in _attributes(attack, offer):
            scope = _scope(spec, offer, profile, sensitive, left)
            reasons = [NO_CANARIES] if attack.kind == "exposure" and spec.data.canaries is None else _reasons(attack, scope)
            needs = Needs(0, 0) if reasons else attack.needs(scope)
            yield _item(label, attack, wanted, sensitive), needs, " ".join(reasons)


def _short(spec: AuditSpec, needs: Needs, asked: Sequence[Needs], left: int) -> str:
    free = left - sum(share or 0 for share in promises(asked, left))
    enough = spec.budget.queries - left + sum(one.queries_min for one in asked)
    return (
        f"It needs at least {needs.queries_min:,} queries; {max(0, free):,} are left;"
        f" raise budget.queries to {enough:,}, which is the least for all attacks."
    )


def promises(asked: Sequence[Needs], left: int) -> list[int | None]:
    """Of `left` queries to each attack its share, in the same order; None where it cannot have its fewest.

    First everyone is promised the fewest that it can do with, those that need least before the others. Only when nobody has gone
    without is the rest shared, in proportion to what each could use beyond its fewest. So no more is promised than there is, and
    more queries never make a share smaller: whoever comes to run with them takes nothing that was promised before.
    """
    shares: list[int | None] = [None] * len(asked)
    for index in sorted(range(len(asked)), key=lambda i: asked[i].queries_min):
        if asked[index].queries_min > left:
            return shares
        shares[index] = asked[index].queries_min
        left -= asked[index].queries_min
    useful = [max(0, needs.queries_max - needs.queries_min) for needs in asked]
    spare, wanted = min(left, sum(useful)), max(1, sum(useful))
    return [needs.queries_min + spare * more // wanted for needs, more in zip(asked, useful, strict=True)]


def _labelled(spec: AuditSpec) -> Iterator[tuple[str, Attack, AttackSpec]]:
    """Each requested attack with a label of its own: `rmia`, then `rmia#2` for the same attack with other parameters."""
    seen: dict[str, int] = {}
    for wanted in requested_attacks(spec):
        seen[wanted.name] = seen.get(wanted.name, 0) + 1
        label = wanted.name if seen[wanted.name] == 1 else f"{wanted.name}#{seen[wanted.name]}"
        yield label, registry.make(wanted.name, dict(wanted.params)), wanted


def requested_attacks(spec: AuditSpec) -> list[AttackSpec]:
    """A tier looks inside only where there is a file to look into; a declared property is asked about by every tier and list,
    canaries are ranked by every tier, and counterfactuals are asked for by those that try to copy the model."""
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
    explains = not isinstance(spec.target, str) and spec.target.counterfactual is not None
    names = [*registry.TIERS[spec.attacks], *(registry.EXPLAINED if explains and spec.attacks != "quick" else ())]
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


def _scope(spec: AuditSpec, offer: Offer, profile: Profile, sensitive: Sensitive | None, left: int) -> Scope:
    named, has_file = (sensitive,) if sensitive else (), bool(spec.target_block.model)
    sizes = offer.candidates, offer.auxiliary, spec.shadow_looks[-1]
    explains = spec.target_block.counterfactual is not None
    return Scope(profile, *sizes, left, named, has_parameters=has_file, has_counterfactuals=explains)


def _reasons(attack: Attack, scope: Scope) -> list[str]:
    if attack.kind == "attribute" and attack.threat_model.is_met_by(scope.profile.output):
        if not scope.sensitive:
            return ["Name the sensitive attributes under data.sensitive to try their inference."]
        unusable = is_sensitive_usable(scope.sensitive[0])
        if unusable:
            return [unusable[:1].upper() + unusable[1:] + "."]
    if attack.kind == "property" and not getattr(attack, "column", ""):
        return ["Declare which share is confidential under property: {column, value, ratios}."]
    return registry.unmet(attack, scope.profile, replace(scope, queries_left=PLENTY))  # who gets how many is decided among all
