from dataclasses import replace

import numpy as np
import pytest
from gaussian_world import auc, gaussian
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm as normal
from scipy.stats import rankdata
from scipy.stats import t as student

from auditor.attacks import registry
from auditor.attacks.membership.attack_r import AttackR, as_normal, counted, distance
from auditor.attacks.membership.pairs import Pairs
from auditor.errors import AttackFailed, InvalidInput


def pairs(outside: list[list[float]]) -> Pairs:
    return Pairs(np.zeros_like(np.array(outside)), np.array(outside))


def test_the_count_is_the_share_of_out_shadows_that_do_as_well() -> None:
    """Three OUT shadows and a record that none, one, and all of them match."""
    observed = np.array([5.0, 2.0, 0.0])
    found = counted(observed, pairs([[1.0, 1.0, 1.0], [2.0, 2.0, 2.0], [3.0, 0.0, 0.0]]))
    np.testing.assert_allclose(np.exp(-found), [1 / 4, 2 / 4, 4 / 4])


@given(st.lists(st.integers(-3, 3), min_size=1, max_size=8), st.integers(-3, 3))
def test_the_p_value_of_a_count_is_never_zero_and_never_above_one(outside: list[int], observed: int) -> None:
    p = float(np.exp(-counted(np.array([float(observed)]), pairs([[float(v)] for v in outside]))[0]))
    assert 1 / (len(outside) + 1) <= p + 1e-12 <= 1 + 2e-12


def test_the_count_is_a_valid_p_value_on_records_nobody_was_trained_on() -> None:
    """Observed and OUT observations exchangeable: P(p <= a) <= a at every attainable a, and nearly equal."""
    rng = np.random.default_rng(0)
    p = np.exp(-counted(rng.normal(size=20_000), Pairs(np.zeros((7, 20_000)), rng.normal(size=(7, 20_000)))))
    for step in range(1, 9):
        assert (p <= step / 8 + 1e-9).mean() == pytest.approx(step / 8, abs=0.012)


def test_the_distance_has_the_tail_of_student_t() -> None:
    """With each record's own variance over m observations: P(distance > q) is that of t with m - 1 degrees of freedom."""
    rng = np.random.default_rng(1)
    outside = rng.normal(3.0, 2.0, size=(6, 40_000))
    found = distance(rng.normal(3.0, 2.0, 40_000), outside, outside.var(axis=0, ddof=1))
    for tail in (0.1, 0.01):
        assert (found > student.isf(tail, 5)).mean() == pytest.approx(tail, rel=0.15)


def test_a_smoothed_score_resolves_what_counting_ties() -> None:
    context, is_member = gaussian(3000, 8, gap=1.5)
    counts = AttackR("none").run(context).target
    assert len(np.unique(counts)) <= 5
    smooth = AttackR().run(context).target
    assert len(np.unique(smooth)) > 2900
    assert auc(smooth, is_member) >= auc(counts, is_member)
    surest = np.argsort(-smooth)[:30]
    assert is_member[surest].mean() > 0.8


def test_counting_and_smoothing_agree_on_the_order_of_records() -> None:
    context, _ = gaussian(2000, 32)
    counts, smooth = AttackR("none").run(context).target, AttackR("t").run(context).target
    assert np.corrcoef(rankdata(counts), rankdata(smooth))[0, 1] > 0.9


@given(st.floats(-6, 6), st.sampled_from([3.0, 5.0, 20.0, 1e6]))
def test_a_t_becomes_the_normal_deviate_of_the_same_tail(value: float, degrees: float) -> None:
    found = float(as_normal(np.array([value]), degrees)[0])
    assert found == pytest.approx(normal.isf(student.sf(value, degrees)), abs=0.12)


def test_no_distance_is_so_large_that_it_saturates() -> None:
    found = as_normal(np.array([10.0, 1e3, 1e6]), 8.0)
    assert (np.diff(found) > 1).all()
    assert np.isfinite(found).all()


@pytest.mark.parametrize("smooth", ["t", "normal"])
@pytest.mark.parametrize("shadows", [4, 6, 16])
def test_pseudo_targets_score_like_targets(smooth: str, shadows: int) -> None:
    """A threshold carries over only between like scores: same centre and same spread on records outside the training data."""
    context, is_member = gaussian(4000, shadows)
    evidence = AttackR(smooth).run(context)
    outsiders, strangers = evidence.pseudo_targets[~evidence.membership], evidence.target[~is_member]
    assert np.median(outsiders) == pytest.approx(np.median(strangers), abs=0.25)
    line = np.quantile(outsiders, 0.9)
    assert (strangers > line).mean() == pytest.approx(0.1, abs=0.03)


def test_a_pseudo_target_is_attacked_without_itself_and_its_partner() -> None:
    context, _ = gaussian(300, 8)
    alone = replace(context, shadows=context.shadows.without_pair(6), query=lambda frame: context.shadows.probabilities[6])
    for smooth in ("t", "none"):
        evidence = AttackR(smooth).run(context)
        np.testing.assert_allclose(evidence.pseudo_targets[3], AttackR(smooth).run(alone).target, atol=1e-12)


def test_the_one_variance_of_normal_is_in_the_unit_of_the_score_alone() -> None:
    """It is estimated once, over all shadows: leaving a pair out scales every score alike."""
    context, _ = gaussian(300, 8)
    alone = replace(context, shadows=context.shadows.without_pair(6), query=lambda frame: context.shadows.probabilities[6])
    ratio = AttackR("normal").run(context).pseudo_targets[3] / AttackR("normal").run(alone).target
    np.testing.assert_allclose(ratio, ratio[0])
    assert ratio[0] == pytest.approx(1.0, abs=0.1)


def test_a_single_pair_still_scores_the_target() -> None:
    context, is_member = gaussian(1000, 2, gap=2.0)
    evidence = AttackR().run(context)
    assert auc(evidence.target, is_member) > 0.7
    assert evidence.pseudo_targets.shape == (0, 1000)


def test_what_it_does_not_know_is_refused() -> None:
    with pytest.raises(InvalidInput, match="choose t, normal or none, not 'gauss'"):
        registry.make("attack-r", {"smooth": "gauss"})
    with pytest.raises(AttackFailed, match="attack-r needs at least 2 shadow models"):
        AttackR().run(gaussian(50, 0)[0])
