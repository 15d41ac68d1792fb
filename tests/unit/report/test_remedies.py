from typing import Any

from auditor.report.reading import read
from auditor.report.remedies import AGAIN, ANSWER_LESS, FILE, TRAIN, remedies_of


def result(*families: str, outcome: str = "breach", **more: Any) -> dict[str, Any]:
    return {"findings": [{"family": f, "outcome": outcome, "queries": 5000} for f in families], **more}


def test_a_breach_is_told_with_what_would_lower_it() -> None:
    assert remedies_of(result("membership")) == (TRAIN, ANSWER_LESS, AGAIN)
    assert remedies_of(result("supply-chain")) == (FILE, AGAIN)
    (callers, again) = remedies_of(result("stealing"))
    assert "5,000" in callers
    assert again == AGAIN


def test_one_remedy_for_several_breaches_is_told_once() -> None:
    assert len(remedies_of(result("membership", "inversion", "stealing"))) == 4


def test_channels_that_were_tried_are_not_advised_again() -> None:
    assert ANSWER_LESS not in remedies_of(result("membership", what_if={"tried": []}))


def test_where_nothing_was_breached_nothing_is_advised() -> None:
    assert remedies_of(result("membership", outcome="pass")) == ()


def test_the_model_the_records_and_the_attacks_are_told_before_any_figure(load: Any) -> None:
    reading = read(load("breach"))
    told = dict(reading.tested)
    assert told["Model"] == load("breach")["target"]["url"]
    assert "members" in told["Records"]
    assert "lira" in told["Attacks"]
    assert told["Not tried"] == ", ".join(item["attack"] for item in load("breach")["not_run"])
    assert read(load("nothing-run")).tested == ()
