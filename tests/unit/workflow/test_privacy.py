"""The answer to a claimed epsilon: who is heard, and what a design may say."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest
from test_plan import DOCUMENT, done

from auditor.domain.audit import Audit, AuditStatus, NewStep, Queue, StepKind
from auditor.domain.data import AuditData, Records
from auditor.domain.evidence import MembershipScores
from auditor.domain.finding import Control, Estimate, Finding, Outcome, Severity
from auditor.domain.spec import parse
from auditor.scoring.assess import Grading, Truth
from auditor.workflow.material import Material
from auditor.workflow.privacy import answered, caveats_of, epsilon_of

NOW = datetime(2026, 3, 1, tzinfo=UTC)
N = 2_000
IS_MEMBER = np.arange(N) < N // 2
TRUTH = Truth(IS_MEMBER, np.zeros(N, np.intp), None, None, 2)
COINS = {"canaries": "c", "key": "k", "label": "y"}
SIDES = {"members": "a", "non_members": "b", "label": "y"}


def material(data: dict[str, str] = SIDES, blind: bool | None = None, **changes: Any) -> Material:
    spec = parse({**DOCUMENT, "data": data, **changes})
    step = NewStep("blind", StepKind.BLIND, 30, Queue.TRAIN)
    steps = () if blind is None else (done(step, {"fired": blind}),)
    records = Records(pd.DataFrame(index=range(N)), TRUTH.labels)
    return Material(Audit("a", "w", "n", {}, AuditStatus.RUNNING, NOW), spec, AuditData((), (), records, IS_MEMBER, records), steps)


def leaky() -> MembershipScores:
    """Members score two standard deviations higher; there are no shadows."""
    scores = 2 * IS_MEMBER + np.random.default_rng(1).normal(size=N)
    return MembershipScores(scores, np.zeros((0, N)), np.zeros((0, N), dtype=bool))


def finding(estimates: tuple[Estimate, ...], family: str = "membership", **controls: bool | None) -> Finding:
    checks = {name: Control(passed, "") for name, passed in controls.items()}
    return Finding("rmia", family, "membership", "", Outcome.PASS, Severity.NONE, 1, 0, 2, {}, estimates, checks)


def measured(of: Material) -> tuple[Estimate, ...]:
    return epsilon_of(of, leaky(), TRUTH, Grading(25.0))


def test_a_split_gives_an_empirical_figure_and_coins_a_lower_bound() -> None:
    assert {e.name for e in measured(material())} == {"empirical_epsilon"}
    assert {e.name for e in measured(material(COINS))} == {"epsilon_lower_bound"}


def test_the_premise_is_told_beside_the_figures() -> None:
    assert "exchangeable" in caveats_of(material())[0]
    assert "coin" in caveats_of(material(COINS))[0]


def in_homes(of: Material, size: int) -> Material:
    """The same people, so many in a home."""
    candidates = replace(of.data.candidates, units=np.arange(N) // size)
    return replace(of, data=replace(of.data, candidates=candidates))


@pytest.mark.parametrize(("data", "size", "told"), [(SIDES, 4, True), (SIDES, 1, False), (COINS, 4, False)])
def test_what_members_of_a_home_show_together_is_no_epsilon_of_one(data: dict[str, str], size: int, told: bool) -> None:
    """Canaries have a coin each, whoever they live with."""
    of = in_homes(material(data, claimed_epsilon=1.0), size)
    answer = answered(of, [finding(measured(of))])
    assert answer is not None
    assert any("whole groups" in caveat for caveat in caveats_of(of)) == told
    assert ("epsilon is that of whole groups" in answer["sentence"]) == told


def test_only_coins_may_say_violated() -> None:
    claimed = {"epsilon": 0.1, "delta": 1e-5}
    split, coins = material(claimed_epsilon=claimed), material(COINS, claimed_epsilon=claimed)
    of_split, of_coins = (answered(m, [finding(measured(m))]) for m in (split, coins))
    assert of_split is not None
    assert of_coins is not None
    assert of_split["verdict"] == "higher than claimed under the stated assumption"
    assert of_coins["verdict"] == "violated at 95 %"
    assert of_split["claimed"] == claimed
    assert (of_split["design"], of_coins["design"]) == ("split", "coin flips")


def test_the_claimed_delta_is_the_one_that_is_measured_at() -> None:
    loose, strict = (measured(material(claimed_epsilon={"epsilon": 1, "delta": d}))[0].low for d in (0.05, 0.0))
    assert loose is not None
    assert strict is not None
    assert loose != strict


def test_a_claim_that_holds_is_not_refuted() -> None:
    of = material(claimed_epsilon=20)
    told = answered(of, [finding(measured(of))])
    assert told is not None
    assert told["verdict"] == "not refuted"
    assert "could not have been refuted" in told["sentence"]


def test_without_a_claim_there_is_no_verdict() -> None:
    of = material()
    told = answered(of, [finding(measured(of))])
    assert told is not None
    assert (told["claimed"], told["verdict"]) == (None, None)
    assert "state one under claimed_epsilon" in told["sentence"]
    assert answered(of, [finding((), family="stealing")]) is None


def test_sides_that_differ_without_the_model_say_nothing_of_epsilon() -> None:
    (found,) = measured(material(blind=True))
    assert (found.value, found.name) == (None, "empirical_epsilon")
    assert found.reason is not None
    assert "not exchangeable" in found.reason
    assert len(measured(material(blind=False))) > 1


def test_fair_coins_stay_fair_when_a_check_fires_by_chance() -> None:
    of = material(COINS, blind=True, claimed_epsilon=0.1)
    told = answered(of, [finding(measured(of), negative=False)])
    assert told is not None
    assert told["verdict"] == "violated at 95 %"


@pytest.mark.parametrize(("control", "verdict"), [("negative", "not refuted"), ("random_answers", "not refuted")])
def test_an_attack_that_fails_a_check_of_the_split_has_no_say(control: str, verdict: str) -> None:
    of = material(claimed_epsilon=0.1)
    told = answered(of, [finding(measured(of), **{control: False})])
    assert told is not None
    assert told["verdict"] == verdict


def test_an_attack_that_might_miss_a_leak_may_still_report_one() -> None:
    of = material(claimed_epsilon=0.1)
    told = answered(of, [finding(measured(of), lookup_twin=False, pseudo_targets=None)])
    assert told is not None
    assert told["verdict"].startswith("higher than claimed")


def test_other_families_have_no_say() -> None:
    of = material(COINS, claimed_epsilon=0.1)
    told = answered(of, [replace(finding(measured(of)), family="stealing")])
    assert told is not None
    assert told["verdict"] == "not refuted"
