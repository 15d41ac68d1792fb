"""What the benchmark of shadow models computes and writes."""

import dataclasses
import re
import sys
from pathlib import Path

import numpy as np
import pytest

from auditor.domain.data import Records
from auditor.domain.shadow import ShadowOutputs
from auditor.learners import LEARNERS
from benchmarks import sacro, sacro_attack, shadow_costs, shadow_quality, shadows
from benchmarks.shadow_costs import HEAD, Measured, row
from benchmarks.shadows import TABLES, marks, with_table

BARE = Measured("xgboost", "bare", 10, 3.0, 4.0, 300 * 2**20, 10 * 2048, 0.61, 0.05)
OURS = Measured("xgboost", "ours", 10, 1.5, 1.0, 200 * 2**20, 10 * 1024, 0.62, 0.06)


def cells_of(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def test_a_row_holds_seconds_a_shadow_and_ratios_of_ours_to_bare() -> None:
    expected = ["xgboost", "10", "0.300", "0.150", "**0.50**", "0.25", "300", "200", "1", "0.610", "0.620", "0.050", "0.060"]
    assert cells_of(row(BARE, OURS)) == expected
    heading, rule = HEAD.splitlines()
    assert heading.count("|") == rule.count("|") == len(expected) + 1


def test_a_row_beside_sacro_holds_the_ratio_of_ours_to_theirs() -> None:
    theirs = dataclasses.replace(BARE, way="sacro", cpu=6.0, disk=10 * 2**20)
    expected = ["xgboost", "10", "0.600", "0.150", "**0.25**", "0.25", "300", "200", "1024", "1", "0.610", "0.050"]
    assert cells_of(sacro.row(theirs, OURS)) == expected
    heading, rule = sacro.HEAD.splitlines()
    assert heading.count("|") == rule.count("|") == len(expected) + 1


@pytest.mark.parametrize("name", TABLES)
def test_a_table_takes_the_place_of_the_one_before_and_leaves_the_others(name: str) -> None:
    page = "# Title\n" + "".join(f"\n{marks(one)[0]}\nold {one}\n{marks(one)[1]}\nafter\n" for one in TABLES)
    renewed = with_table(page, name, "new\n")
    assert renewed == page.replace(f"old {name}\n", "new\n")
    assert with_table(renewed, name, "new\n") == renewed


@pytest.mark.parametrize("name", TABLES)
def test_the_page_has_a_place_for_every_table(name: str) -> None:
    text = Path(shadows.PAGE).read_text(encoding="utf-8")
    assert all(text.count(mark) == 1 for mark in marks(name))


def test_a_table_that_nobody_knows_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        shadows.main(["prices"])
    assert "there is no table 'prices'; choose of costs, quality, sacro" in capsys.readouterr().err


def test_rates_have_known_answers() -> None:
    is_member = np.arange(2_000) < 1_000
    apart = np.where(is_member, 1.0, 0.0)
    assert shadow_costs.rates(apart, is_member) == (1.0, 1.0)
    assert shadow_costs.rates(np.zeros(2_000), is_member) == (0.5, 0.0)
    auc, tpr = shadow_costs.rates(np.random.default_rng(0).random(2_000), is_member)
    assert auc == pytest.approx(0.5, abs=0.05)
    assert tpr == pytest.approx(0.01, abs=0.015)


def test_a_shadow_that_remembers_is_found_with_the_others() -> None:
    masks = np.random.default_rng(1).random((8, 400)) < 0.5
    masks[1::2] = ~masks[::2]
    sure = np.where(masks, 4.0, 0.0).astype(np.float32)
    auc, tpr = shadow_costs._found(np.stack([-sure, sure], axis=2), masks, np.ones(400, np.intp))
    assert auc > 0.95
    assert tpr > 0.9


def test_what_is_measured_can_be_trained() -> None:
    assert set(shadow_costs.SHADOWS) | set(sacro.SHADOWS) | {shadow_quality.LEARNER} <= set(LEARNERS)


# Quality on the same shadows


def world(records: int = 400, shadows_: int = 16) -> shadow_quality.Found:
    """Models that are surer of what they were trained on, by about as much as they differ."""
    rng = np.random.default_rng(2)
    halves = rng.random((shadows_ + 2, records)) < 0.5
    sure = rng.normal(0.0, 1.0, records) + rng.normal(1.5 * halves, 1.0)
    second = 1.0 / (1.0 + np.exp(-sure))
    answers = np.stack([1.0 - second, second], axis=2)
    pool = Records(shadow_costs.people(records).features, np.ones(records, np.intp))
    outputs = ShadowOutputs(answers[:shadows_], halves[:shadows_])
    return shadow_quality.Found(pool, outputs, answers[shadows_:], halves[shadows_:])


def test_the_reference_is_the_ratio_of_normal_densities() -> None:
    pool = Records(shadow_costs.people(1).features, np.zeros(1, np.intp))
    first = np.array([0.9, 0.8, 0.6, 0.5])
    outputs = ShadowOutputs(np.stack([first, 1 - first], axis=1)[:, None], np.array([[True], [True], [False], [False]]))
    answers = np.array([[0.7, 0.3]])
    found = shadow_quality.Found(pool, outputs, answers[None], np.array([[True]]))
    phi = np.log(first / (1 - first))

    def log_density(some: np.ndarray) -> float:
        return float(-np.log(some.std()) - (np.log(0.7 / 0.3) - some.mean()) ** 2 / (2 * some.var()))

    assert shadow_quality.reference(found, answers)[0] == pytest.approx(log_density(phi[:2]) - log_density(phi[2:]))


def test_the_reference_clips_log_odds_and_floors_variances() -> None:
    pool = Records(shadow_costs.people(1).features, np.zeros(1, np.intp))
    answers = np.array([[[1.0, 0.0]], [[1.0, 0.0]], [[0.5, 0.5]], [[0.5, 0.5]]])
    found = shadow_quality.Found(
        pool, ShadowOutputs(answers, np.array([[True], [True], [False], [False]])), answers[:1], np.ones((1, 1), bool)
    )
    most = np.log(1 - 1e-6) - np.log(1e-6)
    assert shadow_quality.reference(found, answers[0])[0] == pytest.approx(most**2 / (2 * 1e-3))


def test_all_attacks_find_models_that_are_surer_of_members() -> None:
    found = world()
    rows = shadow_quality.measure(found, {"nothing": [np.zeros(400)] * 2})
    by_name = {name: auc for name, _, auc in rows}
    assert by_name.pop("nothing") == 0.5
    assert set(by_name) == {*shadow_quality.OURS, "per-record LiRA, the reference"}
    assert all(auc > 0.7 for auc in by_name.values())
    table = shadow_quality.table(rows)
    assert [cells_of(line)[0] for line in table.splitlines()[2:]] == [name for name, _, _ in rows]


@pytest.mark.parametrize(("tpr", "short"), [(0.215, True), (0.217, False)])
def test_stacked_is_held_to_the_aim(tpr: float, short: bool) -> None:
    assert shadow_quality.falls_short([("rmia", 0.9, 0.9), ("stacked", tpr, 0.9)]) is short


# SACRO-ML


def test_an_environment_without_it_is_said_and_not_measured(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    broken = tmp_path / "bin" / "python"
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o755)
    missing = sacro.python(tmp_path)
    assert isinstance(missing, sacro.Missing)
    assert re.fullmatch(r"SACRO-ML 2\.0\.1 is not beside: .*; install it there and measure again\.", missing.sentence)


def test_the_version_of_an_interpreter_without_it_is_none() -> None:
    assert sacro._version(Path(sys.executable)) == ""


def test_what_was_kept_as_nearly_sure_is_given_to_it_as_sure() -> None:
    np.testing.assert_array_equal(sacro._unclipped(np.array([1e-7, 0.3, 1 - 1e-7])), [0.0, 0.3, 1.0])


def test_their_script_needs_nothing_of_ours() -> None:
    text = Path(sacro_attack.__file__).read_text(encoding="utf-8")
    assert "auditor" not in text
    assert "benchmarks" not in text
