import re
from itertools import pairwise
from typing import Any

import pytest
from html_page import Page

from auditor.report import body, html, stylesheet


def test_every_tag_is_closed_where_it_was_opened(any_result: dict[str, Any]) -> None:
    assert Page(html(any_result)).open == []


def test_a_page_fetches_and_runs_nothing(any_result: dict[str, Any]) -> None:
    page = Page(html(any_result))
    assert {"script", "link", "img", "iframe", "object", "form"}.isdisjoint({tag for tag, _ in page.tags})
    for _, attrs in page.tags:
        assert not [name for name in attrs if name.startswith("on") or name in ("style", "src")]
        assert (attrs.get("href") or "#").startswith("#")


def test_hostile_names_are_text(load: Any) -> None:
    source, name = html(load("hostile")), load("hostile")["audit"]["name"]
    assert "<script" not in source
    assert "<img" not in source
    assert name in Page(source).text
    assert "{{ 7*7 }}" in source


def test_nothing_in_a_name_reaches_the_style(load: Any) -> None:
    assert html(load("hostile")).count("</style>") == 1


def test_ids_are_unique_and_references_lead_somewhere(any_result: dict[str, Any]) -> None:
    page = Page(html(any_result))
    ids = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    for _, attrs in page.tags:
        for target in (attrs.get("aria-labelledby"), (attrs.get("href") or "#verdict").removeprefix("#")):
            assert target is None or target in ids


def test_headings_do_not_skip_a_level(any_result: dict[str, Any]) -> None:
    levels = [int(tag[1]) for tag, _ in Page(html(any_result)).tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_tables_have_captions_and_scopes(any_result: dict[str, Any]) -> None:
    page = Page(html(any_result))
    assert len(page.of("caption")) == len(page.of("table"))
    assert all("scope" in attrs for attrs in page.of("th"))


def test_every_chart_has_a_title_and_a_table_beside_it(load: Any) -> None:
    source = body(load("breach"))
    figures = re.findall(r'<figure class="plot">.*?</figure>', source, re.S)
    assert len(figures) == 5
    assert all("<title>" in figure and "<table>" in figure for figure in figures)


def test_the_order_is_verdict_findings_gaps_data_method_limits(load: Any) -> None:
    source = html(load("breach"))
    order = [
        source.index(f'id="{name}')
        for name in ("verdict", "answers", "family-membership", "finding-1", "not-run", "data", "method", "limits")
    ]
    assert order == sorted(order)


def test_threat_model_and_caveats_stand_above_the_numbers(load: Any) -> None:
    family = html(load("breach")).split('class="family"')[1]
    places = [family.index(word) for word in ("Threat model", 'id="finding-1"', "Notes", "scoreline", "Controls")]
    assert places == sorted(places)


def test_the_worst_family_comes_first_and_its_worst_finding_stands_open(load: Any) -> None:
    families = html(load("breach")).split('class="family"')[1:]
    outcomes = [re.findall(r'<details class="attack".*?badge-(\w+)', family, re.S) for family in families]
    assert outcomes == [["breach", "breach", "pass", "pass"], ["breach"], ["inconclusive"]]
    opened = [re.findall(r'<details class="attack"[^>]*?( open)?>', family) for family in families]
    assert opened == [[" open", "", "", ""], [" open"], [" open"]]


def test_each_threat_model_is_told_once_for_all_its_attacks(load: Any) -> None:
    source = html(load("exposed"))
    words = "An adversary who sees the predicted probabilities, has records from the same population, has the full records"
    assert source.count(words) == 1
    membership = source.split('class="family"')[1]
    assert membership.count("Threat model") == 7
    assert membership.count('<details class="attack"') == 17


def test_every_score_leads_to_its_definition(load: Any) -> None:
    page = Page(html(load("exposed")))
    links = [attrs for attrs in page.of("a") if attrs.get("href") == "#score-definition"]
    assert len(links) == 2 + 20  # the audit's, the list's, and one a finding
    assert "Score version 1. Scores of different versions are not compared." in page.text


def test_a_score_of_an_unknown_version_is_not_explained_by_another(load: Any) -> None:
    result = load("breach")
    result["audit"]["score_version"] = 99
    assert "What the score means" not in Page(html(result)).text


def test_subgroups_are_a_table_and_a_chart_the_most_exposed_first(load: Any) -> None:
    groups = html(load("exposed")).split('class="groups"')[1].split('class="exposed"')[0]
    assert re.findall(r'<th scope="row">([^<]+)', groups)[:2] == ["race: Black", "income: &gt;50K"]
    assert "too small to be measured" in groups
    assert groups.count("<svg") == 1


def test_single_records_are_counted_and_not_shown(load: Any) -> None:
    text = Page(html(load("exposed"))).text
    assert "212 of 5,000 members can be pointed at one by one" in text
    assert "two halves of the shadow models: 0.83." in text
    assert load("exposed")["findings"][0]["exposure"]["digest"] not in html(load("exposed"))


@pytest.mark.parametrize(
    ("name", "verdict", "premise"),
    [
        ("exposed", "Higher than claimed under the stated assumption", "Nobody drew the members by coin flips"),
        ("canaries", "Violated at 95 %", "Canaries were put into the training data by independent coin flips"),
    ],
)
def test_a_claimed_epsilon_is_answered_with_its_assumption(load: Any, name: str, verdict: str, premise: str) -> None:
    text = Page(html(load(name))).text
    assert verdict in text
    assert premise in text


def test_costs_stand_beside_their_estimate(load: Any) -> None:
    text = Page(html(load("exposed"))).text.replace("\u00a0", " ")
    assert "Records asked 36,000 to 38,500 36,480" in text
    assert "Time 4 min 50 s to 6 min 20 s 6 min 53 s" in text


def test_the_triage_says_that_it_decides_nothing(load: Any) -> None:
    text = Page(html(load("exposed"))).text
    assert "Expected risk: high" in text
    assert "it decides nothing. Source: Preen and Smith 2025" in text


def test_cells_of_identical_answers_are_told_and_decide_nothing(load: Any) -> None:
    text = Page(html(load("exposed"))).text
    assert "Identical answers 4,856 of 5,000 members have an answer that no other member has" in text
    assert "From the recorded answers, without a further query; it decides nothing. Source: structural attack of SACRO-ML" in text


def test_without_a_stated_configuration_no_risk_is_told(load: Any) -> None:
    result = load("exposed")
    result["triage"] = {"structure": result["triage"]["structure"]}
    text = Page(html(result)).text
    assert "Expected risk" not in text
    assert "From the stated configuration" not in text
    assert "Identical answers 4,856 of 5,000 members" in text


def test_flags_are_told_in_people(load: Any) -> None:
    text = Page(html(load("exposed"))).text
    assert "If 1 in 10 of the records in question were a member, of 100 flagged records 65 (58 to 71) would be members." in text


def test_what_did_not_run_is_listed_with_its_reason(load: Any) -> None:
    text = Page(html(load("nothing-run"))).text
    reason = "needs probabilities; this target returns labels only"
    kept = [item["attack"] for item in load("nothing-run")["not_run"] if item["reason"] == reason]
    assert f"{', '.join(kept[:-1])} and {kept[-1]} {reason}" in text


def test_a_number_that_does_not_exist_shows_its_reason(load: Any) -> None:
    assert "needs at least 5,000 non-members; 4,000 are left" in Page(html(load("breach"))).text


def test_a_failed_check_is_said_as_failed(load: Any) -> None:
    text = Page(html(load("inconclusive"))).text
    assert "Negative control Failed" in text
    assert "Blind baseline Failed" in text


def test_an_expectation_is_no_gate(load: Any) -> None:
    assert "Expectation for this learner For information" in Page(html(load("breach"))).text


def test_a_failed_audit_shows_its_sentence_and_no_score(load: Any) -> None:
    page = Page(html(load("failed")))
    assert "The target answered 401" in page.text
    assert "Audit score" not in page.text


def test_limitations_are_in_every_report(any_result: dict[str, Any]) -> None:
    assert "A pass says that no evidence was found above a level" in Page(html(any_result)).text


def test_no_report_promises_what_no_audit_can_show(any_result: dict[str, Any]) -> None:
    assert not re.search(r"anonym|complian", Page(html(any_result)).text, re.IGNORECASE)


@pytest.mark.parametrize("missing", ["target", "method"])
def test_a_result_without_optional_parts_is_still_a_report(load: Any, missing: str) -> None:
    result = load("breach")
    del result[missing]
    assert "An adversary can tell" in html(result)


def test_the_body_is_what_the_page_shows(load: Any) -> None:
    assert body(load("pass")).strip() in html(load("pass"))


def test_the_same_result_is_the_same_page(any_result: dict[str, Any]) -> None:
    assert html(any_result) == html(any_result)


def test_the_sheet_has_both_schemes_print_and_reduced_motion() -> None:
    for query in ("prefers-color-scheme: dark", "@media print", "prefers-reduced-motion", "max-width: 600px"):
        assert query in stylesheet()


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def palettes() -> list[dict[str, str]]:
    light, dark = stylesheet().split("@media (prefers-color-scheme: dark)")[:2]
    read = [dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", block)) for block in (light, dark)]
    return [read[0], {**read[0], **read[1]}]


@pytest.mark.parametrize("palette", palettes(), ids=["light", "dark"])
@pytest.mark.parametrize(
    ("ink", "ground"),
    [("ink", "paper"), ("ink", "surface"), ("soft", "paper"), ("soft", "surface"), ("soft", "sunken"), ("accent", "paper")]
    + [("accent", "surface"), ("accent-ink", "accent"), ("accent", "accent-soft"), ("none", "none-soft")]
    + [(f"{name}{side}", ground) for name in ("breach", "pass", "open") for side, ground in (("", f"{name}-soft"), ("", "surface"))]
    + [("ink", f"{name}-soft") for name in ("breach", "pass", "open")],
)
def test_text_has_contrast_in_both_schemes(palette: dict[str, str], ink: str, ground: str) -> None:
    assert contrast(palette[ink], palette[ground]) >= 4.5


def test_pictures_are_allowed_on_a_page_that_allows_nothing_else(load: Any) -> None:
    """They are part of the page (data:); without the source no browser would show them."""
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]+)"', html(load("breach")))
    assert "default-src 'none'" in policy
    assert "img-src data:;" in policy
    assert "http" not in policy
