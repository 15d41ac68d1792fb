"""What the benchmark of shadow models computes and writes."""

from pathlib import Path

import numpy as np
import pytest

from auditor.learners import LEARNERS
from benchmarks import shadows
from benchmarks.shadows import BEGIN, END, HEAD, Measured, row, with_table

BARE = Measured("xgboost", "bare", 10, 3.0, 4.0, 300 * 2**20, 10 * 2048, 0.61, 0.05)
OURS = Measured("xgboost", "ours", 10, 1.5, 1.0, 200 * 2**20, 10 * 1024, 0.62, 0.06)


def test_a_row_holds_seconds_a_shadow_and_ratios_of_ours_to_bare() -> None:
    cells = [cell.strip() for cell in row(BARE, OURS).strip().strip("|").split("|")]
    expected = ["xgboost", "10", "0.300", "0.150", "**0.50**", "0.25", "300", "200", "1", "0.610", "0.620", "0.050", "0.060"]
    assert cells == expected
    heading, rule = HEAD.splitlines()
    assert heading.count("|") == rule.count("|") == len(cells) + 1


def test_the_table_takes_the_place_of_the_one_before() -> None:
    page = f"# Title\n\n{BEGIN}\nold\n{END}\nafter\n"
    assert with_table(page, "new\n") == f"# Title\n\n{BEGIN}\nnew\n{END}\nafter\n"
    assert with_table(with_table(page, "new\n"), "new\n") == with_table(page, "new\n")


def test_the_page_has_a_place_for_the_table() -> None:
    text = Path(shadows.PAGE).read_text(encoding="utf-8")
    assert text.count(BEGIN) == text.count(END) == 1


def test_rates_have_known_answers() -> None:
    is_member = np.arange(2_000) < 1_000
    apart = np.where(is_member, 1.0, 0.0)
    assert shadows._rates(apart, is_member) == (1.0, 1.0)
    assert shadows._rates(np.zeros(2_000), is_member) == (0.5, 0.0)
    auc, tpr = shadows._rates(np.random.default_rng(0).random(2_000), is_member)
    assert auc == pytest.approx(0.5, abs=0.05)
    assert tpr == pytest.approx(0.01, abs=0.015)


def test_a_shadow_that_remembers_is_found_with_the_others() -> None:
    masks = np.random.default_rng(1).random((8, 400)) < 0.5
    masks[1::2] = ~masks[::2]
    sure = np.where(masks, 4.0, 0.0).astype(np.float32)
    auc, tpr = shadows._found(np.stack([-sure, sure], axis=2), masks, np.ones(400, np.intp))
    assert auc > 0.95
    assert tpr > 0.9


def test_what_is_measured_can_be_trained() -> None:
    assert set(shadows.SHADOWS) <= set(LEARNERS)
