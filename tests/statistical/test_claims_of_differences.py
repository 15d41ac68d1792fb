"""How far the intervals of a difference between two audits can be trusted: coverage on simulated pairs of targets."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import norm

from auditor.domain.evidence import MembershipScores
from auditor.domain.finding import Estimate
from auditor.scoring import roc
from auditor.scoring.grading import Grading
from auditor.scoring.paired import Terms, difference

AUDITS = 200
PSEUDO_TARGETS = 4


def pair(
    rng: np.random.Generator, n: int, shifts: tuple[float, float], shared: float, pseudo_targets: int = 0
) -> tuple[MembershipScores, MembershipScores, NDArray[np.bool_]]:
    """Two Gaussian attacks on the same 2n records; `shared` of the variance belongs to the record, not to the target."""
    is_member = np.arange(2 * n) < n
    record = rng.normal(size=2 * n)
    found = []
    for shift in shifts:
        own = np.sqrt(shared) * record + np.sqrt(1 - shared) * rng.normal(size=2 * n)
        membership = rng.random((pseudo_targets, 2 * n)) < 0.5
        pseudo = shift * membership + rng.normal(size=membership.shape)
        found.append(MembershipScores(shift * is_member + own, pseudo, membership))
    return found[0], found[1], is_member


def compared(
    first: MembershipScores, second: MembershipScores, is_member: NDArray[np.bool_], grading: Grading
) -> tuple[Estimate, ...]:
    return difference((first, second), Terms(is_member), grading)


@pytest.mark.parametrize(
    ("n", "shifts", "shared"), [(100, (0.0, 0.0), 0.5), (300, (0.5, 0.5), 0.9), (300, (0.5, 1.0), 0.5), (300, (2.5, 3.0), 0.5)]
)
def test_auc_difference_covers(n: int, shifts: tuple[float, float], shared: float) -> None:
    rng = np.random.default_rng(4)
    truth = norm.cdf(shifts[1] / np.sqrt(2)) - norm.cdf(shifts[0] / np.sqrt(2))
    covered = 0
    for _ in range(AUDITS):
        auc = compared(*pair(rng, n, shifts, shared), Grading(None))[0]
        assert auc.low is not None
        assert auc.high is not None
        covered += auc.low <= truth <= auc.high
    # 93 to 97 %, with two standard errors of 200 audits
    assert 0.93 - 0.035 <= covered / AUDITS <= 0.97 + 0.025


@pytest.mark.parametrize(("shifts", "shared"), [((0.2, 1.5), 0.8), ((1.0, 1.0), 0.5)])
def test_tpr_difference_covers_at_the_cuts_that_were_drawn(shifts: tuple[float, float], shared: float) -> None:
    rng = np.random.default_rng(5)
    covered = 0
    for audit in range(AUDITS):
        first, second, is_member = pair(rng, 500, shifts, shared, PSEUDO_TARGETS)
        tpr = compared(first, second, is_member, Grading(None, seed=audit))[1]
        cuts = [roc.cut(e.pseudo_targets[~e.membership], 0.01) for e in (first, second)]
        truth = norm.sf(cuts[1] - shifts[1]) - norm.sf(cuts[0] - shifts[0])
        assert tpr.low is not None
        assert tpr.high is not None
        covered += tpr.low <= truth <= tpr.high
    assert 0.93 - 0.035 <= covered / AUDITS <= 0.97 + 0.025


def test_equal_targets_are_called_different_in_at_most_5_percent_of_audits() -> None:
    rng = np.random.default_rng(6)
    alarms = 0
    for audit in range(1_000):
        auc = compared(*pair(rng, 100, (0.8, 0.8), 0.7), Grading(None, seed=audit))[0]
        assert auc.low is not None
        assert auc.high is not None
        alarms += auc.low > 0 or auc.high < 0
    assert alarms / 1_000 <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / 1_000)
