"""Do the controls stay silent on fair splits, and speak up on unfair ones?"""

import numpy as np
import pandas as pd
import pytest
from scoring_world import normal, scores, sides, truth_of

from auditor.domain.evidence import MembershipScores
from auditor.scoring import controls
from auditor.scoring.assess import Grading
from auditor.scoring.validity import blind_baseline

GRADING = Grading(25.0)


def pooled(n: int, pseudo: int, rng: np.random.Generator) -> MembershipScores:
    """Pseudo-targets in complementary pairs that share records: easy ones score high on every one of them, in or out."""
    ease = 2.0 * rng.standard_normal(n)
    first = np.array([rng.permutation(n) < n // 2 for _ in range(pseudo // 2)])
    halves = np.stack([first, ~first], axis=1).reshape(pseudo, n)
    own = ease + rng.standard_normal((pseudo, n)) + 0.8 * halves
    return MembershipScores(own[0], own, halves)


@pytest.mark.parametrize("pseudo", [2, 8])
def test_the_negative_control_fails_on_at_most_1_percent_of_fair_splits(pseudo: int) -> None:
    runs, n = 2_000, 400
    rng = np.random.default_rng(pseudo)

    failed = sum(
        controls.negative(pooled(n, pseudo, rng), truth_of(rng.permutation(n) < 180), GRADING).passed is False for _ in range(runs)
    )

    assert failed / runs <= 0.01 + 2 * np.sqrt(0.01 * 0.99 / runs)


def test_pseudo_targets_taken_for_independent_would_have_failed_far_more() -> None:
    """The same splits, judged by the spread between pseudo-targets instead of the spread between records."""
    runs, n = 300, 400
    rng = np.random.default_rng(1)
    failed = 0
    for _ in range(runs):
        evidence, is_member = pooled(n, 8, rng), rng.permutation(n) < 180
        placed = [controls.roc.auc(s, is_member) for s in evidence.pseudo_targets]
        failed += abs(np.mean(placed) - 0.5) > 2.58 * np.std(placed, ddof=1) / np.sqrt(8)

    assert failed / runs > 0.2


def test_the_negative_control_sees_a_difference_between_the_sides() -> None:
    rng = np.random.default_rng(2)
    is_member = sides(500, 500)
    failed = 0
    for _ in range(50):
        evidence = pooled(1_000, 8, rng)
        shifted = MembershipScores(evidence.target, evidence.pseudo_targets + 1.0 * is_member, evidence.membership)
        failed += controls.negative(shifted, truth_of(is_member), GRADING).passed is False

    assert failed >= 45


def test_the_expectation_is_that_of_fresh_models() -> None:
    is_member = sides(600, 600)
    medians = [
        controls.pseudo_targets(scores(is_member, normal(1.0), pseudo=8, seed=s), truth_of(is_member), GRADING).estimates[0].value
        for s in range(40)
    ]

    assert np.mean([m for m in medians if m is not None]) == pytest.approx(0.7602, abs=0.004)


def records(n: int, rng: np.random.Generator) -> tuple[pd.DataFrame, np.ndarray]:
    frame = pd.DataFrame(rng.standard_normal((n, 4)), columns=list("abcd"))
    frame["work"] = rng.choice(["x", "y", "z"], n).astype(object)
    return frame, rng.integers(0, 2, n)


def ignore(fraction: float) -> None:
    assert 0 <= fraction <= 1


def test_the_blind_baseline_fires_on_at_most_1_percent_of_fair_splits() -> None:
    rng = np.random.default_rng(3)
    fired = 0
    for seed in range(50):
        frame, labels = records(250, rng)
        fired += blind_baseline(frame, labels, rng.permutation(250) < 100, seed, ignore).fired

    assert fired <= 2  # of 50 at 1 %: three would be a chance of 1.4 %


def test_a_shift_of_a_third_of_a_deviation_is_flagged() -> None:
    rng = np.random.default_rng(5)
    fired = 0
    for seed in range(2):
        frame, labels = records(2_000, rng)
        is_member = rng.random(2_000) < 0.5
        frame["b"] += 0.3 * ~is_member
        fired += blind_baseline(frame, labels, is_member, seed, ignore).fired

    assert fired == 2
