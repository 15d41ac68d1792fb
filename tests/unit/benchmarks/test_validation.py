"""The page of validity: what is counted is told as kept or broken, and the made-up worlds are what they say."""

import numpy as np
import pytest
from scipy.stats import norm

from auditor.scoring import roc
from auditor.scoring.intervals import Interval
from benchmarks.validate import told
from benchmarks.validation import attributes, audits, page, small_audits, worlds
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
    text = page.page(TOLD, "abc123", 61.4)

    assert "at commit abc123 (61 s)" in text
    assert all(TOLD[name] in text for name in TABLES)
    assert "{" not in text


TABLES = ("alarms", "coverage", "unknowing", "knowing", "leaning", "audits", "small", "realised")
TOLD = told(1_000) | {name: f"table of {name}" for name in TABLES}


@pytest.mark.parametrize("name", page.SECTIONS)
def test_a_section_that_is_counted_again_leaves_the_others_as_they_are(name: str) -> None:
    old = page.page(TOLD, "abc123", 61.4)
    again = page.renewed(old, name, TOLD, "Counted at commit def456 (9 s).")

    assert again.replace("Counted at commit def456 (9 s).\n\n", "") == old
    assert page.renewed(again, name, TOLD, "Counted at commit def456 (9 s).") == again


@pytest.mark.parametrize("name", page.SECTIONS)
def test_a_section_that_the_page_lacks_is_put_where_it_belongs(name: str) -> None:
    old = page.page(TOLD, "abc123", 61.4)
    section = page.SECTIONS[name].format_map(TOLD | {"targets": 3, "records": 10_400, "shadows": 16})
    lacking = old.replace(section + "\n\n", "").replace("\n\n" + section, "")

    assert len(lacking) < len(old)
    assert page.renewed(lacking, name, TOLD, "Again.").replace("Again.\n\n", "") == old


def test_names_of_alarms_and_intervals_are_told_once() -> None:
    names = [name for e in EXPERIMENTS for name in e.promised] + [*audits.PROMISED, *small_audits.PROMISED, *attributes.UNKNOWING]

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


def test_an_audit_of_unequal_sides_through_a_channel_finds_nothing() -> None:
    name, setting = next((name, one) for name, one in small_audits.SETTINGS.items() if "labels" in name)
    data, _ = audits.null_audit(setting.learner, 1, (40, 90))

    assert (data.is_member.sum(), len(data.candidates)) == (40, 130)
    low, failed = audits.audited(setting, 1)
    assert low < audits.LEVEL
    assert not failed
    assert f"{name}: {small_audits.BREACH}" in small_audits.PROMISED


def test_attacks_behind_a_target_that_knows_nothing_make_the_claims_that_are_counted() -> None:
    assert attributes.unknowing(1) == dict.fromkeys(attributes.UNKNOWING, False)


def test_what_guesses_that_lean_are_worth_is_known() -> None:
    """Nearly a third of the way to everything, by the fifth that is surest; a simulated audit makes the claims that are counted."""
    gain, score = attributes.leaning_truth()
    assert 0.05 < gain < 0.08
    assert 50 < score < 60
    assert set(attributes.leaning(1)) == set(attributes.LEANING)
