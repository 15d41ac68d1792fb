"""The controls of stealing: fair to an attack that has little to learn from, and hard on one that does not look at the answers."""

from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest
from inversion_world import PROFILE, World, constant

from auditor.attacks.stealing.equation_solving import EquationSolving
from auditor.attacks.stealing.surrogate import Surrogate
from auditor.domain.attack import Context, Query
from auditor.domain.data import AuditData, Column, ColumnType, Records
from auditor.domain.evidence import SurrogateLabels
from auditor.domain.target import Output, Profile
from auditor.scoring import controls
from auditor.scoring.grading import Grading
from auditor.testing.world import small_value_world
from auditor.workflow.kinds.extraction import as_answered, targets, told_by

GRADING = Grading(level=25.0, seed=1)
LEAST = World(auxiliary=200)
LABELS, TENTHS = replace(PROFILE, output=Output.LABELS), replace(PROFILE, decimals=1)


def stolen(query: Query, profile: Profile = PROFILE) -> SurrogateLabels:
    evidence = Surrogate(queries=200).run(replace(LEAST.stealing(query), profile=profile))
    assert isinstance(evidence, SurrogateLabels)
    return evidence


@cache
def without_asking() -> SurrogateLabels:
    evidence = Surrogate().baseline.run(LEAST.stealing(constant))
    assert isinstance(evidence, SurrogateLabels)
    return evidence


def is_found(evidence: SurrogateLabels, rule: Query) -> bool | None:
    told = told_by(rule, LEAST.data, evidence.rows)
    return controls.stealing(evidence, evidence, without_asking(), told, GRADING)["known_target"].passed


@pytest.mark.parametrize("profile", [PROFILE, LABELS], ids=["probabilities", "labels"])
def test_the_least_that_an_audit_may_have_is_enough_to_find_the_known_target(profile: Profile) -> None:
    """200 auxiliary records and 200 queries, through the target's own channel."""
    rule = as_answered(targets(Surrogate(), LEAST.data, None, 1)["known_target"], LEAST.data, profile)
    assert is_found(stolen(rule, profile), rule)


def test_an_attack_that_does_not_look_at_the_answers_is_caught_under_any_rule() -> None:
    """Its copy is of people's labels, or gives one answer, or any: over 20 rules none of these passes for a find."""
    blind = without_asking()
    for seed in range(20):
        rule = targets(Surrogate(), LEAST.data, None, seed)["known_target"]
        drawn = np.random.default_rng(seed).integers(2, size=len(blind.rows))
        for labels in (blind.labels[-1], np.zeros(len(blind.rows), np.intp), drawn):
            assert is_found(replace(blind, labels=labels[None, :]), rule) is False


@pytest.mark.parametrize(("profile", "distinct"), [(LABELS, {0.0, 1.0}), (TENTHS, set(np.round(np.arange(0, 1.1, 0.1), 1)))])
def test_targets_of_controls_answer_through_the_channel_of_the_target(profile: Profile, distinct: set[float]) -> None:
    for query in targets(Surrogate(), LEAST.data, None, 3).values():
        assert set(np.unique(as_answered(query, LEAST.data, profile)(LEAST.data.candidates.features))) <= distinct


def test_numbers_come_in_the_units_of_the_target_and_rounded_like_its_own() -> None:
    data = small_value_world().data
    thousands = replace(data, auxiliary=replace(data.auxiliary, values=1_000 * np.asarray(data.auxiliary.values)))
    rule = targets(EquationSolving(), thousands, None, 3)["known_target"]
    answers = as_answered(rule, thousands, Profile(Output.VALUE, (), decimals=-2))(data.candidates.features)
    assert np.array_equal(answers, np.round(answers, -2))
    assert len(np.unique(answers)) > 100


def test_of_candidates_that_the_copy_is_not_judged_on_nothing_is_told() -> None:
    rule = targets(Surrogate(), LEAST.data, None, 3)["known_target"]
    told = told_by(rule, LEAST.data, np.array([4, 7]))
    assert told.target_labels is not None
    assert np.flatnonzero(told.target_labels >= 0).tolist() == [4, 7]


def digits(count: int, seed: int) -> Records:
    """Ten classes over 30 numbers, whole and mostly 0 on the rim, as pixels are."""
    rng = np.random.default_rng(seed)
    cells = np.rint(rng.gamma(1.0, np.linspace(0.3, 6.0, 30), (count, 30))).clip(0, 16)
    return Records(pd.DataFrame(cells, columns=[f"p{i}" for i in range(30)]), rng.integers(10, size=count).astype(np.intp))


def test_equations_find_their_known_target_behind_three_decimals() -> None:
    columns, classes = tuple(Column(f"p{i}", ColumnType.NUMBER) for i in range(30)), tuple("0123456789")
    data = AuditData(columns, classes, digits(300, 1), np.arange(300) < 150, digits(200, 2))
    profile = Profile(Output.PROBABILITIES, classes, decimals=3)
    rule = as_answered(targets(EquationSolving(), data, None, 3)["known_target"], data, profile)
    context = Context(3, profile, columns, rule, lambda fraction: None, data.candidates, None, data.auxiliary)
    evidence = EquationSolving().run(context)
    assert isinstance(evidence, SurrogateLabels)
    told = told_by(rule, data, evidence.rows)
    found = controls.stealing(evidence, evidence, EquationSolving().baseline.run(context), told, GRADING)
    assert found["known_target"].passed
