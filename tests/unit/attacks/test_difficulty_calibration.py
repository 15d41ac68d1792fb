from dataclasses import replace

import numpy as np
import pytest
from gaussian_world import auc, gaussian
from scipy.stats import rankdata

from auditor.attacks.membership.difficulty_calibration import DifficultyCalibration, calibrated
from auditor.attacks.membership.loss_threshold import LossThreshold
from auditor.attacks.membership.pairs import Pairs
from auditor.attacks.membership.rmia import RMIA
from auditor.domain.attack import Scope
from auditor.errors import AttackFailed


def test_the_score_is_the_log_confidence_minus_its_mean_over_out_shadows() -> None:
    pairs = Pairs(inside=np.full((2, 3), 99.0), outside=np.array([[0.0, -1.0, -4.0], [0.0, -3.0, -2.0]]))
    np.testing.assert_array_equal(calibrated(np.array([0.0, -1.0, -5.0]), pairs), [0.0, 1.0, -2.0])


def test_with_one_out_shadow_it_is_offline_rmia_at_one() -> None:
    """They differ in what is averaged, logarithms or probabilities; of one observation both averages are itself."""
    context, _ = gaussian(300, 2)
    ours = DifficultyCalibration().run(context).target
    np.testing.assert_allclose(ours, RMIA("offline", 1.0).run(context).target, atol=1e-9)


def test_with_many_out_shadows_it_ranks_nearly_as_offline_rmia_at_one_and_never_below() -> None:
    """The logarithm of a mean is at least the mean of logarithms."""
    context, _ = gaussian(2000, 16)
    ours, theirs = DifficultyCalibration().run(context).target, RMIA("offline", 1.0).run(context).target
    assert (ours >= theirs - 1e-9).all()
    assert np.corrcoef(rankdata(ours), rankdata(theirs))[0, 1] > 0.98


def test_it_takes_off_what_makes_records_easy() -> None:
    context, is_member = gaussian(3000, 16, gap=1.0)
    assert auc(DifficultyCalibration().run(context).target, is_member) > auc(LossThreshold().run(context).target, is_member) + 0.1


def test_pseudo_targets_are_attacked_without_themselves_and_their_partners() -> None:
    context, _ = gaussian(300, 6)
    evidence = DifficultyCalibration().run(context)
    alone = replace(context, shadows=context.shadows.without_pair(2), query=lambda frame: context.shadows.probabilities[2])
    np.testing.assert_allclose(evidence.pseudo_targets[1], DifficultyCalibration().run(alone).target, atol=1e-12)


def test_it_says_what_it_needs() -> None:
    context, _ = gaussian(50, 0)
    assert DifficultyCalibration().needs(Scope(context.profile, 50, 0, 4, 0)).shadows == 2
    with pytest.raises(AttackFailed, match="at least 2 shadow models"):
        DifficultyCalibration().run(context)
