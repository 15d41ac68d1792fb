"""Do the intervals hold what they promise, and do lower limits find nothing where there is nothing?"""

from collections.abc import Callable

import numpy as np
import pytest
from scipy.stats import norm
from scoring_world import normal, scores, sides, tail_only, truth_of

from auditor.scoring import estimates, roc, thresholds
from auditor.scoring.assess import Grading, assess
from auditor.scoring.holm import assess_family
from auditor.scoring.intervals import Interval, clopper_pearson_limits, difference, wilson
from auditor.scoring.membership import headline

RUNS = 1_000
IS_MEMBER = sides(300, 300)
GRADING = Grading(25.0)


def covered(interval: Interval, truth: float) -> bool:
    return interval.low <= truth <= interval.high


def chance_of_more(share: float, runs: int) -> float:
    """A share plus two standard errors of a simulation of so many runs."""
    return share + 2 * float(np.sqrt(share * (1 - share) / runs))


@pytest.mark.parametrize("shift", [0.0, 1.0, 2.0])
@pytest.mark.parametrize(("members", "non_members"), [(300, 300), (100, 900)])
def test_auc_intervals_cover_in_93_to_97_percent(shift: float, members: int, non_members: int) -> None:
    is_member = sides(members, non_members)
    rng = np.random.default_rng((1, members, round(10 * shift)))
    truth = norm.cdf(shift / np.sqrt(2))

    hits = [
        covered(roc.auc_interval(rng.standard_normal(len(is_member)) + shift * is_member, is_member), truth) for _ in range(RUNS)
    ]

    assert 0.93 <= np.mean(hits) <= 0.97


@pytest.mark.parametrize("shift", [3.0, 4.0, 5.0])
@pytest.mark.parametrize(("members", "non_members"), [(300, 300), (100, 900)])
def test_auc_intervals_near_1_cover_in_at_least_93_percent(shift: float, members: int, non_members: int) -> None:
    """There DeLong's variance alone covers in as little as 88 % (100 members, 900 non-members, AUC .9977)."""
    is_member = sides(members, non_members)
    rng = np.random.default_rng((5, members, round(10 * shift)))
    truth = norm.cdf(shift / np.sqrt(2))

    hits = [
        covered(roc.auc_interval(rng.standard_normal(len(is_member)) + shift * is_member, is_member), truth) for _ in range(600)
    ]

    assert np.mean(hits) >= 0.93


def test_auc_intervals_of_coarse_scores_cover_too() -> None:
    rng = np.random.default_rng(2)
    right = np.where(IS_MEMBER, 0.9, 0.8)

    hits = [covered(roc.auc_interval((rng.random(600) < right).astype(float), IS_MEMBER), 0.55) for _ in range(RUNS)]

    assert 0.93 <= np.mean(hits) <= 0.97


@pytest.mark.parametrize("share", [0.001, 0.01, 0.2, 0.5, 0.97])
@pytest.mark.parametrize("trials", [60, 2_000])
def test_clopper_pearson_covers_in_at_least_94_percent(share: float, trials: int) -> None:
    counts = np.random.default_rng(3).binomial(trials, share, 20_000).astype(float)

    low, high = clopper_pearson_limits(counts, trials)

    assert np.mean((low <= share) & (share <= high)) >= 0.94


@pytest.mark.parametrize(("first", "second"), [(0.3, 0.2), (0.05, 0.05), (0.9, 0.4)])
def test_differences_of_rates_cover_in_93_to_97_percent(first: float, second: float) -> None:
    rng = np.random.default_rng(4)
    pairs = zip(rng.binomial(400, first, RUNS), rng.binomial(600, second, RUNS), strict=True)

    hits = [covered(difference(wilson(a, 400), wilson(b, 600)), first - second) for a, b in pairs]

    assert 0.93 <= np.mean(hits) <= 0.975


def test_nothing_to_find_gives_an_advantage_above_0_in_at_most_5_percent() -> None:
    runs = 600
    above = {"calibrated": 0, "oracle": 0}
    for seed in range(runs):
        for found in estimates.advantage(scores(IS_MEMBER, normal(0.0), pseudo=2, seed=seed), IS_MEMBER, Grading(None, seed=seed)):
            assert found.low is not None
            above[str(found.threshold)] += found.low > 0

    assert max(above.values()) / runs <= chance_of_more(0.05, runs)


def test_a_known_advantage_is_covered() -> None:
    runs, truth = 600, 2 * norm.cdf(0.5) - 1
    misses = {"calibrated": 0, "oracle": 0}
    for seed in range(runs):
        for found in estimates.advantage(scores(IS_MEMBER, normal(1.0), pseudo=2, seed=seed), IS_MEMBER, Grading(None, seed=seed)):
            assert found.low is not None
            misses[str(found.threshold)] += found.low > truth

    assert max(misses.values()) / runs <= chance_of_more(0.05, runs)


@pytest.mark.parametrize("signal", [normal(0.0), normal(1.0), tail_only(0.1)], ids=["nothing", "shift", "tail"])
@pytest.mark.parametrize("pseudo", [0, 2])
def test_the_lower_limit_of_tpr_over_fpr_is_below_the_truth(signal: Callable, pseudo: int) -> None:
    """score_low divides TPR_L by max(a0, FPR_U): the true ratio at the same cut must be larger in 95 % of runs."""
    is_member, runs, above = sides(500, 600), 400, 0
    for seed in range(runs):
        evidence = scores(is_member, signal, pseudo=pseudo, seed=seed)
        at = headline(evidence, is_member, 0.05)
        fresh = scores(sides(5_000, 5_000, seed), signal, pseudo=0, seed=seed + runs)
        outsiders = evidence.pseudo_targets[~evidence.membership] if pseudo else evidence.target[~is_member]
        true = thresholds.rates_above(fresh.target, sides(5_000, 5_000, seed), roc.cut(outsiders, 0.01), 0.05)
        assert at is not None
        above += at.tpr.low / max(0.01, at.fpr.high) > max(true.tpr.value, 1e-4) / max(0.01, true.fpr.value)

    assert above / runs <= chance_of_more(0.05, runs)


@pytest.mark.parametrize("pseudo", [0, 4])
def test_nothing_to_find_scores_0_in_at_least_95_percent(pseudo: int) -> None:
    is_member, runs = sides(500, 600), 300
    truth = truth_of(is_member)

    found = [assess(scores(is_member, normal(0.0), pseudo=pseudo, seed=seed), truth, GRADING).score_low for seed in range(runs)]

    assert np.mean([low != 0.0 for low in found]) <= chance_of_more(0.05, runs)


def test_nothing_to_find_never_reaches_the_level_of_a_breach() -> None:
    is_member = sides(500, 600)
    truth = truth_of(is_member)

    found = [assess(scores(is_member, normal(0.0), seed=seed), truth, GRADING).score_low or 0.0 for seed in range(200)]

    assert max(found) < 10.0


def test_a_family_without_a_leak_finds_one_in_at_most_5_percent() -> None:
    is_member, runs, above = sides(500, 600), 150, 0
    truth = truth_of(is_member)
    for seed in range(runs):
        cases = [(scores(is_member, normal(0.0), pseudo=0, seed=10 * seed + attack), None, truth) for attack in range(6)]
        above += any(a.score_low for a in assess_family(cases, GRADING))

    assert above / runs <= chance_of_more(0.05, runs)


def test_six_attacks_each_at_95_percent_would_have_found_one_much_more_often() -> None:
    is_member, runs, above = sides(500, 600), 150, 0
    for seed in range(runs):
        tried = (scores(is_member, normal(0.0), pseudo=0, seed=10 * seed + attack).target for attack in range(6))
        above += any(roc.auc_interval(target, is_member).low > 0.5 for target in tried)

    assert above / runs > 0.08
