from typing import Any

import pytest

from auditor.report.plainly import plainly


def share(name: str, value: float, **more: Any) -> dict[str, Any]:
    return {"name": name, "value": value, "low": value - 0.01, "high": value + 0.01, **more}


def said(family: str, *estimates: dict[str, Any], caveats: tuple[str, ...] = ()) -> str:
    return plainly({"family": family, "estimates": estimates, "caveats": caveats}).replace("\u00a0", " ")


def test_a_finding_that_rests_on_the_tail_is_told_by_whom_it_recognises() -> None:
    tail = ("The score rests on the low-FPR tail: 4 % of members.",)
    told = said("membership", share("auc", 0.7), share("tpr@fpr=0.001", 0.045), caveats=tail)
    assert told == "It recognises 4.5 % (3.5 to 5.5 %) of members while it accuses 1 in 1,000 strangers."


@pytest.mark.parametrize(("realised", "strangers"), [(0.0002, "1,000"), (0.004, "250"), (0.5, "2")])
def test_strangers_are_accused_as_often_as_they_were(realised: float, strangers: str) -> None:
    tail = ("The score rests on the low-FPR tail: 4 % of members.",)
    loose = share("tpr@fpr=0.001", 0.045, realised_fpr=[realised / 2, realised, min(1.0, realised * 2)])
    assert said("membership", loose, caveats=tail).endswith(f"of members while it accuses 1 in {strangers} strangers.")


def test_a_finding_that_rests_on_everybody_is_told_by_pairs() -> None:
    told = said("membership", share("auc", 0.7), share("tpr@fpr=0.001", 0.045))
    assert told == "Of a member and a stranger it tells which is which in 70.0 % (69.0 to 71.0 %) of pairs; guessing does in 50 %."


def test_a_copy_is_told_beside_one_that_never_asked() -> None:
    told = said("stealing", share("fidelity", 0.95), share("baseline_fidelity", 0.9))
    assert told == "Its copy answers as the model does on 95.0 % (94.0 to 96.0 %) of records; one that never asked it, on 90.0 %."
    assert said("stealing", {"name": "fidelity", "value": 0.95}) == "Its copy answers as the model does on 95.0 % of records."


def test_an_attribute_is_told_as_its_caveat_tells_it() -> None:
    caveats = ("Some values are rare.", "The score rests on the bulk: 80 % of members are guessed right, 70 % without the model.")
    assert said("inversion", caveats=caveats) == "80 % of members are guessed right, 70 % without the model."


@pytest.mark.parametrize("family", ["membership", "inversion", "stealing", "supply-chain"])
def test_what_has_no_such_figure_is_not_told(family: str) -> None:
    assert said(family, {"name": "auc", "value": None}, {"name": "fidelity", "value": None}) == ""
