"""Attacks that say they work on a model which answers one number keep every promise of the contract there."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

from auditor.attacks import registry
from auditor.domain.attack import Attack, Context, Family, Needs, Scope
from auditor.domain.evidence import MembershipScores
from auditor.domain.threat import Knows, Sees, ThreatModel
from auditor.testing import check_attack, small_value_world
from auditor.testing.check_attack import CHECKS
from auditor.testing.claims import strength

SHIPPED = [registry.make(attack.name, {}) for attack in registry.BUILTIN if attack.threat_model.or_value]


@dataclass(frozen=True)
class Residual:
    """The smaller the error, the more likely a member; it takes the documentation of another attack."""

    name: ClassVar[str] = "loss-threshold"
    family: ClassVar[Family] = Family.MEMBERSHIP
    kind: ClassVar[str] = "membership"
    threat_model: ClassVar[ThreatModel] = ThreatModel(
        Sees.PROBABILITIES, frozenset({Knows.CANDIDATES, Knows.TRUE_LABEL}), or_value=True
    )
    reference: ClassVar[str] = "Yeom et al. 2018"
    shows: ClassVar[str] = "whether a record was in the training data"

    def needs(self, scope: Scope) -> Needs:
        return Needs(0, 0)

    def run(self, context: Context) -> MembershipScores:
        context.checkpoint(0.0)
        assert context.candidates is not None
        assert context.candidates.values is not None
        error = context.query(context.candidates.features)[:, 0] - context.candidates.values
        n = len(error)
        return MembershipScores(-np.abs(error), np.zeros((0, n)), np.zeros((0, n), dtype=bool))


class AtRandom(Residual):
    def run(self, context: Context) -> MembershipScores:
        n = len(super().run(context).target)
        return MembershipScores(np.zeros(n), np.zeros((0, n)), np.zeros((0, n), dtype=bool))


class LabelBlind(Residual):
    threat_model: ClassVar[ThreatModel] = ThreatModel(Sees.PROBABILITIES, frozenset({Knows.CANDIDATES}), or_value=True)


@pytest.mark.parametrize("check", CHECKS[1:], ids=lambda check: check.__name__)
@pytest.mark.parametrize("attack", [Residual(), *SHIPPED], ids=repr)
def test_attacks_keep_their_promises_on_values(attack: Attack, check: Callable[..., None]) -> None:
    check(attack, small_value_world())


def test_an_attack_that_finds_nothing_in_values_is_noticed() -> None:
    with pytest.raises(AssertionError, match="finds nothing"):
        check_attack(AtRandom(), small_value_world())


def test_an_attack_that_claims_to_read_values_is_checked_on_values_too() -> None:
    """The classes of the usual world have no true values, which this attack would read."""
    with pytest.raises(AssertionError):
        check_attack(Residual())


def test_who_does_not_know_the_truth_is_not_given_it() -> None:
    world = small_value_world()
    blind = world.context(LabelBlind(), world.leaky(Family.MEMBERSHIP), lambda fraction: None)
    assert blind.candidates is not None
    assert blind.candidates.values is None


def test_the_world_of_values_leaks_to_members_alone() -> None:
    world = small_value_world()
    assert world.data.classes == ()
    assert world.shadows.probabilities.shape == (8, 600, 1)
    np.testing.assert_array_equal(world.shadows.probabilities, np.round(world.shadows.probabilities, 3))
    for target, at_least, at_most in ((world.leaky, 0.9, 1.0), (world.null, 0.4, 0.6)):
        query = target(Family.MEMBERSHIP)
        found = strength(Residual().run(world.context(Residual(), query, lambda fraction: None)), world, query)
        assert at_least < found.value < at_most
