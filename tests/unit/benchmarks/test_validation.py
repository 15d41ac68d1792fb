"""The page of validity: what is counted is told as kept or broken, and the made-up worlds are what they say."""

import numpy as np
import pytest
from scipy.stats import norm

from auditor.scoring import roc
from auditor.scoring.intervals import Interval
from benchmarks.validation import audits, page, worlds
from benchmarks.validation.alarms import EXPERIMENTS
from benchmarks.validation.coverage import COVERAGES
from benchmarks.validation.realised import Realised


@pytest.mark.parametrize(
    ("rung", "verdict"), [(0, page.KEPT), (50, page.KEPT), (64, page.KEPT), (80, page.BROKEN), (1_000, page.BROKEN)]
)
def test_a_promise_is_broken_when_chance_does_not_explain_it(rung: int, verdict: str) -> None:
    row = page.alarms({"false": rung}, {"false": 0.05}, 1_000).splitlines()[-1]

    assert row.endswith(f"| {verdict} |")
    assert f"| {rung} of 1000 |" in row


def test_an_alarm_that_never_rang_is_told_as_0() -> None:
    assert "| 0 of 200 | 0.0% (0.0% to 1.8%) |" in page.alarms({}, {"false": 0.01}, 200)


@pytest.mark.parametrize(("held", "verdict"), [(950, page.KEPT), (920, page.KEPT), (900, page.BROKEN), (990, page.BROKEN)])
def test_coverage_may_err_on_either_side(held: float, verdict: str) -> None:
    assert page.coverage({"auc": held}, {"auc": (0.93, 0.97)}, 1_000).splitlines()[-1].endswith(f"| {verdict} |")


def test_shares_that_are_no_counts_are_told_too() -> None:
    assert "| 9.5% (" in page.coverage({"wrong": 95.25}, {"wrong": (0.0, 0.1)}, 1_000)


@pytest.mark.parametrize(("rate", "verdict"), [(0.01, page.KEPT), (0.001, page.BROKEN)])
def test_a_threshold_is_kept_where_the_interval_holds_what_was_aimed_at(rate: float, verdict: str) -> None:
    one = Realised("forest", "rmia", rate, Interval(0.008, 0.0095, 0.012), 0.2, 3)

    assert page.realised([one]).splitlines()[-1].endswith(f"| {verdict} |")


def test_the_page_has_every_part_and_the_commit() -> None:
    parts = {name: f"table of {name}" for name in ("alarms", "coverage", "audits", "realised")}

    text = page.page(parts | {"attacks": "gap", "audit_shadows": "8", "side": "600", "audit_runs": "300"}, "abc123", 61.4, 1_000)

    assert "at commit abc123 (61 s)" in text
    assert all(part in text for part in parts.values())
    assert "{" not in text


def test_names_of_alarms_and_intervals_are_told_once() -> None:
    names = [name for e in EXPERIMENTS for name in e.promised] + list(audits.PROMISED)

    assert len(names) == len(set(names))
    assert len({name for c in COVERAGES for name in c.promised}) == sum(len(c.promised) for c in COVERAGES)


@pytest.mark.parametrize("gain", [0.0, 1.0])
def test_made_up_evidence_has_the_auc_it_says(gain: float) -> None:
    rng = np.random.default_rng(1)
    is_member = worlds.halves(20_000, 10_000, rng)

    found = worlds.evidence(is_member, gain, rng)

    expected = norm.cdf(gain / np.sqrt(2))
    assert roc.auc(found.target, is_member) == pytest.approx(expected, abs=0.015)
    assert roc.auc(found.pseudo_targets[3], found.membership[3]) == pytest.approx(expected, abs=0.015)
    assert found.target.std() == pytest.approx(1.0 if gain == 0 else np.sqrt(1.25), abs=0.03)


def test_made_up_pseudo_targets_are_complementary_and_share_what_is_easy() -> None:
    rng = np.random.default_rng(2)
    found = worlds.evidence(worlds.halves(4_000, 2_000, rng), 0.0, rng)

    assert (found.membership[0] == ~found.membership[1]).all()
    assert np.corrcoef(found.pseudo_targets)[0, 1] == pytest.approx(0.5, abs=0.05)


def test_made_up_partners_move_against_each_other() -> None:
    found = worlds.signals(3_000, 2, 0.0, np.random.default_rng(3))
    inside, outside = found.sides(found.logits)

    assert found.masks.sum() == 3_000
    assert inside.shape == outside.shape == (1, 3_000)


def test_a_null_audit_is_of_people_that_the_model_never_saw() -> None:
    data, answers = audits.null_audit(audits.LEARNERS[0], 1)

    assert answers.shape == (2 * audits.SIDE, 2)
    assert data.is_member.sum() == audits.SIDE
