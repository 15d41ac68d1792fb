"""Groups and single records are read from one attack, chosen before anything is known."""

import pytest

from auditor.workflow.exposed import REGISTERED, reader


@pytest.mark.parametrize(
    ("ran", "chosen"),
    [
        (["gap", "rmia", "lira"], "rmia"),
        (["loss-threshold", "lira", "stacked", "rmia"], "stacked"),
        (["gap", "rmia#2"], "rmia#2"),
        (["gap", "entropy"], "gap"),
        (["entropy"], "entropy"),
    ],
)
def test_the_first_registered_attack_that_was_graded_is_read(ran: list[str], chosen: str) -> None:
    assert ran[reader(ran)] == chosen


def test_the_strongest_attack_is_registered_first() -> None:
    assert REGISTERED[0] == "stacked"
