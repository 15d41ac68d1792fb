"""Names given one by one, checked by hand and against the truth."""

import numpy as np
import pytest
from scipy.stats import false_discovery_control
from scoring_world import constant, normal, scores, sides

from auditor.domain.evidence import MembershipScores
from auditor.scoring.discoveries import named, p_values, q_values


def evidence(target: list[float], outside: list[float]) -> MembershipScores:
    """A pseudo-target that was trained on the last record alone, whose score must not count."""
    pseudo = np.array([[*outside, 1e9]])
    return MembershipScores(np.array([*target, 0.0]), pseudo, np.array([[False] * len(outside) + [True]]))


def test_p_values_by_hand() -> None:
    found = p_values(evidence([5.0, 3.0, 0.5], [1.0, 2.0, 3.0]))

    assert list(found) == [1 / 4, 2 / 4, 4 / 4, 4 / 4]


def test_ties_count_against_the_claim() -> None:
    assert list(p_values(evidence([1.0, 1.0], [1.0, 1.0]))) == [1.0, 1.0, 1.0]


def test_q_values_are_those_of_the_reference() -> None:
    p = np.random.default_rng(1).random(500) ** 3

    assert q_values(p) == pytest.approx(false_discovery_control(p))


def test_nobody_is_named_among_equal_scores() -> None:
    assert not named(p_values(scores(sides(500, 500), constant))).any()


def test_most_members_are_named_where_all_stand_apart() -> None:
    is_member = sides(500, 500)

    found = named(p_values(scores(is_member, normal(6.0))))

    assert found[is_member].mean() > 0.95
    assert found[~is_member].sum() <= 0.2 * found.sum()


def test_a_stricter_rate_names_fewer() -> None:
    is_member = sides(1_000, 1_000)
    p = p_values(scores(is_member, normal(3.0)))

    assert named(p, 0.02).sum() < named(p, 0.1).sum() < named(p, 0.3).sum()


def test_scores_without_a_leak_have_even_p_values() -> None:
    p = p_values(scores(sides(2_000, 2_000), normal(0.0)))

    assert np.quantile(p, [0.1, 0.5, 0.9]) == pytest.approx([0.1, 0.5, 0.9], abs=0.03)
