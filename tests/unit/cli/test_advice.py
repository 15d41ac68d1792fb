import pytest

from auditor.cli.advice import CHANGE, advice_on

RESUME = "`auditor resume 7` goes on where it stopped"


@pytest.mark.parametrize(
    "reason",
    [
        "The target answers probabilities where raw scores were declared; declare output: probabilities.",
        "The target does not answer one number a record, as output: value says; declare what it answers.",
        "target.rows: column 'town' holds text, which a matrix cannot carry; declare rows: records",
        "The target answers 3 numbers a record for 2 classes; correct target.classes.",
        "The answer has no list of outputs; check target.protocol.",
        "The budget of 10 rows is too small; raise budget.queries.",
        "learner: auto compares learners on auxiliary records; give data.auxiliary or name the learner",
    ],
)
def test_a_wrong_spec_is_changed_and_not_resumed(reason: str) -> None:
    assert advice_on(reason, RESUME) == CHANGE


@pytest.mark.parametrize(
    "reason",
    [
        "The target cannot be reached; check target.url and whether the server is running.",
        "The target refuses the credential (401); check target.auth.",
        "The target fails on this request (500: scripted); check target.protocol, target.rows and the server's log.",
        "The target is busy (429); lower budget.rate or wait.",
        "The machine ran out of memory in this step; give the worker more, or audit fewer records.",
    ],
)
def test_what_another_try_may_find_gone_is_resumed(reason: str) -> None:
    assert advice_on(reason, RESUME) == f"{RESUME}, with the same spec"
