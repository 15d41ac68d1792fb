"""What attacks that steal may ask: one check of `queries`, one reading of the limit that an audit sets."""

from types import MappingProxyType
from typing import Any

import pytest

from auditor.attacks import registry
from auditor.attacks.stealing.population import UNIFORM
from auditor.attacks.stealing.query_limits import JUDGING, limit_of
from auditor.domain.attack import Context
from auditor.domain.target import Output, Profile
from auditor.errors import InvalidInput

LEAST = MappingProxyType(
    {
        "surrogate": 200,
        "equation-solving": 10,
        "ensemble-thresholds": 200,
        "relu-critical-points": 200,
        "path-finding": 200,
        "lowd-meek": 200,
    }
)


@pytest.mark.parametrize("wrong", [True, 1_000.0, "1000", None, 0, -1], ids=str)
@pytest.mark.parametrize("name", LEAST)
def test_what_is_no_whole_number_of_queries_is_refused(name: str, wrong: Any) -> None:
    with pytest.raises(InvalidInput, match=r"set queries to a whole number from ") as refused:
        registry.make(name, {"queries": wrong})
    assert refused.value.field == f"attacks.{name}.queries"


@pytest.mark.parametrize("name", LEAST)
def test_the_least_is_taken_and_one_less_is_not(name: str) -> None:
    registry.make(name, {"queries": LEAST[name]})
    with pytest.raises(InvalidInput, match=f"from {LEAST[name]} to [0-9,]+, not {LEAST[name] - 1}$"):
        registry.make(name, {"queries": LEAST[name] - 1})


def offered(limit: int) -> Context:
    def never(_: Any) -> Any:
        raise AssertionError("the limit is known without asking")

    return Context(0, Profile(Output.PROBABILITIES, ("a", "b")), (), never, lambda _: None, query_limit=limit)


@pytest.mark.parametrize(("limit", "expected"), [(0, 1_000), (10_000, 1_000), (900, 900 - JUDGING), (100, 100 - JUDGING)])
def test_judging_the_copy_is_paid_from_the_same_limit(limit: int, expected: int) -> None:
    assert limit_of(offered(limit), 1_000) == expected


def test_an_attack_that_asks_nothing_twice_keeps_that_much_more() -> None:
    assert limit_of(offered(900), 1_000, UNIFORM) == 900 - UNIFORM > limit_of(offered(900), 1_000)
