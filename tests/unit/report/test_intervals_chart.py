import re

import pytest

from auditor.report.charts.intervals import Bar, _ticks, intervals_svg


def percent(value: float) -> str:
    return f"{100 * value:.0f} %"


def test_without_rows_there_is_no_chart() -> None:
    assert intervals_svg([], "nothing", percent) == ""


def test_every_row_has_its_name_its_dot_and_its_interval() -> None:
    svg = intervals_svg([Bar("a", 0.1, 0.05, 0.15), Bar("b", -0.1, -0.2, 0.0)], "Differences", percent)
    assert svg.count("<circle") == 2
    assert svg.count('class="span"') == 2
    assert re.findall(r">([ab])<", svg) == ["a", "b"]
    assert "<title>Differences</title>" in svg


def test_what_lies_above_zero_is_marked_and_nothing_else() -> None:
    svg = intervals_svg([Bar("a", 0.1, 0.05, 0.15), Bar("b", -0.1, -0.2, -0.05), Bar("c", 0.1, -0.1, 0.3)], "t", percent)
    assert re.findall(r'<circle class="mark (mark-\w+)"', svg) == ["mark-breach", "mark-none", "mark-none"]


def test_dots_stand_in_the_order_of_their_values() -> None:
    svg = intervals_svg([Bar("a", 0.2, 0.1, 0.3), Bar("b", 0.0, -0.1, 0.1)], "t", percent)
    first, second = (float(x) for x in re.findall(r'<circle[^>]* cx="([\d.]+)"', svg))
    assert first > second


def test_the_line_of_no_difference_is_always_there() -> None:
    for bars in ([Bar("a", 0.5, 0.4, 0.6)], [Bar("a", -0.5, -0.6, -0.4)], [Bar("a", 0.0, 0.0, 0.0)]):
        assert intervals_svg(bars, "t", percent).count('class="level"') == 1


@pytest.mark.parametrize(("low", "high"), [(0.0, 0.001), (-0.3, 0.9), (-1.0, 1.0), (0.0, 1e-9), (-0.07, 0.0)])
def test_ticks_are_few_hold_zero_and_cover_everything(low: float, high: float) -> None:
    ticks = _ticks(low, high)
    assert 2 <= len(ticks) <= 8
    assert 0 in ticks
    assert ticks[0] <= low + 1e-9
    assert ticks[-1] >= high - 1e-9


def test_long_and_hostile_names_are_cut_and_escaped() -> None:
    svg = intervals_svg([Bar("<script>alert(1)</script> and much more than fits", 0.1, 0.0, 0.2)], "t", percent)
    assert "<script" not in svg
    assert "…" in svg
