"""What attacks cost, in words."""

from dataclasses import dataclass

import pytest

from auditor.attacks import registry
from auditor.attacks.cost_class import cost_class
from auditor.domain.attack import Needs, Scope
from auditor.errors import InvalidInput


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("gap", "nothing more"),
        ("lira", "shadow models (shared with other attacks)"),
        ("rmia", "shadow models (shared with other attacks)"),
        ("attribute", "100 to 4,000 more queries"),
    ],
)
def test_what_an_attack_takes_is_told(name: str, words: str) -> None:
    assert cost_class(registry.find(name)) == words


@pytest.mark.parametrize("attack", [a for a in registry.BUILTIN if a not in registry.DEEP], ids=lambda attack: attack.name)
def test_every_attack_that_ships_has_a_cost(attack: type) -> None:
    assert cost_class(attack) != "depends on its parameters"


@dataclass(frozen=True)
class Picky(registry.find("gap")):  # type: ignore[misc]
    """Without its parameter it cannot say what it needs."""

    column: str = ""

    def needs(self, scope: Scope) -> Needs:
        if not self.column:
            raise InvalidInput("attacks.picky.column", "name a column")
        return Needs(10, 10)


@dataclass(frozen=True)
class Fixed(registry.find("gap")):  # type: ignore[misc]
    def needs(self, scope: Scope) -> Needs:
        return Needs(1500, 1500, shadows=2)


def test_an_attack_that_cannot_tell_is_not_guessed() -> None:
    assert cost_class(Picky) == "depends on its parameters"


def test_both_costs_are_named_and_one_number_is_one_number() -> None:
    assert cost_class(Fixed) == "shadow models (shared with other attacks) and 1,500 more queries"
