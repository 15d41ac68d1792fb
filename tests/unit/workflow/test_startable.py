"""What could never run is refused at once: known from the spec and the lengths of its files."""

from typing import Any

import pytest

from auditor.domain.spec import AuditSpec, parse
from auditor.errors import InvalidInput
from auditor.workflow.prepare import TOO_FEW
from auditor.workflow.startable import refuse_auto, refuse_unstartable

FEW = {"members": 1_000, "non_members": 1_000}


def spec_of(**changes: Any) -> AuditSpec:
    document = {"spec": 1, "target": {"url": "http://127.0.0.1:1/v2/models/m/infer"}, "learner": "xgboost", **changes}
    return parse({**document, "data": {"members": "a", "non_members": "b", "label": "y"}})


@pytest.mark.parametrize("attacks", ["quick", ["rmia"], ["surrogate", "gap"]])
def test_a_learner_is_not_chosen_on_nothing(attacks: Any) -> None:
    with pytest.raises(InvalidInput, match=r"auto compares learners on auxiliary records; give data\.auxiliary or name"):
        refuse_unstartable(spec_of(learner="auto", attacks=attacks), FEW)


def test_what_is_set_aside_or_given_is_chosen_on_and_what_trains_nothing_chooses_nothing() -> None:
    auto = spec_of(learner="auto", attacks=["rmia"])
    refuse_unstartable(auto, FEW | {"auxiliary": 10})
    refuse_unstartable(auto, {"members": 60, "non_members": 2_250})
    refuse_unstartable(spec_of(learner="auto", attacks=["surrogate"]), FEW)
    refuse_unstartable(spec_of(attacks=["rmia"]), FEW)


def test_auxiliary_records_that_turn_out_to_be_none_are_told_of_too() -> None:
    refuse_auto(spec_of(learner="auto", attacks=["rmia"]), 1)
    with pytest.raises(InvalidInput, match="auto compares learners"):
        refuse_auto(spec_of(learner="auto", attacks=["rmia"]), 0)
    notes = ("The base rate is unusual.", f"{TOO_FEW} 900 are left (each record once): too few.")
    with pytest.raises(InvalidInput, match=r"name the learner \(no auxiliary records were given, .* 900 are left"):
        refuse_auto(spec_of(learner="auto", attacks=["rmia"]), 0, notes)


def test_attacks_that_are_named_are_refused_where_no_number_of_records_leaves_enough_for_them() -> None:
    rows = FEW | {"auxiliary": 1_000}
    named = ["gap", "surrogate", "path-finding"]  # 700 and 705 of their own, and the probe and a hundred candidates 184
    refuse_unstartable(spec_of(attacks=named, budget={"queries": 1_589}), rows)
    with pytest.raises(InvalidInput) as refused:
        refuse_unstartable(spec_of(attacks=named, budget={"queries": 1_588}), rows)
    assert refused.value.field == "budget.queries"
    assert refused.value.sentence == (
        "the probe, every candidate once and the fewest of the attacks that are named take up to 4,002 queries;"
        " the budget is 1,588; raise it to that"
    )
    refuse_unstartable(spec_of(attacks=named, budget={"queries": 4_002}), rows)


def test_a_tier_is_refused_only_where_nothing_at_all_fits() -> None:
    rows = FEW | {"auxiliary": 1_000}
    refuse_unstartable(spec_of(attacks="full", budget={"queries": 184}), rows)
    with pytest.raises(InvalidInput, match="the probe, every candidate once take up to 2,597 queries; the budget is 183"):
        refuse_unstartable(spec_of(attacks="full", budget={"queries": 183}), rows)
