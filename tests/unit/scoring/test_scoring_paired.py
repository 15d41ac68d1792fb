"""The difference between two audits of the same records, where the answer is known."""

import numpy as np
import pytest
from numpy.typing import NDArray

from auditor.domain.evidence import MembershipScores
from auditor.errors import AttackFailed
from auditor.scoring import roc
from auditor.scoring.grading import Grading
from auditor.scoring.paired import Terms, change, difference

N = 600
IS_MEMBER = np.arange(2 * N) < N
GRADING = Grading(None, seed=3)


def scores(shift: float, seed: int, noise: NDArray[np.float64] | None = None, pseudo: int = 6) -> MembershipScores:
    """Members score `shift` higher; the pseudo-targets behave alike, so that their cuts fit."""
    rng = np.random.default_rng(seed)
    target = shift * IS_MEMBER + (rng.normal(size=2 * N) if noise is None else noise)
    membership = rng.random((pseudo, 2 * N)) < 0.5
    return MembershipScores(target, shift * membership + rng.normal(size=(pseudo, 2 * N)), membership)


def by_name(first: MembershipScores, second: MembershipScores, grading: Grading = GRADING):
    return {e.name: e for e in difference((first, second), Terms(IS_MEMBER), grading)}


def test_the_value_is_the_second_minus_the_first() -> None:
    first, second = scores(0.5, 1), scores(1.5, 2)
    found = by_name(first, second)
    expected = roc.auc(second.target, IS_MEMBER) - roc.auc(first.target, IS_MEMBER)
    assert found["auc_difference"].value == pytest.approx(expected, abs=1e-12)
    assert found["auc_difference"].low > 0
    assert found["tpr_difference@fpr=0.01"].value > 0


def test_swapping_the_audits_turns_the_sign() -> None:
    first, second = scores(0.5, 1), scores(1.5, 2)
    there, back = by_name(first, second)["auc_difference"], by_name(second, first)["auc_difference"]
    assert (there.low, there.value, there.high) == pytest.approx((-back.high, -back.value, -back.low))


def test_tpr_is_counted_at_each_targets_own_cut() -> None:
    """The second attack's scores are on another scale: a common cut would find nobody, or everybody."""
    first = scores(1.0, 1)
    second = MembershipScores(1000 * first.target - 7, 1000 * first.pseudo_targets - 7, first.membership)
    found = by_name(first, second)
    assert found["tpr_difference@fpr=0.01"].value == 0
    assert found["auc_difference"].value == 0
    assert found["tpr_difference@fpr=0.01"].threshold == "calibrated"
    assert "realised FPR" in found["tpr_difference@fpr=0.01"].method


def test_a_count_by_hand() -> None:
    """Of 600 members the first finds 30, the second 90, 20 of them the same."""
    out = np.linspace(0, 1, 2 * N)[None, :]
    nobody = np.zeros((1, 2 * N), dtype=bool)
    first, second = np.zeros(2 * N), np.zeros(2 * N)
    first[:30], second[10:100] = 2.0, 2.0
    found = by_name(MembershipScores(first, out, nobody), MembershipScores(second, out, nobody))
    assert found["tpr_difference@fpr=0.01"].value == pytest.approx(60 / N)
    assert found["tpr_difference@fpr=0.01"].n == N


def test_thresholds_of_other_shadow_models_are_not_compared() -> None:
    """Each set of shadows puts its cut elsewhere by chance, which would pass for a change of the target."""
    found = {e.name: e for e in difference((scores(0.5, 1), scores(1.5, 2)), Terms(IS_MEMBER, same_shadows=False), GRADING)}
    assert found["auc_difference"].low > 0
    tail = found["tpr_difference@fpr=0.01"]
    assert tail.value is None
    assert "the same shadow models" in (tail.reason or "")


def test_pairing_sees_smaller_differences_than_two_intervals_side_by_side() -> None:
    noise = np.random.default_rng(5).normal(size=2 * N)
    paired = by_name(scores(0.6, 1, noise), scores(0.7, 2, noise))["auc_difference"]
    alone = roc.auc_interval(scores(0.6, 1, noise).target, IS_MEMBER)
    assert paired.low > 0
    assert paired.high - paired.low < (alone.high - alone.low) / 5


def test_two_perfect_attacks_still_leave_room_for_a_difference() -> None:
    found = by_name(scores(50, 1), scores(80, 2))["auc_difference"]
    assert found.value == 0
    assert found.low < 0 < found.high
    assert found.high == pytest.approx(1 - 0.025 ** (1 / N))


def test_with_several_attacks_the_simultaneous_limit_is_wider() -> None:
    first, second = scores(0.5, 1), scores(1.5, 2)
    alone, family = by_name(first, second), by_name(first, second, Grading(None, 6, seed=3))
    assert family["auc_difference"].low == alone["auc_difference"].low
    assert family["auc_difference"].low_simultaneous < alone["auc_difference"].low
    assert alone["auc_difference"].low_simultaneous is None


def test_what_the_records_cannot_resolve_has_a_reason() -> None:
    found = by_name(scores(1, 1), scores(1, 2))["tpr_difference@fpr=0.001"]
    assert (found.value, found.reason) == (None, "needs at least 5,000 non-members; 600 are left")


def test_without_pseudo_targets_there_is_no_fair_cut() -> None:
    found = by_name(scores(1, 1, pseudo=0), scores(1, 2))["tpr_difference@fpr=0.01"]
    assert found.value is None
    assert "needs shadow models in both audits" in found.reason


def test_attacks_on_some_records_are_compared_on_those_they_share() -> None:
    whole, rows = scores(1, 1), np.arange(0, 2 * N, 2)
    some = MembershipScores(whole.target[rows], whole.pseudo_targets[:, rows], whole.membership[:, rows], rows)
    found = by_name(whole, some)["auc_difference"]
    assert (found.value, found.n) == (0, N)


def test_attacks_on_different_records_cannot_be_compared() -> None:
    whole, n = scores(1, 1), 2 * N
    parts = [np.arange(0, n, 2), np.arange(1, n, 2)]
    first, second = (
        MembershipScores(whole.target[rows], whole.pseudo_targets[:, rows], whole.membership[:, rows], rows) for rows in parts
    )
    with pytest.raises(AttackFailed, match="tried this attack on different records"):
        difference((first, second), Terms(IS_MEMBER), GRADING)


class TestSentence:
    def test_more(self) -> None:
        said = change((scores(0.3, 1), scores(1.5, 2)), Terms(IS_MEMBER), GRADING)
        assert said.startswith("The second target leaks more: AUC +0.")
        assert "TPR at 1 % FPR +" in said
        assert " pp (+" in said

    def test_less(self) -> None:
        said = change((scores(1.5, 1), scores(0.3, 2)), Terms(IS_MEMBER), GRADING)
        assert said.startswith("The second target leaks less: AUC −0.")

    def test_no_difference_shown(self) -> None:
        assert change((scores(1, 1), scores(1, 2)), Terms(IS_MEMBER), GRADING).startswith("No difference is shown: AUC ")

    def test_both_ways(self) -> None:
        """The second finds 200 members surely and ranks the others against the truth."""
        first, second = scores(1.0, 1), scores(1.0, 1)
        turned = -second.target
        turned[:200] = 99
        said = change((first, MembershipScores(turned, second.pseudo_targets, second.membership)), Terms(IS_MEMBER), GRADING)
        assert said.startswith("The two targets leak in different ways")

    def test_many_attacks_need_more_to_say_so(self) -> None:
        """A difference that is just shown alone is not shown among fifty attacks."""
        noise = np.random.default_rng(5).normal(size=2 * N)
        first, second = scores(0.60, 1, noise, pseudo=0), scores(0.61, 2, noise, pseudo=0)
        own = np.random.default_rng(6).normal(scale=0.12, size=2 * N)
        first = MembershipScores(first.target + own, first.pseudo_targets, first.membership)
        alone = by_name(first, second)["auc_difference"]
        assert change((first, second), Terms(IS_MEMBER), Grading(None, 1000)).startswith("No difference")
        assert alone.high - alone.low < 0.05
