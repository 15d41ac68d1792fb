"""What the configuration alone says, rule by rule."""

import json

import numpy as np
import pytest
from scoring_world import normal, scores, sides

from auditor.domain.evidence import MembershipScores
from auditor.domain.learner import Learner, Task
from auditor.errors import InvalidInput
from auditor.scoring.grading import Grading
from auditor.scoring.triage import HIGH, LOWER, NOT_KNOWN, Triage, early_tail, triage

GRADING = Grading(25.0)


def of(name: str, **params: object) -> Triage:
    return triage(Learner(name, params), records=10_000, columns=100, classes=2)


@pytest.mark.parametrize("name", ["xgboost", "random-forest"])
def test_the_defaults_of_the_libraries_are_of_high_risk(name: str) -> None:
    assert of(name).risk == HIGH


@pytest.mark.parametrize(
    ("depth", "trees", "weight", "risk"),
    [
        (4, 12, 1.5, HIGH),
        (4, 12, 1.6, LOWER),
        (4, 3, 1.0, LOWER),
        (3, 12, 1.0, LOWER),
        (4, 13, 3.0, HIGH),
        (3, 500, 0.0, LOWER),
        (4, 62, 3.1, LOWER),
        (4, 63, 3.1, HIGH),
        (4, 63, 6.0, HIGH),
        (4, 63, 6.1, LOWER),
    ],
)
def test_rules_of_xgboost(depth: int, trees: int, weight: float, risk: str) -> None:
    assert of("xgboost", max_depth=depth, n_estimators=trees, min_child_weight=weight).risk == risk


def test_no_limit_on_the_depth_of_xgboost_is_deep() -> None:
    assert of("xgboost", max_depth=0, n_estimators=100).risk == HIGH


@pytest.mark.parametrize(
    ("params", "risk"),
    [
        ({"max_depth": 3}, LOWER),
        ({"max_depth": 4, "n_estimators": 36}, HIGH),
        ({"max_depth": 4, "n_estimators": 35}, LOWER),
        ({"max_features": None, "min_samples_split": 15}, HIGH),
        ({"max_features": None, "min_samples_split": 16}, LOWER),
        ({"max_features": None, "bootstrap": False}, LOWER),
        ({"bootstrap": False, "n_estimators": 16, "max_depth": 8, "min_samples_leaf": 15}, HIGH),
        ({"bootstrap": False, "n_estimators": 16, "max_depth": 7, "min_samples_leaf": 15}, LOWER),
        ({"bootstrap": False, "n_estimators": 16, "max_depth": 8, "min_samples_leaf": 16}, LOWER),
        ({"bootstrap": True, "n_estimators": 16, "max_depth": 8}, LOWER),
    ],
)
def test_rules_of_forests(params: dict[str, object], risk: str) -> None:
    assert of("random-forest", **params).risk == risk


@pytest.mark.parametrize(("depth", "leaf", "risk"), [(8, 7, HIGH), (7, 7, LOWER), (8, 8, LOWER), (None, 1, HIGH)])
def test_rules_of_a_single_tree(depth: int | None, leaf: int, risk: str) -> None:
    assert of("decision-tree", max_depth=depth, min_samples_leaf=leaf).risk == risk


def test_a_rule_that_is_met_is_told_with_its_source() -> None:
    found = of("xgboost").as_json()

    assert found["rules"] == ["deeper than 3 with more than 12 trees and min_child_weight up to 3"]
    assert found["rules"][0] in found["sentence"]
    assert "2502.09396" in found["source"]
    assert json.loads(json.dumps(found)) == found


def test_a_configuration_without_a_rule_is_never_called_safe() -> None:
    assert of("xgboost", max_depth=2).sentence.endswith("that does not make it safe.")


def test_there_are_no_rules_for_numbers_that_are_predicted() -> None:
    found = triage(Learner("xgboost", {}, Task.REGRESSION), 1_000, 10, 0)

    assert found.risk == NOT_KNOWN
    assert "xgboost that predicts numbers" in found.sentence


@pytest.mark.parametrize(
    ("learner", "classes", "parameters"),
    [
        (Learner("logistic-regression"), 2, 101),
        (Learner("logistic-regression", {"fit_intercept": False}), 4, 300),
        (Learner("linear-regression", {}, Task.REGRESSION), 0, 101),
        (Learner("mlp", {"hidden_layer_sizes": (10, 5)}), 2, 1_010 + 55 + 6),
        (Learner("mlp", {"hidden_layer_sizes": (10,)}), 3, 1_010 + 33),
    ],
)
def test_residual_degrees_of_freedom(learner: Learner, classes: int, parameters: int) -> None:
    assert triage(learner, 10_000, 100, classes).residual_freedom == 10_000 - parameters


def test_more_parameters_than_records_are_of_high_risk() -> None:
    found = triage(Learner("mlp"), 1_000, 100, 2)

    assert found.risk == HIGH
    assert found.rules == ("1,000 records for 10,201 parameters",)


def test_enough_records_leave_a_linear_model_not_known() -> None:
    assert of("logistic-regression").risk == NOT_KNOWN


def test_trees_have_no_parameter_count_of_their_own() -> None:
    assert of("random-forest").residual_freedom is None


def test_a_parameter_that_does_not_exist_is_told() -> None:
    with pytest.raises(InvalidInput, match="depth"):
        of("xgboost", depth=3)


def test_the_early_figure_of_a_shift_of_one_is_known() -> None:
    """TNR at FNR 1 % = Phi(Phi^-1(.01) + 1) = .0924."""
    is_member = sides(20_000, 20_000)

    found = early_tail(scores(is_member, normal(1.0), pseudo=0), is_member, GRADING)

    assert found.name == "tnr@fnr=0.01"
    assert found.n == 20_000
    assert found.value == pytest.approx(0.0924, abs=0.006)
    assert (found.low or 0) < 0.0924 < (found.high or 0)


def test_the_early_figure_counts_ties_against_itself() -> None:
    is_member = sides(500, 500)
    tied = MembershipScores(np.zeros(1_000), np.empty((0, 1_000)), np.empty((0, 1_000), bool))

    assert early_tail(tied, is_member, GRADING).value == 0.0


def test_few_members_have_a_reason_instead_of_an_early_figure() -> None:
    is_member = sides(99, 500)

    found = early_tail(scores(is_member, normal(1.0), pseudo=0), is_member, GRADING)

    assert found.value is None
    assert found.reason == "needs at least 100 members; 99 are left"
