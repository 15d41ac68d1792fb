"""The cost of an audit before it starts: the plan added up, by hand where it can be."""

from dataclasses import replace
from typing import Any

import pytest

from auditor.domain.data import Sensitive
from auditor.domain.spec import AuditSpec, parse
from auditor.domain.target import Output, Profile
from auditor.errors import InvalidInput
from auditor.workflow.estimate import (
    PROBE_LEAST,
    PROBE_MOST,
    VALUES_LEAST,
    VALUES_MOST,
    Cost,
    Files,
    Range,
    Reuse,
    estimate,
)
from auditor.workflow.offer import Offer

URL = "http://127.0.0.1:1/v2/models/m/infer"
DATA = {"members": "a", "non_members": "b", "label": "y"}
SEX = Sensitive("sex", ("sex",), (("F",), ("M",), (None,)))
OFFER = Offer(11_000, 10_000, (SEX,))
PROFILE = Profile(Output.PROBABILITIES, ("no", "yes"), latency_ms=20.0, batch_size=512)
ROWS = {"members": 5_000, "non_members": 6_000}


def spec_of(**changes: Any) -> AuditSpec:
    target = {"url": URL, **changes.pop("target", {})}
    data = DATA | changes.pop("data", {})
    return parse({"spec": 1, "target": target, "data": data, "learner": "xgboost", "attacks": ["gap"], **changes})


def cost(offer: Offer = OFFER, profile: Profile | None = PROFILE, workers: int = 1, **changes: Any) -> Cost:
    return estimate(spec_of(**changes), offer, profile, workers)


def test_attacks_that_read_candidates_cost_the_probe_and_one_row_each() -> None:
    assert cost(attacks=["gap", "lira"]).queries == Range(11_000 + PROBE_LEAST, 11_000 + PROBE_MOST)


def test_what_attacks_ask_beside_the_candidates_is_added() -> None:
    alone, both = cost(), cost(attacks=["gap", {"name": "surrogate", "params": {"queries": 2_000}}])
    assert both.queries.high - alone.queries.high == 2_500
    assert both.queries.low - alone.queries.low == 700


def test_what_is_kept_for_each_attack_is_told_from_its_fewest_on() -> None:
    item = {"name": "attribute", "params": {"records": 300}}
    both = cost(attacks=["gap", "surrogate", item], data={"sensitive": ["sex"]})
    assert both.as_json()["attacks"] == [
        {"attack": "surrogate", "queries_min": 700, "queries_max": 5_500},
        {"attack": "attribute[sex]", "queries_min": 150, "queries_max": 900},
    ]
    assert both.lines[-2:] == ("  surrogate       700 to 5,500", "  attribute[sex]  150 to   900")
    assert both.queries.low == 11_000 + PROBE_LEAST + 850
    tight = cost(attacks=["surrogate", item], data={"sensitive": ["sex"]}, budget={"queries": 11_597 + 850})
    assert [share.queries_max for share in tight.attacks] == [700, 150]


def test_attacks_that_ask_nothing_of_their_own_have_no_line() -> None:
    assert cost(attacks=["gap", "lira"]).attacks == ()
    assert cost(attacks=["gap", "lira"]).lines == cost(attacks=["gap", "lira"]).sentences


def test_each_value_of_a_sensitive_attribute_is_asked_for() -> None:
    item = {"name": "attribute", "params": {"records": 300}}
    alone, both = cost(data={"sensitive": ["sex"]}), cost(attacks=["gap", item], data={"sensitive": ["sex"]})
    assert both.queries.high - alone.queries.high == 3 * 300


def test_choosing_the_learner_asks_a_thousand_auxiliary_records() -> None:
    assert cost(learner="auto").queries.high - cost().queries.high == 1_000
    few = replace(OFFER, auxiliary=400)
    assert cost(few, learner="auto").queries.high - cost(few).queries.high == 400
    stealing = {"attacks": ["surrogate"]}  # without a membership attack no learner is chosen
    assert cost(**stealing, learner="auto").queries == cost(**stealing).queries


def cannot_start(rows: dict[str, int], **changes: Any) -> list[str]:
    return [s for s in estimate(spec_of(**changes), Files(rows)).sentences if s.startswith("Cannot start")]


def test_a_learner_that_cannot_be_chosen_is_told_before_the_start() -> None:
    few, enough = {"members": 1_000, "non_members": 2_248}, {"members": 1_000, "non_members": 2_250}
    (said,) = cannot_start(few, learner="auto")
    assert said.endswith("name it, or give data.auxiliary or at least 2,250 non-members.")
    assert cannot_start(few) == cannot_start(enough, learner="auto") == []
    assert cannot_start(few | {"auxiliary": 300}, learner="auto") == []


def test_canaries_are_never_set_aside_to_choose_a_learner_on() -> None:
    coins = {"canaries": "c", "key": "k", "members": None, "non_members": None}
    (said,) = cannot_start({"canaries": 5_000, "key": 5_000}, learner="auto", data=coins)
    assert said.endswith("name it, or give data.auxiliary.")


def test_where_no_shadow_is_trained_no_learner_is_needed() -> None:
    assert cannot_start({"members": 300, "non_members": 300}, learner="auto", attacks=["surrogate"]) == []


def test_no_more_is_promised_than_the_budget_holds() -> None:
    tight = cost(attacks=["gap", "surrogate"], budget={"queries": 13_000})
    assert tight.queries.high == 13_000


def test_a_budget_below_one_row_a_candidate_is_refused_before_anything_is_asked() -> None:
    with pytest.raises(InvalidInput, match="takes 11,000 queries beside the probe; the budget is 11,050"):
        cost(budget={"queries": 11_050})


@pytest.mark.parametrize(("changes", "low", "high"), [({}, 16, 16), ({"shadows": 8}, 8, 8), ({"shadows": "auto"}, 4, 64)])
def test_fits_are_the_shadows_of_the_first_and_the_last_look(changes: dict[str, Any], low: int, high: int) -> None:
    assert cost(**changes).fits == Range(low, high)


def test_without_a_membership_attack_nothing_is_fitted() -> None:
    assert cost(attacks=["surrogate"]).fits == Range(0, 0)


def test_time_grows_with_shadows_and_shrinks_with_workers() -> None:
    few, many = cost(attacks=["rmia"], shadows=4), cost(attacks=["rmia"], shadows=64)
    assert many.seconds.high > few.seconds.high > 0
    assert cost(attacks=["rmia"], shadows=64, workers=4).seconds.high < many.seconds.high


def test_a_rate_limit_is_waited_for() -> None:
    slow = cost(budget={"rate": 100})
    assert slow.seconds.high - cost().seconds.high == pytest.approx(116, abs=3)  # 11,600 rows at 100 a second
    asking = {"attacks": ["surrogate"]}
    assert cost(**asking, budget={"rate": 100}).seconds.high - cost(**asking).seconds.high == pytest.approx(116 + 55, abs=3)


def test_a_slow_target_takes_as_long_as_its_answers() -> None:
    slow = replace(PROFILE, latency_ms=5_120.0)  # 10 ms a row
    assert cost(profile=slow).seconds.high - cost().seconds.high == pytest.approx(110, abs=2)


def test_the_price_is_that_of_the_rows() -> None:
    priced = cost(budget={"price_per_1000": 0.5})
    assert priced.price == Range(5.54, 5.8)
    assert "costs 5.54 to 5.80" in priced.sentences[0]
    assert cost().price is None


def test_json_has_both_ends_of_each_figure_and_the_sentences() -> None:
    document = cost(budget={"price_per_1000": 1}).as_json()
    ends = {f"{n}_{e}" for n in ("queries", "fits", "seconds", "price") for e in ("min", "max")}
    assert set(document) == ends | {"sentences", "attacks"}
    assert "price_min" not in cost().as_json()
    assert (document["fits_min"], document["queries_max"]) == (16, 11_597)


def test_what_the_figures_rest_on_is_said() -> None:
    declared = cost(profile=None, shadows="auto").sentences
    assert any("was not asked yet: it is taken to return probabilities" in s for s in declared)
    assert any(
        "stops at 4 shadow models if the highest severity is shown by then, else where two looks agree" in s for s in declared
    )
    assert len(cost().sentences) == 1


def test_what_cannot_run_is_told_once_for_each_reason() -> None:
    told = cost(target={"output": "labels"}, profile=None, attacks=["gap", "lira", "rmia", "loss-threshold"]).sentences
    assert told[-1].startswith("Cannot run: lira, rmia, loss-threshold. It needs probabilities")
    named = cost(replace(OFFER, sensitive=()), attacks=["gap", "attribute"]).sentences
    assert any(s.startswith("Cannot run: attribute. Name the sensitive attributes") for s in named)
    assert not any("attribute" in s for s in cost(replace(OFFER, sensitive=()), attacks="standard").sentences)


def test_from_files_alone_a_third_of_the_non_members_becomes_auxiliary_where_enough_remain() -> None:
    assert Files(ROWS).offer(spec_of(), 2) == Offer(9_000, 2_000)
    assert Files(ROWS | {"auxiliary": 10_000}).offer(spec_of(), 2) == Offer(11_000, 10_000)
    assert Files({"members": 2_000, "non_members": 2_000}).offer(spec_of(), 2) == Offer(4_000, 0)
    assert Files({"canaries": 1_000}).offer(spec_of(), 2) == Offer(1_000, 0)


def test_from_files_alone_the_values_of_attributes_are_a_range() -> None:
    item = {"name": "attribute", "params": {"records": 300}}
    spec = spec_of(attacks=["gap", item], data={"sensitive": ["sex"], "auxiliary": "c"})
    read = estimate(spec, Files(ROWS | {"auxiliary": 10_000}), PROFILE)
    assert read.queries.high - cost(attacks=["gap"]).queries.high == VALUES_MOST * 300
    assert any(f"taken to have {VALUES_LEAST} to {VALUES_MOST}" in s for s in read.sentences)


def test_words_of_a_range_that_is_one_number() -> None:
    assert Range(4, 4).words() == "4"
    assert Range(1_000, 2_000).words() == "1,000 to 2,000"
    assert "minutes" in cost(budget={"rate": 10}).sentences[0]


# What is trained on, and what is stored already


def test_records_that_every_shadow_is_trained_on_take_their_time() -> None:
    """Half of 10,000 candidates and 45,000 more are ten times as many records as half of the candidates."""
    with_rest = DATA | {"training": "c"}
    alone = estimate(spec_of(shadows=16), Files(ROWS | {"auxiliary": 100})).seconds.low
    more = estimate(spec_of(shadows=16, data=with_rest), Files(ROWS | {"auxiliary": 100, "training": 55_000})).seconds.low
    assert more - alone == pytest.approx(16 * 55 * 0.03, rel=0.02)
    read = [cost(replace(OFFER, training=rest), shadows=16).seconds.low for rest in (0, 55_000)]
    assert read[1] - read[0] == pytest.approx(more - alone, rel=0.02)


def reused(stored: set[int], if_chosen: str | None = None, **changes: Any) -> Cost:
    return estimate(spec_of(**changes), OFFER, PROFILE, 1, Reuse(frozenset(stored), if_chosen))


def test_what_is_stored_is_not_counted_as_a_fit_nor_as_time() -> None:
    new, some, none = (reused(set(range(count)), shadows=16) for count in (0, 12, 16))
    assert (new.fits, some.fits, none.fits) == (Range(16, 16), Range(4, 4), Range(0, 0))
    assert new.seconds.low - some.seconds.low == pytest.approx(3 * (some.seconds.low - none.seconds.low), abs=0.3)
    assert not any("stored already" in sentence for sentence in new.sentences)
    assert "12 of 16 shadow models are stored already: 4 fits." in some.sentences
    assert "16 of 16 shadow models are stored already: 0 fits." in none.sentences


def test_a_pool_that_may_grow_counts_what_each_look_lacks() -> None:
    stored = reused(set(range(16)), shadows="auto")
    assert stored.fits == Range(0, 48)
    assert "16 of 64 shadow models are stored already: 48 fits." in stored.sentences


def test_another_learner_may_be_chosen_and_then_everything_is_trained() -> None:
    maybe = reused(set(range(16)), "xgboost", shadows=16, learner="auto")
    assert maybe.fits == Range(0, 16)
    assert "16 of 16 shadow models are stored already if xgboost is chosen again: 0 fits." in maybe.sentences


def test_attacks_without_shadows_say_nothing_of_them() -> None:
    assert not any("stored already" in sentence for sentence in reused({0, 1}, attacks=["surrogate"]).sentences)
