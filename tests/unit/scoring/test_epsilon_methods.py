"""Each way to a bound on its own: counts, thresholds, walks and guesses."""

from itertools import product

import numpy as np
import pytest
from scipy.special import ndtr, ndtri
from scipy.stats import binom

from auditor.domain.evidence import MembershipScores
from auditor.scoring import roc
from auditor.scoring.epsilon import choice, clopper_pearson, counts, f_dp, gaussian, one_run, ranks
from auditor.scoring.epsilon.coin_flips import Plan
from auditor.scoring.epsilon.one_run import Guesses

SCORES = np.array([5.0, 4.0, 4.0, 3.0, 2.0, 2.0, 1.0, 0.0])
INSIDE = np.array([1, 1, 0, 1, 0, 1, 0, 0], bool)


def bits(rng: np.random.Generator, inside: np.ndarray, epsilon: float) -> np.ndarray:
    """Randomised response: the truth, or its opposite with probability 1 / (1 + e^epsilon)."""
    return np.where(rng.random(len(inside)) < 1 / (1 + np.exp(epsilon)), ~inside, inside).astype(float)


def test_counts_keep_ties_together() -> None:
    swept = counts.everywhere(SCORES, INSIDE)
    assert swept.tp.tolist() == [1, 2, 3, 4, 4, 4]
    assert swept.fp.tolist() == [0, 1, 1, 2, 3, 4]
    assert counts.above(SCORES, INSIDE, 2.0).tp.tolist() == [3]
    assert counts.above(SCORES, INSIDE, 2.0).fp.tolist() == [1]


def test_mirrored_counts_are_those_of_the_opposite_claim() -> None:
    seen = counts.above(SCORES, INSIDE, 2.0).mirrored
    opposite = counts.above(-SCORES, ~INSIDE, -2.5)
    assert (seen.tp, seen.fp, seen.members, seen.non_members) == (opposite.tp, opposite.fp, 4, 4)


def test_the_hull_drops_thresholds_below_a_line_between_others() -> None:
    found = counts.hull(counts.everywhere(SCORES, INSIDE))
    assert list(zip(found.fp, found.tp, strict=True)) == [(0, 0), (0, 1), (1, 3), (2, 4), (4, 4)]


@pytest.mark.parametrize(
    ("n", "expected"), [(2, [1]), (20, [10]), (100, [12, 25, 50]), (2_000, [15, 31, 62, 125, 250, 500, 1_000])]
)
def test_ranks_depend_on_the_number_of_records_alone(n: int, expected: list[int]) -> None:
    assert counts.ranks(n).tolist() == expected


def test_a_rank_inside_a_tie_takes_the_whole_tie() -> None:
    found = counts.at_ranks(SCORES, INSIDE, np.array([2, 3, 5]))
    assert (found.tp + found.fp).tolist() == [3, 6]


def test_one_precision_limit_shows_more_than_two_rates() -> None:
    found = counts.one(100, 1, 1_000, 1_000)
    assert clopper_pearson.precision(found, 0.0, 0.05)[0] > clopper_pearson.one_sided(found, 0.0, 0.05)[0] > 2.6
    assert clopper_pearson.precision(counts.one(1_000, 0, 1_000, 1_000), 0.0, 0.05)[0] == pytest.approx(5.8091, abs=1e-4)
    assert clopper_pearson.precision(counts.one(0, 0, 1_000, 1_000), 0.0, 0.05)[0] == 0


def test_precision_counts_the_odds_before_the_attack() -> None:
    """Nine of ten called ones are members, but so are nine of ten candidates: nothing is shown."""
    assert clopper_pearson.precision(counts.one(900, 100, 9_000, 1_000), 0.0, 0.05)[0] == 0
    assert clopper_pearson.precision(counts.one(900, 100, 1_000, 9_000), 0.0, 0.05)[0] > 4


def test_the_two_sided_rule_reads_non_members_too_and_pays_for_it() -> None:
    sure_out = counts.one(1_000, 900, 1_000, 1_000)
    assert clopper_pearson.one_sided(sure_out, 0.0, 0.05)[0] < 0.15
    assert clopper_pearson.two_sided(sure_out, 0.0, 0.05)[0] == clopper_pearson.one_sided(sure_out.mirrored, 0.0, 0.025)[0] > 2


def test_members_that_delta_may_give_away_are_taken_off() -> None:
    assert clopper_pearson.lost(1_000, 0.0, 0.05) == 0
    for delta in (1e-5, 1e-3, 0.1):
        wrong = clopper_pearson.lost(1_000, delta, 0.01)
        assert binom.sf(wrong, 1_000, delta) <= 0.01 < (binom.sf(wrong - 1, 1_000, delta) if wrong else 1)
    bounds = [clopper_pearson.precision(counts.one(50, 0, 1_000, 1_000), delta, 0.05)[0] for delta in (0, 1e-5, 1e-3, 0.1)]
    assert sorted(bounds, reverse=True) == bounds
    assert bounds[-1] == 0


def test_a_walks_p_value_is_that_of_all_its_paths() -> None:
    """Ten coins, looked at after 3, 6 and 10 of them: every path, weighed."""
    called, found = np.array([3, 6, 10]), np.array([3, 5, 6])
    walk = ranks._walk(counts.Counts(found.astype(float), (called - found).astype(float), 10, 10), 0)
    for epsilon in (0.0, 0.7, 2.0):
        share = float(np.exp(epsilon) / (1 + np.exp(epsilon)))
        least = binom.sf(found - 1, called, share).min()
        total = 0.0
        for path in product((0, 1), repeat=10):
            heads = np.cumsum(path)[called - 1]
            if (binom.sf(heads - 1, called, share) <= least * (1 + 1e-9)).any():
                total += share ** sum(path) * (1 - share) ** (10 - sum(path))
        assert walk.p_value(epsilon) == pytest.approx(total, rel=1e-9)


def test_all_ranks_at_once_cost_less_than_bonferroni() -> None:
    rng = np.random.default_rng(2)
    inside = np.arange(4_000) < 2_000
    scores = rng.standard_normal(4_000) + inside
    top = counts.at_ranks(scores, inside, counts.ranks(4_000))
    shared = clopper_pearson.precision(top, 0.0, 0.05 / len(top.tp)).max()
    assert ranks.bound(top, 0.0, 0.05) > shared > choice.bonferroni(scores, inside, 0.0, 0.05)


@pytest.mark.parametrize("sides", [(500, 500), (200, 800), (800, 200)])
def test_unequal_sides_do_not_pass_for_a_leak(sides: tuple[int, int]) -> None:
    rng = np.random.default_rng(4)
    inside = rng.permutation(np.arange(1_000) < sides[0])
    assert ranks.simultaneous(rng.standard_normal(1_000), inside, 0.0, 0.05) == 0
    assert ranks.simultaneous(inside + 0.0, inside, 0.0, 0.05) > 3.5


def test_constant_scores_show_nothing_by_any_method() -> None:
    inside = np.arange(400) < 200
    flat = np.zeros(400)
    assert ranks.simultaneous(flat, inside, 1e-5, 0.05) == 0
    assert gaussian.simultaneous(flat, inside, 0.05) == 0
    for strategy in (choice.bonferroni, choice.hull_bonferroni):
        assert strategy(flat, inside, 1e-5, 0.05) == 0
    for strategy in (choice.split, choice.multi_split):
        assert strategy(flat, inside, 1e-5, 0.05, 1) == 0


def test_the_cut_comes_from_pseudo_targets_alone() -> None:
    rng = np.random.default_rng(1)
    halves = rng.random((4, 1_000)) < 0.5
    pseudo = rng.standard_normal((4, 1_000)) + 3 * (halves & (rng.random((4, 1_000)) < 0.2))
    first, second = (MembershipScores(target, pseudo, halves) for target in (np.zeros(1_000), rng.standard_normal(1_000)))
    assert choice.from_pseudo_targets(first, 500, 500, 0.05) == choice.from_pseudo_targets(second, 500, 500, 0.05)
    assert choice.from_pseudo_targets(first, 500, 500, 0.05).line > 1.5


def test_the_cut_reads_non_members_where_they_give_themselves_away() -> None:
    inside = np.arange(1_000) < 500
    scores = np.where(inside, 1.0, np.arange(1_000) % 2)
    found = choice.best(scores, inside, 500, 500, 0.05)
    assert not found.reads_members
    assert found.counts(scores, inside).tp.tolist() == [250]
    opposite = choice.best(1 - scores, ~inside, 500, 500, 0.05)
    assert opposite.reads_members
    assert opposite.counts(1 - scores, ~inside).tp.tolist() == [250]


def test_splits_depend_on_the_seed_alone() -> None:
    rng = np.random.default_rng(6)
    inside = np.arange(1_000) < 500
    scores = rng.standard_normal(1_000) + 1.5 * inside
    assert choice.split(scores, inside, 0.0, 0.05, 3) == choice.split(scores, inside, 0.0, 0.05, 3)
    assert choice.split(scores, inside, 0.0, 0.05, 3) != choice.split(scores, inside, 0.0, 0.05, 4)
    assert 0 < choice.multi_split(scores, inside, 0.0, 0.05, 3) < np.log(100)


@pytest.mark.parametrize("mu", [0.3, 1.0, 3.0])
def test_mu_from_the_auc_lies_below_mu_by_its_standard_error(mu: float) -> None:
    rng = np.random.default_rng(8)
    inside = np.arange(20_000) < 10_000
    scores = rng.standard_normal(20_000) + mu * inside
    loose, tight = (gaussian.mu_from_auc(scores, inside, alpha) for alpha in (0.5, 0.025))
    assert loose == pytest.approx(np.sqrt(2) * ndtri(roc.auc(scores, inside)), abs=1e-6)
    assert mu - 0.15 < tight < loose


def test_a_perfect_auc_has_a_finite_mu() -> None:
    """Not one pair is lost; at the bound few are expected to be, in clumps of a hundred where there are many."""
    for n in (20, 1_000):
        inside = np.arange(2 * n) < n
        mu = gaussian.mu_from_auc(inside.astype(float), inside, 0.05)
        assert 1 < ndtr(-mu / np.sqrt(2)) * n * n < 200


def test_tails_see_what_the_auc_does_not() -> None:
    rng = np.random.default_rng(9)
    inside = np.arange(4_000) < 2_000
    scores = rng.standard_normal(4_000) + 20 * (inside & (rng.random(4_000) < 0.05))
    assert gaussian.simultaneous(scores, inside, 0.05) > 3 * gaussian.mu_from_auc(scores, inside, 0.05)


def test_plans_guess_ties_whole_or_not_at_all() -> None:
    assert Plan(2, 0).guesses(SCORES, INSIDE) == Guesses(8, 1, 1)
    assert Plan(3, 3).guesses(SCORES, INSIDE) == Guesses(8, 5, 4)
    assert Plan(4, 4).guesses(SCORES, INSIDE) == Guesses(8, 8, 6)
    assert Plan(5, 2).guesses(SCORES, INSIDE) == Guesses(8, 6, 5)
    assert Plan(4, 4).guesses(np.zeros(8), INSIDE) == Guesses(8, 0, 0)


def test_more_right_guesses_never_show_less() -> None:
    for bound in (one_run.bound, f_dp.bound):
        found = [bound(Guesses(400, 60, right), 1e-5, 0.05) for right in range(0, 61, 4)]
        assert sorted(found) == found
        assert found[0] == 0 < found[-1]


def test_no_guess_shows_nothing() -> None:
    assert one_run.bound(Guesses(100, 0, 0), 1e-5, 0.05) == f_dp.bound(Guesses(100, 0, 0), 1e-5, 0.05) == 0


def test_delta_0_costs_nothing_and_delta_costs_more_with_more_canaries() -> None:
    found = [one_run.bound(Guesses(m, 100, 95), delta, 0.05) for m, delta in ((100, 0.0), (100, 1e-4), (10_000, 1e-4))]
    assert found[0] > found[1] > found[2] > 0
