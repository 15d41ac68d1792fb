"""Attacks: what can be run, against whom it defends, and where it was published."""

import logging
from dataclasses import MISSING, fields
from dataclasses import Field as DataclassField
from importlib.metadata import entry_points
from typing import Any

from apiflask import APIBlueprint
from pydantic import Field

from auditor.attacks import registry
from auditor.attacks.cost_class import cost_class
from auditor.domain.attack import Attack
from auditor.domain.catalog import Role
from auditor.errors import InvalidInput
from auditor.web.access import needs
from auditor.web.api.shapes import Shown

log = logging.getLogger(__name__)

bp = APIBlueprint("attacks", __name__, url_prefix="/attacks", tag="Attacks")


class ThreatModelOut(Shown):
    sees: str
    knows: list[str]
    words: str = Field(description="the adversary in one plain sentence")


class ParameterOut(Shown):
    name: str
    default: Any = Field(description="null where none is needed")


class AttackOut(Shown):
    name: str
    family: str
    kind: str
    shows: str = Field(description="what a finding of it shows, in plain words")
    threat_model: ThreatModelOut
    reference: str
    cost: str = Field(description="what it takes beside the answers about the candidates, on an audit of 10,000")
    tiers: list[str] = Field(description="the tiers that contain it")
    parameters: list[ParameterOut]


class AttackList(Shown):
    items: list[AttackOut]
    next: None = Field(None, description="always null: attacks come in one page")


@bp.get("")
@needs(Role.VIEWER)
@bp.output(AttackList)
def index() -> AttackList:
    """Every attack that this installation knows, with its threat model in words."""
    return AttackList(items=[shown(attack) for attack in installed()])


def installed() -> list[type[Attack]]:
    """Those that ship, then those that installed packages bring; one that cannot be loaded is logged and left out."""
    shipped = [attack.name for attack in registry.BUILTIN]
    brought = {point.name for point in entry_points(group=registry.GROUP)} - set(shipped)
    found = list(registry.BUILTIN)
    for name in sorted(brought):
        try:
            found.append(registry.find(name))
        except InvalidInput as broken:
            log.warning("%s", broken.sentence)
    return found


def shown(attack: type[Attack]) -> AttackOut:
    model = attack.threat_model
    return AttackOut(
        name=attack.name,
        family=attack.family,
        kind=attack.kind,
        shows=attack.shows,
        threat_model=ThreatModelOut(sees=model.sees, knows=sorted(model.knows), words=model.in_words()),
        reference=attack.reference,
        cost=cost_class(attack),
        tiers=[tier for tier, names in registry.TIERS.items() if attack.name in names],
        parameters=[ParameterOut(name=f.name, default=_default(f)) for f in fields(attack)],  # type: ignore[arg-type]
    )


def _default(field: DataclassField[Any]) -> Any:
    if field.default is not MISSING:
        return field.default
    return None if field.default_factory is MISSING else field.default_factory()
