import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import norm, rankdata
from scoring_world import sides
from sklearn.metrics import roc_auc_score, roc_curve

from auditor.scoring import roc

FOUR = np.array([False, False, True, True])


def deterministic_normals(shift: float, n: int = 10_000) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    grid = norm.ppf((np.arange(n) + 0.5) / n)
    return np.concatenate([grid + shift, grid]), np.repeat([True, False], n)


def test_separated_scores_have_auc_1() -> None:
    assert roc.auc(np.array([1.0, 2.0, 3.0, 4.0]), FOUR) == 1.0


def test_equal_scores_have_auc_one_half_and_no_true_positive() -> None:
    scores = np.zeros(400)
    is_member = sides(200, 200)

    assert roc.auc(scores, is_member) == 0.5
    assert (scores[is_member] > roc.cut(scores[~is_member], 0.01)).mean() == 0.0


def test_shifted_normals_have_the_known_auc_and_tpr() -> None:
    scores, is_member = deterministic_normals(1.0)

    assert roc.auc(scores, is_member) == pytest.approx(0.7602, abs=0.001)
    assert (scores[is_member] > roc.cut(scores[~is_member], 0.01)).mean() == pytest.approx(0.0924, abs=0.002)


@pytest.mark.parametrize("decimals", [0, 1, 8])
def test_auc_agrees_with_scikit_learn_with_and_without_ties(decimals: int) -> None:
    is_member = sides(120, 300)
    scores = np.round(np.random.default_rng(1).standard_normal(420) + 0.5 * is_member, decimals)

    assert roc.auc(scores, is_member) == pytest.approx(roc_auc_score(is_member, scores), abs=1e-12)


def test_a_tie_between_a_member_and_a_non_member_counts_half() -> None:
    assert roc.auc(np.array([0.0, 1.0, 1.0, 2.0]), FOUR) == pytest.approx((1 + 1 + 0.5 + 1) / 4)


@pytest.mark.parametrize("decimals", [1, 16])
def test_placements_are_differences_of_midranks(decimals: int) -> None:
    rng = np.random.default_rng(4)
    scores, is_member = np.round(rng.standard_normal((3, 300)), decimals), sides(120, 180)
    overall, inside, outside = (rankdata(part, axis=1) for part in (scores, scores[:, is_member], scores[:, ~is_member]))

    found = roc.placements(scores, is_member)

    np.testing.assert_array_equal(found.members, ((overall[:, is_member] - inside) / 180).mean(axis=0))
    np.testing.assert_array_equal(found.non_members, (1.0 - (overall[:, ~is_member] - outside) / 120).mean(axis=0))


@pytest.mark.parametrize("place", [0, 3])
def test_a_score_that_is_no_number_leaves_the_auc_unknown(place: int) -> None:
    scores = np.array([1.0, 2.0, 3.0, 4.0])
    scores[place] = np.nan
    assert np.isnan(roc.auc(scores, FOUR))


def test_placements_average_over_several_scores_of_the_same_records() -> None:
    is_member = sides(30, 40)
    table = np.random.default_rng(2).standard_normal((5, 70))

    together = roc.placements(table, is_member)

    assert together.auc == pytest.approx(np.mean([roc.auc(row, is_member) for row in table]))
    assert together.members.shape == (30,)
    assert together.non_members.shape == (40,)
    assert together.non_members.mean() == pytest.approx(together.auc)


def test_variance_agrees_with_delong_by_hand() -> None:
    is_member = np.array([True, True, True, False, False])
    scores = np.array([3.0, 1.0, 2.5, 0.0, 2.0])
    # placements: members 1, .5, 1; non-members 1, 2/3
    expected = np.var([1, 0.5, 1], ddof=1) / 3 + np.var([1, 2 / 3], ddof=1) / 2

    assert roc.placements(scores, is_member).variance == pytest.approx(expected)


def test_averaging_pseudo_targets_that_share_nothing_reduces_the_variance() -> None:
    is_member = sides(300, 300)
    table = np.random.default_rng(3).standard_normal((8, 600))

    assert roc.placements(table, is_member).variance < 0.25 * roc.placements(table[0], is_member).variance


def test_repeating_the_same_pseudo_target_does_not() -> None:
    is_member = sides(300, 300)
    scores = np.random.default_rng(4).standard_normal(600)

    alone, repeated = roc.placements(scores, is_member), roc.placements(np.tile(scores, (8, 1)), is_member)

    assert repeated.variance == pytest.approx(alone.variance)


def test_a_lone_member_has_the_largest_possible_variance() -> None:
    assert roc.placements(np.array([1.0, 0.0, 0.5]), np.array([True, False, False])).variance >= 0.25


@pytest.mark.parametrize(("signal", "value"), [(1.0, 1.0), (-1.0, 0.0), (0.0, 0.5)])
def test_an_interval_never_closes_on_a_perfect_sample(signal: float, value: float) -> None:
    is_member = sides(200, 100)

    found = roc.auc_interval(signal * is_member, is_member)

    assert found.value == value
    assert found.high - found.low > 0.01
    assert 0.0 <= found.low <= value <= found.high <= 1.0


def test_a_perfect_auc_reaches_down_to_the_pair_that_was_not_seen() -> None:
    is_member = sides(100, 400)

    found = roc.auc_interval(is_member.astype(float), is_member, 0.05)

    assert found.low == pytest.approx(0.025 ** (1 / 100))


def test_the_interval_turns_round_with_the_scores() -> None:
    is_member = sides(200, 300)
    scores = np.random.default_rng(5).standard_normal(500) + is_member

    one, other = roc.auc_interval(scores, is_member), roc.auc_interval(-scores, is_member)

    assert one.low == pytest.approx(1 - other.high)
    assert one.high == pytest.approx(1 - other.low)


def test_a_smaller_error_widens_the_interval() -> None:
    is_member = sides(200, 300)
    scores = np.random.default_rng(6).standard_normal(500) + is_member

    wide, narrow = roc.auc_interval(scores, is_member, 0.01), roc.auc_interval(scores, is_member, 0.05)

    assert wide.low < narrow.low < narrow.high < wide.high


def test_the_cut_lets_through_no_more_than_allowed() -> None:
    outsiders = np.arange(1_000.0)

    assert (outsiders > roc.cut(outsiders, 0.01)).sum() == 10
    assert (outsiders > roc.cut(outsiders, 0.0109)).sum() == 10
    assert (outsiders > roc.cut(outsiders, 0.0)).sum() == 0


@pytest.mark.parametrize(("rate", "n"), [(0.001, 5_000), (0.001, 3_000), (0.01, 700), (0.29, 100), (0.07, 100)])
def test_a_whole_number_of_false_positives_survives_floating_point(rate: float, n: int) -> None:
    outsiders = np.arange(float(n))

    assert (outsiders > roc.cut(outsiders, rate)).sum() == round(rate * n)


def test_the_cut_is_the_smallest_that_keeps_to_the_rate() -> None:
    outsiders = np.random.default_rng(7).integers(0, 20, 500).astype(float)

    line = roc.cut(outsiders, 0.1)

    assert (outsiders > line).mean() <= 0.1
    assert (outsiders > line - 1).mean() > 0.1


def test_ties_stay_whole_at_the_cut() -> None:
    outsiders = np.concatenate([np.zeros(90), np.ones(10)])

    assert (outsiders > roc.cut(outsiders, 0.05)).sum() == 0
    assert (outsiders > roc.cut(outsiders, 0.10)).sum() == 10


def test_a_rate_of_one_calls_everybody_a_member() -> None:
    assert roc.cut(np.arange(5.0), 1.0) == -np.inf


def test_the_best_cut_has_the_largest_gain_of_all_thresholds() -> None:
    is_member = sides(150, 250)
    scores = np.round(np.random.default_rng(8).standard_normal(400) + is_member, 1)

    line = roc.best_cut(scores, is_member)
    fpr, tpr, _ = roc_curve(is_member, scores)

    called = scores > line
    assert called[is_member].mean() - called[~is_member].mean() == pytest.approx((tpr - fpr).max())


@pytest.mark.parametrize("scores", [np.zeros(4), np.array([3.0, 3.0, 0.0, 0.0])])
def test_without_a_gain_everybody_is_called_a_member(scores: NDArray[np.float64]) -> None:
    assert (scores > roc.best_cut(scores, FOUR)).all()


def test_the_curve_keeps_to_the_exact_counts() -> None:
    is_member = sides(500, 800)
    scores = np.random.default_rng(9).standard_normal(1_300) + is_member

    drawn = roc.curve(scores, is_member)

    for fpr, tpr in zip(drawn["fpr"], drawn["tpr"], strict=True):
        line = roc.cut(scores[~is_member], fpr)
        assert (scores[~is_member] > line).mean() == pytest.approx(fpr)
        assert (scores[is_member] > line).mean() == pytest.approx(tpr)


def test_the_curve_is_thin_monotone_and_inside_its_band() -> None:
    is_member = sides(5_000, 20_000)
    scores = np.random.default_rng(10).standard_normal(25_000) + is_member

    drawn = {name: np.array(values) for name, values in roc.curve(scores, is_member).items()}

    assert set(drawn) == {"fpr", "tpr", "tpr_low", "tpr_high"}
    assert 80 < len(drawn["fpr"]) <= 200
    assert (np.diff(drawn["fpr"]) > 0).all()
    assert (np.diff(drawn["tpr"]) >= 0).all()
    assert (drawn["tpr_low"] <= drawn["tpr"]).all()
    assert (drawn["tpr"] <= drawn["tpr_high"]).all()
    assert drawn["fpr"][-1] == drawn["tpr"][-1] == 1.0


def test_the_curve_is_as_dense_at_low_as_at_high_rates() -> None:
    is_member = sides(5_000, 20_000)
    fpr = np.array(roc.curve(np.random.default_rng(11).standard_normal(25_000), is_member)["fpr"])

    assert ((fpr > 0.001) & (fpr < 0.01)).sum() > 20


def test_members_found_without_a_false_positive_come_first() -> None:
    is_member = sides(100, 100)

    drawn = roc.curve(is_member.astype(float), is_member)

    assert (drawn["fpr"], drawn["tpr"]) == ([0.0, 1.0], [1.0, 1.0])
    assert drawn["tpr_low"][0] < 1.0


def test_the_curve_of_ties_has_one_point() -> None:
    assert roc.curve(np.zeros(200), sides(100, 100))["fpr"] == [1.0]


def test_no_function_changes_its_input() -> None:
    is_member = sides(50, 50)
    scores = np.random.default_rng(12).standard_normal(100)
    before = scores.copy()

    roc.curve(scores, is_member), roc.cut(scores, 0.1), roc.best_cut(scores, is_member), roc.auc_interval(scores, is_member)

    assert (scores == before).all()
