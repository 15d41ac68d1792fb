"""`auditor attacks`: every attack with its tiers, what it shows, the adversary it assumes in words, and what it costs."""

import argparse
from importlib.metadata import entry_points
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import RenderableType

    from auditor.domain.attack import Attack


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser("attacks", help="list the attacks with their threat models", description=__doc__)
    parser.set_defaults(execute=execute)


def execute(arguments: argparse.Namespace) -> int:
    from rich.console import Console

    from auditor.attacks import registry

    console = Console()
    for attack in map(registry.find, _names()):
        tiers = [tier for tier, members in registry.TIERS.items() if attack.name in members]
        console.print(_described(attack, tiers), end="\n\n")
    return 0


def _described(attack: "type[Attack]", tiers: list[str]) -> "RenderableType":
    """Name and family, then what it shows, who could do it, what it takes, and where it is published."""
    from rich.console import Group
    from rich.padding import Padding
    from rich.text import Text

    from auditor.attacks.cost_class import cost_class

    where = f"in {', '.join(tiers)}" if tiers else "in no tier; name it to run it"
    kind = "" if attack.kind == attack.family else f" ({attack.kind})"
    head = Text.assemble((attack.name, "bold"), f"  {attack.family}{kind}, {where}")
    lines = (f"Shows {attack.shows}.", attack.threat_model.in_words(), f"Takes {cost_class(attack)}.", attack.reference)
    return Group(head, *(Padding(Text(line), (0, 0, 0, 4)) for line in lines))


def _names() -> list[str]:
    """Those that ship, then those that installed packages bring."""
    from auditor.attacks import registry

    shipped = [attack.name for attack in registry.BUILTIN]
    brought = {point.name for point in entry_points(group=registry.GROUP)}
    return shipped + sorted(brought - set(shipped))
