"""The attack itself, on targets whose leak is known."""

from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import pytest
from inversion_world import ILLNESS, PROFILE, Recorded, World, constant

from auditor.attacks.inversion.attribute import AttributeInference
from auditor.attacks.inversion.imputation import Imputation
from auditor.attacks.inversion.twin import lookup_answers
from auditor.domain.attack import Attack, Scope
from auditor.domain.data import Sensitive
from auditor.domain.evidence import AttributeGuesses
from auditor.domain.target import Output
from auditor.errors import BudgetExhausted, Cancelled, InvalidInput

FEW = 60  # auxiliary records: too few to learn weights from, which takes most of the time


@dataclass(frozen=True)
class Run:
    """One attack on 400 candidates, and what was asked for it."""

    world: World
    query: Recorded
    guesses: AttributeGuesses

    @property
    def right(self) -> np.ndarray:
        return right(self.world, self.guesses.scores)


@cache
def ran(target: str) -> Run:
    """On a `table` that remembers the members, or a `constant` target; several tests look at the same run."""
    world = World()
    query = Recorded(lookup_answers(world.data) if target == "table" else constant)
    return Run(world, query, AttributeInference().run(world.context(query)))


@cache
def imputed() -> np.ndarray:
    world = World()
    return right(world, Imputation().run(world.context(constant)).scores)


def right(world: World, scores: np.ndarray) -> np.ndarray:
    return scores.argmax(axis=1) == world.values[: len(scores)]


def test_a_target_that_remembers_gives_every_member_away() -> None:
    found = ran("table")
    assert found.right[found.world.data.is_member].mean() > 0.99


def test_and_nothing_about_non_members() -> None:
    outside = ~ran("table").world.data.is_member
    assert ran("table").right[outside].mean() <= imputed()[outside].mean() + 0.08


def test_members_stand_first_when_ranked_by_confidence() -> None:
    scores = np.sort(ran("table").guesses.scores, axis=1)
    surest = np.argsort(scores[:, -2] - scores[:, -1])[:50]
    assert ran("table").world.data.is_member[surest].all()


def test_a_constant_target_adds_nothing_to_imputation() -> None:
    members = ran("constant").world.data.is_member
    assert abs(ran("constant").right[members].mean() - imputed()[members].mean()) < 0.06


def test_an_attribute_that_follows_from_the_others_is_no_leak() -> None:
    world = World(illness="function")
    attack = right(world, AttributeInference().run(world.context(constant)).scores)
    assert attack[world.data.is_member].mean() > 0.97
    assert attack[~world.data.is_member].mean() > 0.97


def test_the_baseline_is_about_the_same_records() -> None:
    world = World(auxiliary=FEW)
    attack = AttributeInference(records=80)
    assert isinstance(attack.baseline, Imputation)
    rows = [a.run(world.context(constant, seed=s)).rows.tolist() for a, s in ((attack, 1), (attack.baseline, 2))]
    assert rows[0] == rows[1] == list(range(80))


def test_it_asks_each_record_once_for_each_value() -> None:
    asked = ran("constant").query.asked
    assert len(asked) == 3 * 400
    assert asked["illness"].value_counts().to_dict() == {"asthma": 400, "gout": 400, "none": 400}
    known = asked.iloc[:400].drop(columns="illness")
    assert known.equals(ran("constant").world.data.candidates.features.drop(columns="illness"))


def test_it_asks_in_batches() -> None:
    world = World(candidates=700, auxiliary=FEW)
    query = Recorded(constant)
    AttributeInference().run(world.context(query))
    assert max(len(frame) for frame in query.frames) <= 500


def test_needs_is_kept() -> None:
    scope = Scope(PROFILE, 120, 300, 0, 10_000, (ILLNESS,))
    needs = AttributeInference().needs(scope)
    assert (needs.queries_min, needs.queries_max, needs.shadows) == (150, 360, 0)
    world = World(candidates=120, auxiliary=FEW)
    query = Recorded(constant)
    AttributeInference().run(world.context(query, limit=200))
    assert len(query.asked) <= 200


def test_needs_of_a_large_audit_stops_at_the_records_parameter() -> None:
    scope = Scope(PROFILE, 11_000, 300, 0, 100_000, (ILLNESS,))
    assert AttributeInference().needs(scope).queries_max == 6_000
    assert AttributeInference(records=500).needs(scope).queries_max == 1_500


def test_too_many_values_are_refused_before_anything_is_spent() -> None:
    wide = Sensitive("zip", ("zip",), tuple((str(i),) for i in range(21)))
    with pytest.raises(InvalidInput, match="group it into at most 20"):
        AttributeInference().needs(Scope(PROFILE, 100, 100, 0, 100_000, (wide,)))


def test_its_adversary_is_not_said_to_have_what_it_is_after() -> None:
    words = AttributeInference.threat_model.in_words()
    assert "knows every other attribute of the person" in words
    assert "full records" not in words


def test_labels_alone_do_not_meet_its_threat_model() -> None:
    model = AttributeInference.threat_model
    assert not model.is_met_by(Output.LABELS)
    assert model.is_met_by(Output.PROBABILITIES)
    assert model.is_met_by(Output.LOGITS)


def test_evidence_is_finite_where_probabilities_are_zero_or_hidden() -> None:
    world = World(candidates=100, auxiliary=120)

    def extreme(frame: object) -> np.ndarray:
        answers = np.tile([0.0, 1.0], (len(frame), 1))  # type: ignore[arg-type]
        answers[::2] = [np.nan, 1.0]
        return answers

    scores = AttributeInference().run(world.context(extreme)).scores
    assert np.isfinite(scores).all()


def test_the_same_seed_gives_the_same_evidence() -> None:
    world = World()
    again = AttributeInference().run(world.context(lookup_answers(world.data)))
    assert np.array_equal(again.scores, ran("table").guesses.scores)


def test_the_order_of_the_records_does_not_matter() -> None:
    world = World(candidates=150, auxiliary=120)
    query = lookup_answers(world.data)
    context = world.context(query)
    order = np.random.default_rng(0).permutation(150)
    assert context.candidates is not None
    shuffled = AttributeInference().run(replace(context, candidates=context.candidates.take(order)))
    assert shuffled.scores == pytest.approx(AttributeInference().run(context).scores[order], abs=1e-9)


def test_progress_rises_to_one() -> None:
    fractions = ran("constant").world.fractions
    assert fractions == sorted(fractions)
    assert fractions[0] == 0.0
    assert fractions[-1] == 1.0


def test_it_can_be_cancelled_between_batches() -> None:
    world = World()
    query = Recorded(constant)

    def stop(fraction: float) -> None:
        if fraction > 0:
            raise Cancelled("stop")

    with pytest.raises(Cancelled):
        AttributeInference().run(replace(world.context(query), checkpoint=stop))
    assert len(query.frames) == 1


def test_an_exhausted_budget_is_not_swallowed() -> None:
    def broke(frame: object) -> np.ndarray:
        raise BudgetExhausted("no more")

    with pytest.raises(BudgetExhausted):
        AttributeInference().run(World().context(broke))


def test_without_an_attribute_it_says_what_to_name() -> None:
    with pytest.raises(InvalidInput, match="name the sensitive attributes"):
        AttributeInference().run(replace(World().context(constant), sensitive=None))


def test_a_value_missing_from_the_auxiliary_records_is_never_guessed() -> None:
    """The attacked records are kept, but the scores have no column for a value that nobody in the population shows."""
    world = World(auxiliary=FEW)
    world.data.candidates.features.loc[0, "illness"] = "plague"
    assert AttributeInference().run(world.context(constant)).scores.shape == (400, 3)


@pytest.mark.parametrize("records", [49, 100_001, False, None, 60.0])
def test_bounds(records: object) -> None:
    with pytest.raises(InvalidInput, match="whole number") as refusal:
        AttributeInference(records=records)  # type: ignore[arg-type]
    assert refusal.value.field == "attacks.attribute.records"


def test_it_meets_the_contract() -> None:
    assert isinstance(AttributeInference(), Attack)
    assert isinstance(Imputation(), Attack)


def test_the_lookup_target_answers_for_full_records_only() -> None:
    world = World()
    query = lookup_answers(world.data)
    candidates, is_member = world.data.candidates, world.data.is_member
    answers = query(candidates.features)
    own = answers[np.arange(400), candidates.labels]
    assert own[is_member] == pytest.approx(np.full(is_member.sum(), 1.0), abs=1e-5)
    prior = np.bincount(candidates.labels, minlength=2) / 400
    assert np.array_equal(answers[~is_member], np.tile(prior, ((~is_member).sum(), 1)))
    changed = candidates.features.assign(age=candidates.features["age"] + 1_000)
    assert np.array_equal(query(changed), np.tile(prior, (400, 1)))


def test_members_that_differ_in_the_label_only_share_the_certainty() -> None:
    world = World()
    twins = world.data.candidates.take(np.array([0, 0]))
    twins.labels[:] = [0, 1]
    data = replace(world.data, candidates=twins, is_member=np.array([True, True]))
    assert lookup_answers(data)(twins.features) == pytest.approx(np.full((2, 2), 0.5))
