"""Every attack that ships keeps every promise of the attack contract; and the check notices each broken one."""

import random
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

from auditor.attacks import registry
from auditor.attacks.membership.gap import Gap
from auditor.attacks.membership.loss_threshold import LossThreshold
from auditor.domain.attack import Attack, Context, Family, Needs, Scope
from auditor.domain.evidence import AttributeGuesses, MembershipScores, SurrogateLabels
from auditor.domain.threat import Knows
from auditor.errors import Cancelled
from auditor.testing import check_attack, small_world
from auditor.testing.check_attack import CHECKS, documentation
from auditor.testing.claims import distance, restored, strength

FEWER: dict[str, dict[str, object]] = {"tree-reconstruction": {"queries": 200}}  # as many as the promises need
VARIANTS: list[Attack] = [
    *(registry.make(attack.name, FEWER.get(attack.name, {})) for attack in registry.BUILTIN if attack not in registry.DEEP),
    registry.make("lira", {"mode": "offline"}),
    registry.make("lira", {"variance": "record"}),
    registry.make("lira", {"variance": "pooled"}),
    registry.make("rmia", {"mode": "offline"}),
    registry.make("rmia", {"mode": "offline", "a": 0.5}),
    registry.make("loss-threshold", {"threshold": "class"}),
    registry.make("attack-r", {"smooth": "normal"}),
    registry.make("attack-r", {"smooth": "none"}),
    registry.make("salem", {"adversary": 3}),
]
BASELINES = [baseline for attack in VARIANTS if (baseline := registry.baseline_for(attack)) is not None]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("attack", [*VARIANTS, *BASELINES], ids=repr)
def test_attacks_keep_their_promises(attack: Attack, check: Callable[..., None]) -> None:
    check(attack, small_world())


@pytest.mark.parametrize("attack", registry.BUILTIN, ids=lambda attack: attack.name)
def test_every_parameter_is_documented(attack: type[Attack]) -> None:
    page = documentation(registry.make(attack.name, {}))
    assert page is not None
    text = page.read_text()
    for name in registry.parameters_of(registry.make(attack.name, {})):
        assert re.search(rf"`{name}`", text), f"{page.name} does not explain {name}"


def test_no_page_without_an_attack() -> None:
    pages = {page.stem for page in (Path(__file__).parents[2] / "docs" / "attacks").glob("*.md")} - {"stealing"}  # of a benchmark
    assert pages == {attack.name for attack in registry.BUILTIN}


@dataclass(frozen=True)
class Undocumented(LossThreshold):
    name: ClassVar[str] = "never-documented"


class Documented(LossThreshold):
    """Inherits the name, and so the page, of the loss threshold."""


class Shouting(Documented):
    name: ClassVar[str] = "Loss Threshold"


class WithoutPaper(Documented):
    reference: ClassVar[str] = " "


class Unsteady(Documented):
    def run(self, context: Context) -> MembershipScores:
        evidence = super().run(context)
        return replace(evidence, target=evidence.target + np.random.default_rng().normal(size=len(evidence.target)))


class GlobalNumpy(Documented):
    def run(self, context: Context) -> MembershipScores:
        np.random.rand()
        return super().run(context)


class GlobalRandom(Documented):
    def run(self, context: Context) -> MembershipScores:
        random.random()
        return super().run(context)


class Greedy(Documented):
    def run(self, context: Context) -> MembershipScores:
        strangers = context.candidates.features.assign(age=np.arange(len(context.candidates)) + 1000)
        context.query(strangers)
        return super().run(context)

    def needs(self, scope: Scope) -> Needs:
        return Needs(0, 10)


class UpsideDown(Documented):
    def run(self, context: Context) -> MembershipScores:
        evidence = super().run(context)
        return replace(evidence, target=-evidence.target)


class OrderMatters(Documented):
    def run(self, context: Context) -> MembershipScores:
        evidence = super().run(context)
        return replace(evidence, target=evidence.target + 1e-6 * np.arange(len(evidence.target)))


class Silent(Documented):
    def run(self, context: Context) -> MembershipScores:
        return super().run(replace(context, checkpoint=lambda fraction: None))


class Overshooting(Documented):
    def run(self, context: Context) -> MembershipScores:
        context.checkpoint(100.0)
        return super().run(context)


class Deaf(Documented):
    def run(self, context: Context) -> MembershipScores:
        try:
            return super().run(context)
        except Cancelled:
            return super().run(replace(context, checkpoint=lambda fraction: None))


class HalfDeaf(Documented):
    """Notices the first cancellation only."""

    def run(self, context: Context) -> MembershipScores:
        context.checkpoint(0.0)

        def swallow(fraction: float) -> None:
            try:
                context.checkpoint(fraction)
            except Cancelled:
                return

        return super().run(replace(context, checkpoint=swallow))


class Contradictory(Documented):
    def needs(self, scope: Scope) -> Needs:
        return Needs(20, 10)


@pytest.mark.parametrize(
    ("attack", "sentence"),
    [
        (Undocumented(), "never-documented.md is missing"),
        (Shouting(), "lower case"),
        (WithoutPaper(), "names the paper"),
        (Unsteady(), "same seed gives other evidence"),
        (GlobalNumpy(), "global random state"),
        (GlobalRandom(), "global random state"),
        (Greedy(), "asked 600 records beside the candidates and had promised 10"),
        (Contradictory(), "queries_min <= queries_max"),
        (UpsideDown(), "finds nothing in a model that leaks"),
        (OrderMatters(), "depend on the order"),
        (Silent(), "never calls context.checkpoint"),
        (Overshooting(), "outside of 0 to 1"),
        (Deaf(), "swallows Cancelled"),
        (HalfDeaf(), "swallows Cancelled"),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, str) else "",
)
def test_a_broken_promise_is_named(attack: Attack, sentence: str) -> None:
    with pytest.raises(AssertionError, match=sentence):
        check_attack(attack)


def test_claims_about_a_model_that_cannot_leak_are_noticed() -> None:
    world = small_world()
    with pytest.raises(AssertionError, match="cannot leak"):
        check_attack(LossThreshold(), replace(world, null=world.leaky))


def test_an_object_that_is_no_attack_is_named() -> None:
    with pytest.raises(AssertionError, match="lacks a part"):
        check_attack(object())


def test_the_check_leaves_global_randomness_as_it_was() -> None:
    legacy, builtin = np.random.get_state(), random.getstate()
    check_attack(Gap())
    assert random.getstate() == builtin
    assert np.array_equal(np.random.get_state()[1], legacy[1])


def test_a_world_hands_out_only_what_is_granted() -> None:
    world = small_world()
    by_name = {attack.name: registry.make(attack.name, {}) for attack in registry.BUILTIN if attack not in registry.DEEP}
    for attack in by_name.values():
        context = world.context(attack, world.leaky(attack.family), lambda fraction: None)
        knows = attack.threat_model.knows
        assert (context.auxiliary is None) == (Knows.POPULATION not in knows)
        assert (context.learner is None) == (Knows.LEARNER not in knows)
        assert ((context.candidates.labels < 0).all()) == (Knows.TRUE_LABEL not in knows)
        if attack.kind == "attribute":
            assert context.candidates.features[list(context.sensitive.columns)].isna().all(axis=None)


def test_evidence_of_different_kinds_or_sizes_is_infinitely_far_apart() -> None:
    few = MembershipScores(np.zeros(3), np.zeros((0, 3)), np.zeros((0, 3), dtype=bool))
    more = MembershipScores(np.zeros(4), np.zeros((0, 4)), np.zeros((0, 4), dtype=bool))
    guesses = AttributeGuesses(small_world().data.sensitive[0], np.arange(3), np.zeros((3, 3)))
    assert distance(few, few) == 0
    assert distance(few, more) == distance(few, guesses) == float("inf")


def test_reordered_evidence_is_restored() -> None:
    order = np.random.default_rng(0).permutation(600)
    world = small_world()
    guesses = AttributeGuesses(world.data.sensitive[0], np.arange(5), np.random.default_rng(1).normal(size=(5, 3)))
    assert restored(guesses, order).rows.tolist() == order[:5].tolist()
    scores = MembershipScores(np.arange(600.0)[order], np.zeros((0, 600)), np.zeros((0, 600), dtype=bool))
    np.testing.assert_array_equal(restored(scores, order).target, np.arange(600.0))


def test_strength_of_each_kind_of_evidence() -> None:
    world = small_world()
    perfect = MembershipScores(world.data.is_member.astype(float), np.zeros((0, 600)), np.zeros((0, 600), dtype=bool))
    assert strength(perfect, world, world.leaky(Family.MEMBERSHIP)).value == 1.0
    target = world.leaky(Family.STEALING)
    answers = target(world.data.candidates.features).argmax(axis=1)
    stolen = SurrogateLabels(np.array([10]), np.arange(600), answers[None], np.zeros((1, 0), dtype=int), np.zeros(0, dtype=int))
    assert strength(stolen, world, target).value == 1.0
    jobs = world.data.candidates.features["job"].map({"clerk": 0, "farmer": 1, "nurse": 2}).to_numpy()
    known = AttributeGuesses(world.data.sensitive[0], np.arange(600), np.eye(3)[jobs])
    found = strength(known, world, target)
    assert (found.value, found.chance) == (1.0, 1.0)
