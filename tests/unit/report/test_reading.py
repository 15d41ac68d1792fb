from datetime import UTC, datetime
from typing import Any

import pytest

from auditor.report.findings import figure_of, finding_of
from auditor.report.reading import moment_of, read


def plain(text: str) -> str:
    return text.replace("\u00a0", " ")


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-03-02T09:14:05+00:00", datetime(2026, 3, 2, 9, 14, 5, tzinfo=UTC)),
        ("2026-03-02T09:14:05Z", datetime(2026, 3, 2, 9, 14, 5, tzinfo=UTC)),
        ("2026-03-02T10:14:05+01:00", datetime(2026, 3, 2, 9, 14, 5, tzinfo=UTC)),
        ("2026-03-02T09:14:05", datetime(2026, 3, 2, 9, 14, 5, tzinfo=UTC)),
    ],
)
def test_a_moment_is_utc_however_it_was_written(text: str, moment: datetime) -> None:
    assert moment_of({"created_at": text}) == moment


def test_the_end_of_an_audit_dates_its_report() -> None:
    assert moment_of({"created_at": "2026-03-02T09:14:05Z", "finished_at": "2026-03-03T09:14:05Z"}).day == 3  # type: ignore[union-attr]
    assert moment_of({}) is None


def test_facts_of_target_and_method_are_told(load: Any) -> None:
    reading = read(load("breach"))
    facts = dict(reading.facts + reading.method)
    assert facts["Answers"] == "probabilities, deterministic"
    assert facts["Classes"] == "<=50K, >50K"
    assert facts["Queries"] == "20,480"
    assert plain(facts["Took"]) == "1 min 41 s"
    assert facts["Learner of the shadow models"] == "xgboost (max_depth 6, n_estimators 100)"
    assert facts["Distance to the target"] == "xgboost 0.041; random-forest 0.118"
    assert "stealing 25" in facts["Policy"]
    assert facts["Score"].startswith("version 1: severity is the level of the lower limit: low from 5")


def test_a_level_that_is_not_set_is_said(load: Any) -> None:
    assert "stealing no level" in dict(read(load("pass")).method)["Policy"]


@pytest.mark.parametrize(
    ("profile", "words"),
    [
        ({"output": "labels", "decimals": 2, "deterministic": False}, "labels, 2 decimals, not deterministic"),
        ({"output": "probabilities", "batch_dependent": True}, "probabilities, depends on the batch"),
    ],
)
def test_what_the_target_answers_is_told_as_the_probe_found_it(load: Any, profile: dict[str, Any], words: str) -> None:
    result = load("breach")
    result["target"]["profile"] = profile
    assert dict(read(result).facts)["Answers"] == words


def test_removed_records_are_counted_in_words(load: Any) -> None:
    assert dict(read(load("breach")).data)["Removed"] == "12 duplicates; 3 on both sides"


def test_removed_records_are_told_once_and_in_sentences(load: Any) -> None:
    result = load("breach")
    result["data"]["removed"] = {"duplicate_members": 12, "duplicates": 12, "non_members_also_members": 3}
    told = ("Non-members that stand among the members too: 3, removed.", "Repeated records of members: 12, removed.")
    assert read(result).notes[:2] == told
    assert dict(read(result).data)["Removed"] == "15 records; the notes say why"


def test_nothing_removed_is_said(load: Any) -> None:
    result = load("breach")
    result["data"]["removed"] = {"duplicates": 0}
    assert dict(read(result).data)["Removed"] == "nothing"


def test_what_is_missing_is_left_out(load: Any) -> None:
    reading = read(load("failed"))
    assert reading.data == ()
    assert reading.data_checks == ()
    assert "Target" not in dict(reading.facts)


def test_an_estimate_tells_threshold_and_the_rate_really_met() -> None:
    figure = figure_of(
        {
            "name": "tpr@fpr=0.01",
            "value": 0.1,
            "low": 0.09,
            "high": 0.11,
            "n": 5000,
            "threshold": "calibrated",
            "realised_fpr": [0.008, 0.01, 0.013],
        }
    )
    assert plain(figure.note) == "calibrated threshold; FPR met: 1.0 % (0.8 to 1.3 %)"
    assert plain(figure.interval) == "9.0 to 11.0 %"


def test_an_estimate_at_another_confidence_says_so() -> None:
    assert "99 % interval" in plain(
        figure_of({"name": "auc", "value": 0.5, "low": 0.4, "high": 0.6, "confidence": 0.99, "n": 10}).note
    )


def test_an_estimate_without_a_value_has_a_reason_and_no_figure() -> None:
    figure = figure_of({"name": "auc", "value": None, "reason": "too few"})
    assert (figure.value, figure.interval, figure.reason) == ("–", "", "too few")


def test_a_score_that_is_not_resolvable_has_no_bar(load: Any) -> None:
    raw = {**load("breach")["findings"][0], "score": None, "score_low": None, "score_high": None}
    finding = finding_of(raw, 25, 1)
    assert (finding.score, finding.span, finding.bar) == ("–", "not resolvable", "")


def test_parameters_read_as_words() -> None:
    raw = {"attack": "a", "family": "f", "outcome": "pass", "parameters": {"query_limit": [1, 2], "a": None, "gamma": 1.0}}
    assert finding_of(raw, None, 1).parameters == (("query limit", "1, 2"), ("gamma", "1"))


def test_an_empty_control_was_not_run_and_is_not_shown() -> None:
    raw = {
        "attack": "a",
        "family": "f",
        "outcome": "pass",
        "controls": {"negative": {}, "lookup_twin": {"passed": True, "sentence": "s"}},
    }
    assert [check.name for check in finding_of(raw, None, 1).checks] == ["Lookup twin"]


def test_a_curve_of_another_kind_is_no_chart() -> None:
    assert finding_of({"attack": "a", "family": "f", "outcome": "pass", "curve": {"x": [1, 2]}}, None, 1).chart is None


def test_the_copy_without_queries_is_the_first_row_of_its_table(load: Any) -> None:
    raw = next(f for f in load("breach")["findings"] if f["attack"] == "surrogate")
    chart = finding_of(raw, 25, 1).chart
    assert chart is not None
    assert plain(" ".join(chart.rows[0])) == "0 (baseline) 86.9 % "
    assert len(chart.rows) == 7


def test_both_thresholds_of_a_rate_stand_beside_each_other(load: Any) -> None:
    raw = next(f for f in load("breach")["findings"] if f["attack"] == "lira")
    raw["estimates"] = raw["estimates"][3:] + raw["estimates"][:3]  # the oracle's first
    figures = finding_of(raw, 25, 1).figures
    assert [f.name for f in figures].count(plain(figures[0].name).replace(" %", "\u00a0%")) == 2
    assert figures[0].note.startswith("calibrated threshold")
    assert figures[1].note == "oracle threshold"
    assert len(figures) == len(raw["estimates"])


def test_an_attribute_is_named_with_its_attack(load: Any) -> None:
    names = [f.attack for f in read(load("exposed")).findings]
    assert "attribute: sex" in names
    assert "attribute: race" in names


@pytest.mark.parametrize(("reason", "first"), [("needs at least 5,000 non-members; 600 are left", "1 %"), (None, "0.1 %")])
def test_a_rate_that_the_non_members_are_too_few_for_has_no_row(reason: str | None, first: str) -> None:
    estimate = {"name": "tpr@fpr=0.001", "value": None if reason else 0.1, "reason": reason, "n": 600}
    curve = {"fpr": [0, 0.001, 0.01, 0.1, 1], "tpr": [0, 0.1, 0.2, 0.4, 1]}
    raw = {"attack": "a", "family": "membership", "outcome": "pass", "estimates": [estimate], "curve": curve}

    chart = finding_of(raw, 25, 1).chart

    assert chart is not None
    assert chart.rows[0][0].replace("\u00a0", " ") == first


def test_the_headline_is_the_first_finding_of_its_family(load: Any) -> None:
    reading = read(load("exposed"))
    assert [family.family for family in reading.families] == ["membership", "stealing", "inversion"]
    assert [family.findings[0].attack for family in reading.families] == ["stacked", "surrogate", "attribute: sex"]
    assert [len(family.findings) for family in reading.families] == [17, 1, 2]
    assert len({f.anchor for f in reading.findings}) == 20


def test_adversaries_come_by_their_worst_finding(load: Any) -> None:
    membership = read(load("exposed")).families[0]
    assert [f.attack for f in membership.adversaries[0].findings] == [
        "stacked",
        "lira",
        "rmia",
        "difficulty-calibration",
        "attack-r",
        "shokri",
    ]
    assert [a.findings[0].attack for a in membership.adversaries[1:3]] == ["boundary", "quantile-regression"]


def test_an_audit_of_the_first_kind_has_none_of_the_later_parts(load: Any) -> None:
    reading = read(load("breach"))
    assert (reading.privacy, reading.cost, reading.triage) == (None, None, None)
    assert all(f.groups is None and f.exposed is None and f.flagged == () for f in reading.findings)


def test_canaries_are_not_called_members(load: Any) -> None:
    assert dict(read(load("canaries")).data)["Canaries trained on"] == "498"
    assert "Members" not in dict(read(load("canaries")).data)


def test_where_nothing_was_shown_the_higher_score_comes_first(load: Any) -> None:
    result = load("pass")
    result["findings"] = [
        {
            "attack": name,
            "family": "membership",
            "outcome": "pass",
            "score": score,
            "score_low": 0,
            "score_high": 9,
            "estimates": [],
        }
        for name, score in (("gap", 1), ("rmia", 4), ("lira", 2))
    ]
    assert [f.attack for f in read(result).findings] == ["rmia", "lira", "gap"]
