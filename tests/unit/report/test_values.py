"""Values of an attribute stand in its finding, and name nobody whom a leak concerns."""

from typing import Any

from auditor.report import html
from auditor.report.findings import finding_of
from auditor.report.values import values_of


def share(name: str, value: float) -> dict[str, Any]:
    return {"name": name, "value": value, "low": value - 0.1, "high": value + 0.1, "n": 40, "confidence": 0.95}


def finding(kind: str = "attribute") -> dict[str, Any]:
    gout = [share("precision", 0.8), share("precision_imputation", 0.4), share("recall", 0.5)]
    groups = [
        {"attribute": "ill", "value": "gout", "members": 1200, "non_members": 50, "estimates": gout, "sentence": "Members: much."},
        {"attribute": "ill", "value": "other values", "members": 4, "non_members": 3, "estimates": [], "sentence": "Not measured."},
    ]
    named = {"attack": "csmia", "family": "inversion", "kind": kind, "parameters": {"sensitive": "ill"}, "outcome": "pass"}
    return {**named, "severity": "none", "score": 0.0, "score_low": 0.0, "score_high": 0.0, "subgroups": groups, "estimates": gout}


def test_a_row_has_both_shares_beside_those_without_the_model() -> None:
    gout, others = values_of(finding())
    shown = [(value.replace("\u00a0", " "), span.replace("\u00a0", " ")) for value, span in gout.figures]
    assert (gout.value, gout.members, gout.non_members) == ("gout", "1,200", "50")
    assert shown == [("80.0 %", "70.0 to 90.0 %"), ("40.0 %", "30.0 to 50.0 %"), ("50.0 %", "40.0 to 60.0 %"), ("–", "")]
    assert (gout.sentence, others.sentence) == ("", "Not measured.")
    assert {value for value, _ in others.figures} == {"–"}


def test_other_findings_have_groups_instead() -> None:
    read = finding_of(finding(), 25.0, 1)
    assert (read.groups, len(read.values)) == (None, 2)
    assert values_of(finding("membership")) == ()


def test_values_stand_in_the_finding_and_not_under_whom_it_concerns() -> None:
    audit = {"id": "a", "name": "q3", "status": "completed", "outcome": "pass", "score": 0.0, "severity": "none"}
    page = html({"audit": audit, "findings": [finding()], "not_run": [], "data": {}})
    assert "Value by value (2)" in page
    assert "Whom it concerns" not in page


def test_a_finding_that_found_nothing_is_folded_in_print_unless_it_checked_something() -> None:
    assert finding_of(finding(), 25.0, 1).found_nothing
    assert not finding_of({**finding(), "score": 3.0}, 25.0, 1).found_nothing
    assert not finding_of({**finding(), "outcome": "inconclusive"}, 25.0, 1).found_nothing


def test_print_has_the_main_figures_in_words() -> None:
    weak = {"name": "auc", "value": None, "reason": "too few"}
    epsilon = {"name": "empirical_epsilon", "value": 3.0, "n": 10}
    told = finding_of({**finding(), "estimates": [share("precision@k", 0.8), weak, epsilon]}, 25.0, 1).brief
    assert [text.replace("\u00a0", " ") for text in told] == ["Right among the k surest guesses 80.0 % (70.0 to 90.0 %)"]
