import numpy as np
import pytest

from auditor.scoring import power, score
from auditor.scoring.intervals import clopper_pearson
from auditor.scoring.power import detectability, smallest_shown


def test_the_sentence_names_the_size_and_what_would_have_been_seen() -> None:
    sentence = detectability(5_000, 6_000, 16, 25.0)

    assert sentence.startswith(
        "With 5,000 members, 6,000 non-members and 16 shadow models this audit shows, with 80 % probability,"
    )
    assert "a score of 5 or more when the true score is at least" in sentence
    assert "a score of 25 or more when the true score is at least" in sentence
    assert sentence.endswith("a smaller leak may go unseen.")


def test_attacks_that_share_the_error_show_less() -> None:
    """300 on a side: one attack shows 25 from a true score of 38 on, each of six by three looks from more."""
    alone, shared = smallest_shown(300, 300, 25.0), smallest_shown(300, 300, 25.0, 0.05 / 18)

    assert alone is not None
    assert shared is not None
    assert alone + 3 < shared
    assert f"at least {np.ceil(shared):.0f}" in detectability(300, 300, 16, 25.0, 0.05 / 18)


def test_below_500_non_members_a_leak_of_few_people_is_said_to_go_unseen() -> None:
    told = [detectability(600, n, 16, 25.0).endswith("few people only, which takes 500 non-members to show.") for n in (499, 500)]

    assert told == [True, False]


def test_another_level_is_named() -> None:
    assert "a score of 40 or more" in detectability(5_000, 6_000, 16, 40.0)


def test_without_a_level_the_default_one_is_named() -> None:
    assert detectability(5_000, 6_000, 0, None) == detectability(5_000, 6_000, 0, 25.0)


@pytest.mark.parametrize(("members", "non_members"), [(0, 100), (100, 0), (1, 1)])
def test_an_audit_without_records_shows_nothing(members: int, non_members: int) -> None:
    assert detectability(members, non_members, 4, 25.0).endswith("could not have shown any leak.")


def test_a_level_that_no_score_of_few_records_can_demonstrate_is_never_reached() -> None:
    assert smallest_shown(3, 3, 99.0) is None
    assert "never" in detectability(3, 3, 4, 99.0)


@pytest.mark.parametrize("wanted", [5.0, 25.0, 60.0])
def test_more_records_show_smaller_leaks(wanted: float) -> None:
    shown = [smallest_shown(n, n, wanted) for n in (5_000, 20_000, 100_000)]

    assert all(s is not None and s >= wanted for s in shown)
    assert shown == sorted(shown, key=lambda s: -(s or 0))
    assert shown[0] != shown[-1]


def test_a_higher_level_takes_a_larger_leak() -> None:
    shown = [smallest_shown(5_000, 5_000, wanted) or 0.0 for wanted in (5.0, 25.0, 50.0)]

    assert shown == sorted(shown)
    assert shown[0] < shown[1] < shown[2]


@pytest.mark.parametrize(("members", "non_members", "rate"), [(5_000, 6_000, 0.001), (1_000, 1_500, 0.01)])
def test_the_power_of_the_tail_is_that_of_simulated_audits(members: int, non_members: int, rate: float) -> None:
    rng = np.random.default_rng(1)
    place = 80
    true_tpr = rate ** (1 - power.GRID[place] / 100)
    wanted = 25.0
    shown = 0
    for _ in range(400):
        tpr = clopper_pearson(rng.binomial(members, true_tpr), members)
        fpr = clopper_pearson(rng.binomial(non_members, rate), non_members)
        shown += score.tail(tpr.low, fpr.high, rate) >= wanted

    assert power.tail_power(members, non_members, rate, wanted)[place] == pytest.approx(shown / 400, abs=0.07)


def test_power_rises_with_the_leak() -> None:
    assert (np.diff(power.tail_power(5_000, 6_000, 0.001, 25.0)) >= -1e-9).all()
    assert (np.diff(power.bulk_power(5_000, 6_000, 25.0)) >= 0).all()


def test_below_500_non_members_only_the_bulk_counts() -> None:
    assert smallest_shown(400, 499, 25.0) == power.GRID[np.flatnonzero(power.bulk_power(400, 499, 25.0))[0]]


def test_the_smallest_leak_is_shown_wherever_it_lies() -> None:
    in_the_tail = power.GRID[np.flatnonzero(power.tail_power(5_000, 6_000, 0.001, 25.0) >= 0.8)[0]]
    in_the_bulk = power.GRID[np.flatnonzero(power.bulk_power(5_000, 6_000, 25.0))[0]]

    assert smallest_shown(5_000, 6_000, 25.0) == max(in_the_tail, in_the_bulk)
