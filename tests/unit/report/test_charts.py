import re
from typing import Any
from xml.etree import ElementTree

import pytest

from auditor.report import NARROW, TrendPoint, fidelity_svg, roc_svg, scorebar_svg, spark_svg, trend_svg
from auditor.report.charts import standalone
from auditor.report.charts.canvas import marker, num, text
from auditor.report.charts.fidelity import baseline_of, fidelity_rows
from auditor.report.charts.roc import roc_rows

SVG = "{http://www.w3.org/2000/svg}"
ROC = {
    "fpr": [0, 0.001, 0.01, 0.1, 1],
    "tpr": [0, 0.02, 0.1, 0.4, 1],
    "tpr_low": [0, 0.01, 0.08, 0.38, 1],
    "tpr_high": [0, 0.03, 0.12, 0.42, 1],
}
COPY = {
    "queries": [100, 1000, 10000],
    "fidelity": [0.7, 0.8, 0.9],
    "low": [0.68, 0.78, 0.89],
    "high": [0.72, 0.82, 0.91],
    "baseline": 0.65,
}
POINTS = [
    TrendPoint("2 March 2026", "pass", 4, 0, 9),
    TrendPoint("9 March 2026", "inconclusive", None),
    TrendPoint("16 March 2026", "breach", 58, 53, 62),
]
DRAWINGS = [
    roc_svg(ROC, "t"),
    fidelity_svg(COPY, "t"),
    trend_svg(POINTS, "t"),
    trend_svg(POINTS, "t", NARROW),
    spark_svg(POINTS, "t"),
    scorebar_svg((53, 58, 62), 25, "breach"),
]


def places(svg: str, look: str) -> list[list[tuple[float, float]]]:
    found = re.findall(rf'class="{look}" d="M([^"]*?)Z?"', svg)
    return [[(float(x), float(y)) for x, y in (pair.split(",") for pair in d.split("L"))] for d in found]


@pytest.mark.parametrize("svg", DRAWINGS)
def test_a_drawing_is_xml_with_a_title_and_a_role(svg: str) -> None:
    root = ElementTree.fromstring(svg)
    assert root.get("role") == "img"
    assert root[0].tag == f"{SVG}title"
    assert root[0].text


@pytest.mark.parametrize("svg", DRAWINGS)
def test_a_drawing_has_nothing_that_a_strict_policy_refuses(svg: str) -> None:
    assert not re.search(r"style=|<style|<script|\son\w+=|href", svg)


@pytest.mark.parametrize("svg", DRAWINGS)
def test_a_drawing_stays_inside_its_box(svg: str) -> None:
    _, _, width, height = map(float, ElementTree.fromstring(svg).get("viewBox", "").split())
    for d in re.findall(r' d="M([^"]*?)Z?"', svg):
        for pair in d.split("L"):
            x, y = map(float, pair.split(","))
            assert -1 <= x <= width + 1
            assert -1 <= y <= height + 1


def test_words_in_a_drawing_are_escaped() -> None:
    assert "<b>" not in roc_svg(ROC, "<b>&")
    assert "&lt;b&gt;&amp;" in roc_svg(ROC, "<b>&")
    assert "&lt;" in text((0, 0), "<")


def test_the_roc_is_logarithmic_on_both_axes() -> None:
    """Equal factors are equal distances: from 0.1 % to 1 % as far as from 1 % to 10 %."""
    curve = {"fpr": [0.001, 0.01, 0.1], "tpr": [0.001, 0.01, 0.1]}
    ((x1, y1), (x2, y2), (x3, y3)) = places(roc_svg(curve, "t"), "curve")[0]
    assert x2 - x1 == pytest.approx(x3 - x2, abs=0.02)
    assert y2 - y1 == pytest.approx(y3 - y2, abs=0.02)


def test_guessing_is_the_diagonal() -> None:
    svg = roc_svg({"fpr": [0.001, 1], "tpr": [0.001, 1]}, "t")
    assert places(svg, "curve") == places(svg, "guess")


def test_the_band_surrounds_the_curve() -> None:
    svg = roc_svg(ROC, "t")
    curve, band = places(svg, "curve")[0], places(svg, "band")[0]
    at = {x: [y for bx, y in band if bx == x] for x, _ in curve}
    for x, y in curve[1:-1]:
        assert min(at[x]) <= y <= max(at[x])


def test_points_that_fall_together_are_drawn_once() -> None:
    dense = {"fpr": [i / 100_000 for i in range(100_001)], "tpr": [i / 100_000 for i in range(100_001)]}
    assert len(places(roc_svg(dense, "t"), "curve")[0]) < 1500


def test_a_curve_without_interval_is_drawn_without_one() -> None:
    assert "curve" in roc_svg({"fpr": [0, 0.5, 1], "tpr": [0, 0.6, 1]}, "t")


@pytest.mark.parametrize("curve", [{}, {"fpr": [1]}, {"fpr": [0, 1], "tpr": [0]}])
def test_nothing_to_draw_is_an_empty_text(curve: dict[str, Any]) -> None:
    assert roc_svg(curve, "t") == ""


def test_roc_rows_are_reached_rates_never_interpolated() -> None:
    rows = {at: (value, low, high) for at, value, low, high in roc_rows(ROC)}
    assert rows[0.01] == (0.1, 0.08, 0.12)
    assert rows[0.5] == (0.4, 0.38, 0.42)
    assert 0.0001 not in rows


def test_rates_that_ties_make_unreachable_have_no_row() -> None:
    assert [row[0] for row in roc_rows({"fpr": [0, 0.2, 1], "tpr": [0, 0.3, 1]})] == [0.5]


def test_fidelity_rises_with_queries() -> None:
    path = places(fidelity_svg(COPY, "t"), "curve")[0]
    assert [x for x, _ in path] == sorted(x for x, _ in path)
    assert [y for _, y in path] == sorted((y for _, y in path), reverse=True)


def test_fidelity_is_logarithmic_in_queries() -> None:
    (x1, _), (x2, _), (x3, _) = places(fidelity_svg(COPY, "t"), "curve")[0]
    assert x2 - x1 == pytest.approx(x3 - x2, abs=0.02)


@pytest.mark.parametrize("baseline", [0.65, [0.65, 0.65, 0.65]])
def test_the_copy_that_asked_nothing_is_a_level_line_below(baseline: object) -> None:
    svg = fidelity_svg({**COPY, "baseline": baseline}, "t")
    (_, y1), (_, y2) = places(svg, "guess")[0]
    assert y1 == y2 > max(y for _, y in places(svg, "curve")[0])


def test_a_missing_baseline_is_left_out() -> None:
    curve = {k: v for k, v in COPY.items() if k != "baseline"}
    assert baseline_of(curve) is None
    assert "guess" not in fidelity_svg(curve, "t")


@pytest.mark.parametrize("curve", [{}, {"queries": [0, 10], "fidelity": [0.1, 0.2]}, {"queries": [5], "fidelity": [0.1]}])
def test_a_fidelity_curve_needs_two_budgets(curve: dict[str, Any]) -> None:
    assert fidelity_svg(curve, "t") == ""


def test_fidelity_rows_keep_their_intervals() -> None:
    assert fidelity_rows(COPY)[0] == (100, 0.7, 0.68, 0.72)


def test_a_score_bar_says_its_figures() -> None:
    svg = scorebar_svg((53, 58, 62), 25, "breach")
    assert "Score 58 of 100, interval 53 to 62; the policy&#x27;s level is 25" in svg
    assert "level" not in ElementTree.fromstring(scorebar_svg((0, 3, 9), None, "pass"))[0].text  # type: ignore[operator]


def test_a_score_bar_names_every_severity_that_leaks() -> None:
    assert all(f">{word}<" in scorebar_svg((0, 3, 9), 25, "pass") for word in ("low", "moderate", "high", "critical"))


def test_outcomes_differ_in_shape() -> None:
    shapes = {re.findall(r"<(\w+)", marker((0, 0), outcome))[0] for outcome in ("breach", "pass", "inconclusive")}
    assert shapes == {"path", "circle", "rect"}


def test_a_trend_has_a_mark_for_each_audit_and_no_line_through_the_unknown() -> None:
    svg = trend_svg(POINTS)
    assert svg.count('class="mark mark-') == 3
    assert len(places(svg, "curve")[0]) == 2
    assert svg.count('class="whisker"') == 2


def test_a_trend_names_its_first_and_last_day() -> None:
    svg = trend_svg(POINTS)
    assert "2 March 2026" in svg
    assert "16 March 2026" in svg


def test_a_single_audit_stands_in_the_middle() -> None:
    svg = trend_svg(POINTS[:1])
    assert 'mark-pass" cx="463"' in svg


def test_no_audits_are_no_drawing() -> None:
    assert trend_svg([]) == ""
    assert spark_svg([], "t") == ""


def test_a_spark_marks_the_newest_audit_only() -> None:
    svg = spark_svg(POINTS, "t")
    assert svg.count('class="mark ') == 1
    assert "mark-breach" in svg


def test_a_drawing_can_stand_alone() -> None:
    alone = standalone(roc_svg(ROC, "t"))
    assert "<style>" in alone
    assert "var(" not in alone
    ElementTree.fromstring(alone)


def test_numbers_in_drawings_are_short() -> None:
    assert [num(1.0), num(1.239), num(0.1)] == ["1", "1.24", "0.1"]


def test_no_line_joins_scores_that_mean_different_things() -> None:
    points = [TrendPoint(str(i), "pass", 10.0 * i, version=1 if i < 3 else 2) for i in range(5)]
    for drawn in (trend_svg(points), spark_svg(points, "t")):
        lines = re.findall(r'class="curve" d="M([^"]+)"', drawn)
        assert [line.count(",") for line in lines] == [3, 2]
    same = [TrendPoint(str(i), "pass", 10.0 * i) for i in range(5)]
    assert trend_svg(same).count('class="curve"') == 1
