import numpy as np
import pytest
from scipy.stats import beta, binom, norm

from auditor.scoring.intervals import Interval, clopper_pearson, clopper_pearson_limits, difference, percentiles, quantile, wilson


@pytest.mark.parametrize(
    ("non_members", "low", "high"),
    [(1_000, 0.00003, 0.0056), (5_000, 0.0003, 0.0023), (20_000, 0.00061, 0.00154), (100_000, 0.00081, 0.00122)],
)
def test_one_in_a_thousand_false_positives_has_the_known_limits(non_members: int, low: float, high: float) -> None:
    found = clopper_pearson(non_members // 1_000, non_members)

    assert found.low == pytest.approx(low, rel=0.2)
    assert found.high == pytest.approx(high, rel=0.02)


@pytest.mark.parametrize("successes", [0, 1, 7, 49, 50])
def test_clopper_pearson_limits_are_where_the_count_becomes_too_rare(successes: int) -> None:
    found = clopper_pearson(successes, 50, 0.1)

    if successes > 0:
        assert binom.sf(successes - 1, 50, found.low) == pytest.approx(0.05)
    if successes < 50:
        assert binom.cdf(successes, 50, found.high) == pytest.approx(0.05)


def test_no_success_and_no_failure_leave_one_side_open() -> None:
    assert clopper_pearson(0, 100).low == 0.0
    assert 0.03 < clopper_pearson(0, 100).high < 0.04
    assert clopper_pearson(100, 100).high == 1.0
    assert 0.96 < clopper_pearson(100, 100).low < 0.97


def test_without_trials_nothing_is_known() -> None:
    assert clopper_pearson(0, 0).as_tuple() == (0.0, 0.0, 1.0)


def test_many_counts_at_once_agree_with_one_at_a_time() -> None:
    counts = np.array([0.0, 3.0, 20.0])

    low, high = clopper_pearson_limits(counts, 20, 0.01)

    for place, count in enumerate(counts):
        alone = clopper_pearson(count, 20, 0.01)
        assert (alone.low, alone.high) == (low[place], high[place])


@pytest.mark.parametrize("alpha", [0.05, 1e-6])
def test_clopper_pearson_limits_are_quantiles_of_beta(alpha: float) -> None:
    counts = np.array([1.0, 2.5, 400.0, 999.0])
    low, high = clopper_pearson_limits(counts, 1_000, alpha)
    np.testing.assert_allclose(low, beta.ppf(alpha / 2, counts, 1_001 - counts), rtol=1e-12)
    np.testing.assert_allclose(high, beta.isf(alpha / 2, counts + 1, 1_000 - counts), rtol=1e-9)
    assert quantile(alpha) == pytest.approx(norm.isf(alpha / 2), rel=1e-9)


def test_a_smaller_error_gives_a_wider_interval() -> None:
    wide, narrow = clopper_pearson(10, 100, 0.01), clopper_pearson(10, 100, 0.05)

    assert wide.low < narrow.low < 0.1 < narrow.high < wide.high


def test_wilson_agrees_with_the_published_example() -> None:
    # Newcombe 1998, table 1: 81 of 263.
    found = wilson(81, 263)

    assert found.low == pytest.approx(0.2553, abs=5e-5)
    assert found.high == pytest.approx(0.3662, abs=5e-5)


@pytest.mark.parametrize("successes", [0, 100])
def test_wilson_holds_its_own_value_at_the_ends(successes: int) -> None:
    found = wilson(successes, 100)

    assert found.low <= found.value <= found.high
    assert found.high - found.low > 0.03


def test_difference_agrees_with_the_published_example() -> None:
    # Newcombe 1998 (Interval estimation for the difference), table II, method 10: 56/70 - 48/80.
    found = difference(wilson(56, 70), wilson(48, 80))

    assert found.value == pytest.approx(0.2)
    assert found.low == pytest.approx(0.0524, abs=5e-5)
    assert found.high == pytest.approx(0.3339, abs=5e-5)


def test_difference_of_certainties_is_not_certain() -> None:
    found = difference(wilson(10, 10), wilson(0, 20))

    assert found.value == 1.0
    assert found.low < 0.75
    assert found.high == 1.0


def test_a_difference_turns_its_sign_with_its_sides() -> None:
    one, other = difference(wilson(30, 90), wilson(20, 70)), difference(wilson(20, 70), wilson(30, 90))

    assert one.low == pytest.approx(-other.high)
    assert one.high == pytest.approx(-other.low)


def test_the_normal_quantile_is_the_two_sided_one() -> None:
    assert quantile(0.05) == pytest.approx(1.959964)


def test_percentiles_cut_half_the_error_off_each_end() -> None:
    assert percentiles(np.arange(1001), 0.1) == (50.0, 950.0)


def test_an_interval_is_told_as_low_value_high() -> None:
    assert Interval(0.1, 0.2, 0.3).as_tuple() == (0.1, 0.2, 0.3)
