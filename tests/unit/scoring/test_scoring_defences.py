"""The cheapest defence: order of costs, attacks that cannot run, and families of which something is missing."""

import pytest

from auditor.domain.finding import Outcome
from auditor.scoring.defences import Defence, Tried, by_cost, cheapest, cheapest_for_all


def tried(attack: str, outcome: Outcome | None, *, family: str = "membership", cannot_run: bool = False) -> Tried:
    return Tried(attack, family, outcome, cannot_run=cannot_run)


def test_log_loss_comes_before_moved_probabilities() -> None:
    few = [Defence("b", (0.1, 0.0), ()), Defence("a", (0.0, 0.9), ()), Defence("c", (0.0, 0.2), ())]
    assert [d.name for d in by_cost(few)] == ["c", "a", "b"]


def test_the_cheapest_that_passes_is_named_and_none_where_none_does() -> None:
    dear = Defence("dear", (0.5, 0.5), (tried("lira", Outcome.PASS), tried("gap", Outcome.BREACH)))
    cheap = Defence("cheap", (0.1, 0.1), (tried("lira", Outcome.INCONCLUSIVE), tried("gap", Outcome.BREACH)))
    assert cheapest([dear, cheap], "lira", "membership") is dear
    assert cheapest([dear, cheap], "gap", "membership") is None


@pytest.mark.parametrize(
    ("others", "outcome"),
    [
        ([Outcome.PASS], Outcome.PASS),
        ([Outcome.PASS, Outcome.BREACH], Outcome.BREACH),
        ([Outcome.PASS, Outcome.INCONCLUSIVE], Outcome.INCONCLUSIVE),
        ([], Outcome.INCONCLUSIVE),
    ],
)
def test_an_attack_that_cannot_run_is_answered_for_by_those_that_can(others: list[Outcome], outcome: Outcome) -> None:
    rest = [tried(f"other {i}", o) for i, o in enumerate(others)]
    labels = Defence("labels only", (0.1, 0.1), (tried("lira", None, cannot_run=True), *rest))
    assert labels.outcome_of("lira", "membership") is outcome


def test_an_attack_that_would_have_to_ask_leaves_the_question_open() -> None:
    defence = Defence("noise", (0.1, 0.1), (tried("boundary", None), tried("gap", Outcome.PASS)))
    assert defence.outcome_of("boundary", "membership") is Outcome.INCONCLUSIVE
    assert defence.family("membership") is Outcome.INCONCLUSIVE
    assert defence.outcome_of("gap", "membership") is Outcome.PASS


def test_families_answer_for_themselves() -> None:
    copied = tried("surrogate", Outcome.BREACH, family="stealing")
    defence = Defence("top 1", (0.0, 0.0), (tried("gap", Outcome.PASS), copied))
    assert defence.family("membership") is Outcome.PASS
    assert cheapest_for_all([defence], {"gap": "membership"}) is defence
    assert cheapest_for_all([defence], {"gap": "membership", "surrogate": "stealing"}) is None


def test_one_for_all_needs_the_whole_family_to_pass() -> None:
    fallen = Defence("labels only", (0.0, 0.0), (tried("lira", Outcome.PASS), tried("gap", Outcome.BREACH)))
    assert cheapest_for_all([fallen], {"lira": "membership"}) is None


def test_as_in_an_audit_one_that_is_blind_is_set_aside_while_another_decides() -> None:
    blind = Tried("loss-threshold", "membership", Outcome.INCONCLUSIVE, is_blind=True)
    alone = Defence("as it is", (0.0, 0.0), (blind,))
    beside = Defence("as it is", (0.0, 0.0), (blind, tried("lira", Outcome.PASS)))
    assert (alone.family("membership"), alone.is_set_aside(blind)) == (Outcome.INCONCLUSIVE, False)
    assert (beside.family("membership"), beside.is_set_aside(blind)) == (Outcome.PASS, True)
    assert beside.outcome_of("loss-threshold", "membership") is Outcome.INCONCLUSIVE


def test_one_that_is_blind_answers_for_none_that_cannot_run() -> None:
    blind = Tried("calibrated-correctness", "membership", Outcome.INCONCLUSIVE, is_blind=True)
    labels = Defence("labels only", (0.0, 0.0), (tried("lira", None, cannot_run=True), blind, tried("gap", Outcome.PASS)))
    assert labels.outcome_of("lira", "membership") is Outcome.INCONCLUSIVE
