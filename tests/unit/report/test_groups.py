from typing import Any

from auditor.report.groups import groups_of


def plain(text: str) -> str:
    return text.replace("\u00a0", " ")


def group(value: str, difference: float | None, **more: Any) -> dict[str, Any]:
    name = {"name": "tpr_difference@fpr=0.01", "confidence": 0.95, "n": 300}
    found = None if difference is None else {**name, "value": difference, "low": difference - 0.05, "high": difference + 0.05}
    rate = {"name": "tpr@fpr=0.01", "value": 0.2, "low": 0.15, "high": 0.25, "n": 300, "threshold": "calibrated"}
    auc = {"name": "auc", "value": None, "reason": "not enough"}
    return {
        "attribute": "race",
        "value": value,
        "members": 1300,
        "non_members": 250,
        "estimates": [rate, auc],
        "difference": found,
        "sentence": f"{value} said.",
        **more,
    }


def test_a_finding_without_groups_has_no_table() -> None:
    assert groups_of({"attack": "lira"}) is None
    assert groups_of({"attack": "lira", "subgroups": []}) is None


def test_the_most_exposed_group_comes_first() -> None:
    groups = groups_of({"attack": "lira", "subgroups": [group("a", -0.1), group("b", 0.2), group("c", 0.0)]})
    assert groups is not None
    assert [row.name for row in groups.rows] == ["race: b", "race: c", "race: a"]
    assert groups.svg.index("race: b") < groups.svg.index("race: c") < groups.svg.index("race: a")


def test_a_row_has_counts_rates_and_the_limits_of_the_difference() -> None:
    groups = groups_of({"attack": "lira", "subgroups": [group("b", 0.2)]})
    assert groups is not None
    row = groups.rows[0]
    assert (row.members, row.non_members) == ("1,300", "250")
    assert (plain(row.rate), plain(row.rate_span)) == ("20.0 %", "15.0 to 25.0 %")
    assert (row.auc, row.auc_span) == ("–", "")
    assert (plain(row.difference), plain(row.difference_span)) == ("20.0 pp", "15.0 to 25.0 pp")
    assert plain(groups.rate_name) == "TPR at 1 % FPR"
    assert plain(groups.difference_name) == "Difference in TPR at 1 % FPR"


def test_a_group_that_is_too_small_is_told_and_not_drawn() -> None:
    groups = groups_of({"attack": "lira", "subgroups": [group("b", 0.2), group("few", None)]})
    assert groups is not None
    assert groups.small == (("race: few", "few said."),)
    assert "few" not in groups.svg


def test_with_small_groups_only_there_is_no_chart() -> None:
    groups = groups_of({"attack": "lira", "subgroups": [group("few", None, sentence="")]})
    assert groups is not None
    assert (groups.svg, groups.rows) == ("", ())
    assert groups.small[0][1] == "It could not be measured."


def test_only_the_first_dozen_is_drawn_and_all_are_told() -> None:
    groups = groups_of({"attack": "lira", "subgroups": [group(f"g{i}", i / 100) for i in range(30)]})
    assert groups is not None
    assert len(groups.rows) == 30
    assert groups.svg.count("<circle") == 12


def test_an_oracle_rate_is_nobodys() -> None:
    oracle = {"name": "tpr@fpr=0.01", "value": 0.9, "low": 0.8, "high": 1.0, "n": 300, "threshold": "oracle"}
    groups = groups_of({"attack": "lira", "subgroups": [group("b", 0.2, estimates=[oracle])]})
    assert groups is not None
    assert groups.rows[0].rate == "–"
