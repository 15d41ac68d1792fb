"""The smallest rates, and what is left beyond a blind classifier: a thousand simulated audits a claim."""

from collections import Counter

import numpy as np
import pytest
from scipy.stats import norm

from auditor.scoring import score, thresholds
from auditor.scoring.confounding import BlindScores, against_blind
from auditor.scoring.grading import Assessment, Grading
from benchmarks.validation import worlds

RUNS, RATE = 1_000, 0.001
SIDE = 5_000
KINDS = (thresholds.CALIBRATED, thresholds.ORACLE)


def more_than(share: float) -> float:
    """A share plus two standard errors of the simulation."""
    return share + 2 * float(np.sqrt(share * (1 - share) / RUNS))


@pytest.fixture(scope="module", params=[0.0, 1.0], ids=["no leak", "leak"])
def counted(request: pytest.FixtureRequest) -> tuple[float, Counter[str]]:
    """How often something went wrong at 0.1 % FPR, where members score so many standard deviations higher."""
    wrong: Counter[str] = Counter()
    for seed in range(RUNS):
        rng = np.random.default_rng((21, seed))
        is_member = worlds.halves(2 * SIDE, SIDE, rng)
        evidence = worlds.evidence(is_member, request.param, rng, pseudo=2)
        for kind in KINDS:
            at = thresholds.rates_at(evidence, is_member, RATE, kind, 0.05)
            cut = thresholds.line(evidence, is_member, RATE, kind)[0]
            tpr, fpr = float(norm.sf(cut - request.param)), float(norm.sf(cut))
            wrong[f"tpr, {kind}"] += not at.tpr.low <= tpr <= at.tpr.high
            wrong[f"fpr, {kind}"] += not at.fpr.low <= fpr <= at.fpr.high
            shown = score.tail(at.tpr.low, at.fpr.high, RATE)
            wrong[f"tail, {kind}"] += shown > score.tail(tpr, fpr, RATE) + 1e-9
    return request.param, wrong


@pytest.mark.parametrize("figure", ["tpr, calibrated", "tpr, oracle", "fpr, calibrated"])
def test_limits_at_the_smallest_rate_hold_the_truth(counted: tuple[float, Counter[str]], figure: str) -> None:
    assert counted[1][figure] / RUNS <= more_than(0.05)


@pytest.mark.parametrize("kind", KINDS)
def test_the_demonstrated_tail_is_above_the_truth_in_at_most_half_of_the_error(
    counted: tuple[float, Counter[str]], kind: str
) -> None:
    """The other half is that of the bulk, so that the larger of the two keeps the whole."""
    assert counted[1][f"tail, {kind}"] / RUNS <= more_than(0.025)


def test_an_attack_that_sees_what_a_blind_classifier_sees_scores_above_0_in_at_most_5_percent() -> None:
    """Both read one difference of the two sides, each with noise of its own: beyond the other, the attack finds nothing."""
    above = 0
    for seed in range(RUNS):
        rng = np.random.default_rng((22, seed))
        is_member = worlds.halves(1_200, 600, rng)
        shift = 0.6 * is_member
        plain = worlds.evidence(is_member, 0.0, rng)
        evidence = worlds.MembershipScores(plain.target + shift, plain.pseudo_targets + shift, plain.membership)
        blind = BlindScores(np.arange(1_200), rng.standard_normal(1_200) + shift)
        empty = Assessment((), 0.0, 0.0, 0.0)
        found = against_blind(evidence, worlds.truth(is_member), empty, blind, Grading(25.0, seed=seed))
        above += (found.score_low or 0.0) > 0
    assert above / RUNS <= more_than(0.05)
