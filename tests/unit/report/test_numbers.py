from datetime import UTC, datetime

import pytest

from auditor.report import numbers


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0.0412, "4.1 %"),
        (0.5, "50 %"),
        (1.0, "100 %"),
        (0.0, "0 %"),
        (0.001, "0.1 %"),
        (0.0123, "1.2 %"),
        (0.00047, "0.047 %"),
        (-0.04, "−4 %"),
    ],
)
def test_a_share_reads_as_percent_with_the_digits_it_carries(share: float, text: str) -> None:
    assert numbers.percent(share).replace("\u00a0", " ") == text


@pytest.mark.parametrize("name", ["tpr@fpr=0.01", "ppv@prior=0.1", "precision@k", "accuracy", "fidelity_uniform"])
def test_shares_are_read_in_percent(name: str) -> None:
    assert numbers.figure(name, 0.25).endswith("%")


@pytest.mark.parametrize("name", ["empirical_epsilon", "epsilon_lower_bound"])
def test_an_epsilon_has_two_decimals(name: str) -> None:
    assert numbers.figure(name, 5.6006) == "5.60"


@pytest.mark.parametrize("name", ["auc", "advantage"])
def test_areas_are_read_as_plain_numbers(name: str) -> None:
    assert numbers.figure(name, 0.25) == "0.250"


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("unknowns", 84.0, "84"),
        ("largest_difference", 1.9e-15, "1.9e−15"),
        ("largest_difference", 0.0, "0.000"),
        ("auc", 0.0006, "0.001"),
    ],
)
def test_counts_are_whole_and_what_is_tiny_is_not_nothing(name: str, value: float, text: str) -> None:
    assert numbers.figure(name, value) == text


def test_counts_are_grouped() -> None:
    assert numbers.figure("n_leaked", 12345) == "12,345"


def test_an_interval_says_its_unit_once() -> None:
    assert numbers.interval("fidelity", 0.9, 0.95).replace("\u00a0", " ") == "90.0 to 95.0 %"
    assert numbers.interval("auc", 0.5, 0.6) == "0.500 to 0.600"


@pytest.mark.parametrize(("seconds", "text"), [(0.4, "0 s"), (41.2, "41 s"), (192, "3 min 12 s"), (7500, "2 h 05 min")])
def test_a_duration_in_words(seconds: float, text: str) -> None:
    assert numbers.duration(seconds).replace("\u00a0", " ") == text


def test_a_score_that_cannot_be_told_is_a_dash_and_never_nought() -> None:
    assert numbers.score(None) == "–"
    assert numbers.score(0) == "0"


def test_a_moment_is_said_in_utc() -> None:
    assert numbers.minute(datetime(2026, 3, 2, 9, 4, tzinfo=UTC)) == "2 March 2026, 09:04 UTC"


def test_limits_of_scores_are_rounded_outwards() -> None:
    """24.9 is not 25, and 22.1 is not 22: what a report claims must hold."""
    assert numbers.span(24.9, 22.1) == "24 to 23"
    assert numbers.span(53.0, 62.0) == "53 to 62"
    assert numbers.span(None, None) == "– to –"
    assert (numbers.at_least(0.3), numbers.at_most(99.2)) == ("0", "100")


@pytest.mark.parametrize("name", ["tpr_difference@fpr=0.01", "advantage_over_imputation", "accuracy_advantage"])
def test_differences_of_shares_are_read_in_percentage_points(name: str) -> None:
    assert numbers.figure(name, -0.0412).replace("\u00a0", " ") == "−4.1 pp"
    assert numbers.interval(name, -0.1, 0.25).replace("\u00a0", " ") == "−10.0 to 25.0 pp"
    assert numbers.tick(name, -0.1).replace("\u00a0", " ") == "−10 pp"
