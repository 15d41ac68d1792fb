"""Do the scores of attributes and of stolen copies stay at 0 without a leak, and hold their limits with one?"""

import numpy as np
from scoring_world import copies, guesses, sides, truth_of

from auditor.scoring.assess import Grading, assess
from auditor.scoring.power import smallest_shown, tail_power
from auditor.scoring.stealing import Agreement, normalised


def test_an_attribute_that_does_not_leak_scores_above_0_in_at_most_5_percent() -> None:
    is_member, runs, above = sides(400, 400), 60, 0
    for seed in range(runs):
        attack, imputed, truth = guesses(is_member, 0.5, 0.5, seed=seed)
        above += bool(assess(attack, truth, Grading(25.0, seed=seed), imputed).score_low)

    assert above <= 6  # of 60 at 5 %: seven would be a chance of 3 %


def test_the_limits_of_the_advantage_hold_the_truth() -> None:
    """The true advantage of this attack is its mean over many draws of records."""
    is_member, runs = sides(400, 400), 60
    found = []
    for seed in range(runs):
        attack, imputed, truth = guesses(is_member, 1.2, 0.0, seed=seed)
        found.append(assess(attack, truth, Grading(25.0, seed=seed), imputed).estimates[-1])

    truth_value = np.mean([e.value for e in found if e.value is not None])
    above = sum(e.low > truth_value for e in found if e.low is not None)
    below = sum(e.high < truth_value for e in found if e.high is not None)
    assert above <= 6
    assert below <= 8


def test_a_copy_that_learned_nothing_scores_above_0_in_at_most_5_percent() -> None:
    rng, runs, above = np.random.default_rng(1), 1_000, 0
    for seed in range(runs):
        agrees = rng.random((2, 600)) < 0.8
        above += normalised(Agreement(np.array([10]), agrees[:1], agrees[1]), 0.05, seed).low > 0

    assert above / runs <= 0.05


def test_the_limits_of_the_normalised_fidelity_cover_in_93_to_97_percent() -> None:
    rng, runs, hits = np.random.default_rng(2), 1_000, 0
    for seed in range(runs):
        baseline = rng.random(800) < 0.75
        copy = np.where(baseline, rng.random(800) < 0.98, rng.random(800) < 0.7)
        found = normalised(Agreement(np.array([10]), copy[None, :], baseline), 0.05, seed)
        truth = 100 * ((0.75 * 0.98 + 0.25 * 0.7) - 0.75) / 0.25
        hits += found.low <= truth <= found.high

    assert 0.93 <= hits / runs <= 0.97


def test_a_copy_that_agrees_everywhere_keeps_its_lower_limit_below_the_truth() -> None:
    rng, runs, above = np.random.default_rng(3), 1_000, 0
    for seed in range(runs):
        baseline = rng.random(800) < 0.75
        copy = baseline | (rng.random(800) < 0.995)
        above += normalised(Agreement(np.array([10]), copy[None, :], baseline), 0.05, seed).low > 99.5

    assert above / runs <= 0.05


def test_a_stolen_copy_is_scored_at_its_share_of_what_was_left() -> None:
    evidence, target, _ = copies({100: 0.8, 1_000: 0.95})
    baseline, _, _ = copies({0: 0.75}, seed=1)

    found = assess(evidence, truth_of(sides(1_000, 1_000), target_labels=target), Grading(25.0), baseline)

    assert found.score is not None
    assert abs(found.score - 80.0) < 1e-9


def test_the_promised_power_is_delivered_at_the_promised_score() -> None:
    shown = smallest_shown(5_000, 6_000, 25.0)

    assert shown is not None
    assert tail_power(5_000, 6_000, 0.001, 25.0)[round(2 * shown) - 2] >= 0.8
