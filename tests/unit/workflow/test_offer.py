"""How many queries each attack is promised: never more than there are, never fewer for having more, the fewest before the rest."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.domain.attack import Needs
from auditor.domain.data import Sensitive
from auditor.domain.spec import AuditSpec, parse
from auditor.domain.target import Output, Profile
from auditor.errors import InvalidInput
from auditor.workflow.offer import NO_CANARIES, Offer, chosen_on, left_of, promises, sorted_out

needs = st.tuples(st.integers(0, 3_000), st.integers(0, 20_000)).map(lambda pair: Needs(pair[0], pair[0] + pair[1]))
several = st.lists(needs, max_size=12)
budgets = st.integers(0, 120_000)
SEX = Sensitive("sex", ("sex",), (("F",), ("M",)))
OFFER = Offer(1_000, 1_000, (SEX,))
PROFILE = Profile(Output.PROBABILITIES, ("no", "yes"))


@given(several, budgets)
@settings(deadline=None, max_examples=100)
def test_no_more_is_promised_than_there_is_and_to_nobody_less_or_more_than_is_of_use(asked: list[Needs], left: int) -> None:
    shares = promises(asked, left)
    assert len(shares) == len(asked)
    assert sum(share or 0 for share in shares) <= left
    assert all(n.queries_min <= s <= n.queries_max for n, s in zip(asked, shares, strict=True) if s is not None)


@given(several, budgets, st.integers(0, 5_000))
@settings(deadline=None, max_examples=100)
def test_more_queries_make_no_share_smaller(asked: list[Needs], left: int, more: int) -> None:
    before, after = promises(asked, left), promises(asked, left + more)
    assert all((b or 0) <= (a or 0) for b, a in zip(before, after, strict=True))
    assert all(a is not None for b, a in zip(before, after, strict=True) if b is not None)


@given(several, budgets)
@settings(deadline=None, max_examples=100)
def test_where_the_fewest_of_all_fit_nobody_goes_without(asked: list[Needs], left: int) -> None:
    shares = promises(asked, left)
    assert (None not in shares) == (sum(n.queries_min for n in asked) <= left)
    if sum(n.queries_max for n in asked) <= left:
        assert shares == [n.queries_max for n in asked]


@given(several, budgets)
@settings(deadline=None, max_examples=50)
def test_who_goes_without_needs_more_than_is_left_and_than_those_who_do_not(asked: list[Needs], left: int) -> None:
    shares = promises(asked, left)
    free = left - sum(share or 0 for share in shares)
    without = [n.queries_min for n, s in zip(asked, shares, strict=True) if s is None]
    assert all(least > free for least in without)
    assert max((n.queries_min for n, s in zip(asked, shares, strict=True) if s is not None), default=0) <= min(
        without, default=10**9
    )


@pytest.mark.parametrize(
    ("left", "shares"),
    [
        (0, [None, None, 0]),
        (99, [None, None, 0]),
        (100, [None, 100, 0]),
        (799, [None, 100, 0]),
        (800, [700, 100, 0]),
        (801 + 24, [720, 105, 0]),  # of 25 queries four fifths and a fifth, as 800 and 200 are wanted
        (1_800, [1_500, 300, 0]),
        (9_999, [1_500, 300, 0]),
    ],
)
def test_shares_by_hand(left: int, shares: list[int | None]) -> None:
    assert promises([Needs(700, 1_500), Needs(100, 300), Needs(0, 0)], left) == shares


def spec_of(**changes: Any) -> AuditSpec:
    document = {"spec": 1, "target": {"url": "http://127.0.0.1:1/v2/models/m/infer"}, "learner": "xgboost", **changes}
    return parse({**document, "data": {"members": "a", "non_members": "b", "label": "y"}})


def shares_of(spec: AuditSpec, left: int) -> tuple[dict[str, int], dict[str, str]]:
    run, not_run = sorted_out(spec, OFFER, PROFILE, left)
    return {item["label"]: item["query_limit"] for item in run}, {item["label"]: item["reason"] for item in not_run}


def test_a_small_budget_lets_the_last_attack_run_too() -> None:
    """Attribute inference alone could use 2,000 queries; it leaves the 700 of the surrogate."""
    spec = spec_of(attacks=[{"name": "attribute", "params": {"records": 1_000}}, "gap", "surrogate"])
    shares, without = shares_of(spec, 1_000)
    assert list(shares) == ["attribute", "gap", "surrogate"]
    assert without == {}
    assert shares["surrogate"] >= 700
    assert shares["gap"] == 0
    assert 980 <= sum(shares.values()) <= 1_000


def test_who_goes_without_is_told_what_it_takes_and_comes_in_the_order_of_the_spec() -> None:
    spec = spec_of(attacks=["surrogate", "path-finding", "attribute"], budget={"queries": 2_000})
    shares, without = shares_of(spec, 900)
    assert list(shares) == ["surrogate", "attribute"]
    (reason,) = without.values()
    assert reason == (
        "It needs at least 705 queries; 100 are left; raise budget.queries to 2,605, which is the least for all attacks."
    )
    enough, none = shares_of(spec_of(attacks=["surrogate", "path-finding", "attribute"], budget={"queries": 2_605}), 1_505)
    assert (len(enough), none) == (3, {})


def test_counterfactuals_are_asked_for_by_tiers_that_copy_models_where_an_endpoint_is_declared() -> None:
    url = "http://127.0.0.1:1/v1/models/m"
    block = {"url": f"{url}:predict", "counterfactual": {"url": f"{url}:explain", "body": {"record": "$record", "r": "$ranges"}}}
    tried = {tier: shares_of(spec_of(target=block, attacks=tier), 100_000)[0] for tier in ("quick", "standard", "full")}
    assert [tier for tier, shares in tried.items() if "tree-reconstruction" in shares] == ["standard", "full"]
    assert tried["full"]["tree-reconstruction"] == 2_505
    assert "tree-reconstruction" not in shares_of(spec_of(attacks="full"), 100_000)[0]
    _, without = shares_of(spec_of(attacks=["tree-reconstruction"]), 100_000)
    assert "declare the endpoint that answers them under target.counterfactual" in without["tree-reconstruction"]


def test_an_attack_that_lacks_something_else_takes_no_queries_from_the_others() -> None:
    spec = spec_of(attacks=["relu-critical-points", "surrogate"])
    run, not_run = sorted_out(spec, OFFER, Profile(Output.LABELS, ("no", "yes")), 700)
    assert [item["attack"] for item in run] == ["surrogate"]
    assert "relu-critical-points" in [item["attack"] for item in not_run]


def test_canaries_are_not_ranked_where_there_are_none() -> None:
    """On a split that somebody made any difference of the two sides would pass for memory."""
    _, without = shares_of(spec_of(attacks=["exposure", "gap"]), 900)
    assert without == {"exposure": NO_CANARIES}


def test_behind_labels_alone_attacks_on_attributes_that_do_with_them_are_named() -> None:
    _, not_run = sorted_out(spec_of(attacks=["attribute", "rmia"]), OFFER, Profile(Output.LABELS, ("no", "yes")), 9_000)
    reasons = {item["label"]: item["reason"] for item in not_run}
    needs_more = "It needs probabilities; this target returns labels only."
    assert reasons["attribute"] == f"{needs_more} Name one of csmia, fredrikson-map, lomia, yeom under attacks."
    assert reasons["rmia"].startswith("It needs")
    assert "Name one of" not in reasons["rmia"]


def test_records_that_choose_the_learner_are_set_apart_before_attacks_are_promised_any() -> None:
    auto, named = spec_of(attacks=["rmia", "surrogate"], learner="auto"), spec_of(attacks=["rmia", "surrogate"])
    stealing = spec_of(attacks=["surrogate"], learner="auto")  # nothing is trained, so nothing is chosen
    assert [chosen_on(spec, OFFER) for spec in (auto, named, stealing)] == [1_000, 0, 0]
    assert chosen_on(auto, Offer(1_000, 30)) == 30
    assert left_of(named, 100, OFFER) - left_of(auto, 100, OFFER) == 1_000


def test_a_budget_below_what_comes_before_the_attacks_says_what_that_takes() -> None:
    auto = spec_of(attacks=["rmia"], learner="auto", budget={"queries": 1_500})
    with pytest.raises(InvalidInput, match="1,000 auxiliary records to choose the learner, takes 2,000 queries beside"):
        left_of(auto, 100, OFFER)
    assert left_of(spec_of(attacks=["rmia"], budget={"queries": 1_500}), 100, OFFER) == 400
