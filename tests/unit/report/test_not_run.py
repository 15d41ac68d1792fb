"""One row for one reason, and few words beside the verdict."""

from typing import Any

from auditor.report.not_run import NotRun, not_run_of, shortfall


def result(*missing: tuple[str, str], ran: tuple[str, ...] = ()) -> dict[str, Any]:
    return {"findings": [{"attack": a} for a in ran], "not_run": [{"attack": a, "reason": r} for a, r in missing]}


def needs(count: str) -> str:
    return f"It needs at least {count} queries; 0 are left; raise budget.queries."


def test_attacks_that_the_same_thing_stops_are_one_row() -> None:
    several = [(attack, needs(count)) for attack in ("csmia", "lomia") for count in ("250", "1,550", "100")]
    folded = NotRun("csmia and lomia", needs("100 to 1,550").replace("queries;", "queries, depending on the attribute;"))
    alone = NotRun("gmi", "It needs PyTorch.")
    assert not_run_of(result(*several, ("gmi", "It needs PyTorch."))) == (folded, alone)


def test_different_reasons_of_one_attack_stand_together() -> None:
    about = "Yeom is about categories; 'age' is a number, which attribute tries."
    assert not_run_of(result(("yeom", needs("300")), ("yeom", about))) == (NotRun("yeom", f"{needs('300')} {about}"),)


def test_the_verdict_names_few_and_counts_attacks_not_attributes() -> None:
    assert shortfall(result()) == []
    assert shortfall(result(("gmi", "a"), ("gmi", "b"))) == ["1 attack did not run; the reasons are below."]
    assert shortfall(result(("gmi", "a"), ("yeom", "b"))) == ["2 attacks did not run (gmi and yeom); the reasons are below."]
    many = [(f"a{i}", "r") for i in range(9)]
    assert shortfall(result(*many)) == ["9 attacks did not run; the reasons are below."]


def test_an_attack_that_ran_on_some_attribute_did_run() -> None:
    said = shortfall(result(("csmia", "a"), ("gmi", "b"), ran=("csmia",)))
    assert said == ["1 attack did not run and csmia did not run on every attribute; the reasons are below."]
