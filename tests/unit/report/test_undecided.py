from typing import Any

from auditor.report.undecided import undecided_words
from auditor.report.verdict import answers_of, verdict_of

WIDE = {"attack": "shokri", "outcome": "inconclusive", "score_low": 20.2, "score": 27.0, "score_high": 33.1, "controls": {}}
FAILED = {**WIDE, "attack": "lira", "controls": {"negative": {"passed": False}, "lookup_twin": {"passed": True}}}
PASSED = {**WIDE, "attack": "gap", "outcome": "pass"}


def test_an_interval_that_holds_the_level_is_told_with_it() -> None:
    assert (
        undecided_words([WIDE, PASSED], 25.0)
        == "The interval of shokri (20 to 34) holds the policy's level of 25; more records make it narrower."
    )


def test_several_intervals_are_one_sentence() -> None:
    told = undecided_words([WIDE, {**WIDE, "attack": "salem"}], 25.0)
    assert (
        told
        == "The intervals of shokri (20 to 34) and salem (20 to 34) hold the policy's level of 25; more records make them narrower."
    )


def test_a_failed_check_is_named_once_with_its_attacks_and_its_interval_is_not_the_reason() -> None:
    assert undecided_words([FAILED, {**FAILED, "attack": "rmia"}], 25.0) == "Negative control failed for lira and rmia."


def test_each_reason_is_said() -> None:
    told = undecided_words([WIDE, FAILED], 25.0)
    assert told.startswith(
        "Negative control failed for lira. The interval of shokri (20 to 34) holds the policy's level of 25; more"
    )


def test_an_interval_on_one_side_of_the_level_is_not_what_leaves_it_open() -> None:
    assert undecided_words([WIDE], 10.0) == "The records alone may explain what was found by shokri."


def test_without_a_score_there_is_no_interval_to_tell() -> None:
    nothing = {**WIDE, "score_low": None, "score": None, "score_high": None}
    assert undecided_words([nothing], 25.0) == "No score could be resolved for shokri."


def test_the_verdict_and_the_question_say_the_same(load: Any) -> None:
    result = load("inconclusive")
    (answer,) = [a for a in answers_of(result) if a.family == "membership"]
    assert answer.words == "Negative control failed for lira. That is not a pass."
    assert verdict_of(result).sentences[0] == answer.words


def test_a_question_left_open_by_the_interval_tells_the_level(load: Any) -> None:
    (answer,) = [a for a in answers_of(load("breach")) if a.family == "inversion"]
    assert answer.words.startswith("The interval of attribute (")
    assert "policy's level of " in answer.words
