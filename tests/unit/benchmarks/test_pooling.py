import numpy as np
import pytest

from auditor.domain.evidence import MembershipScores
from benchmarks import membership
from benchmarks.pooling import auc, pooled, realised, tail


def drawn(shift: float, targets: int = 5, n: int = 2000, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    is_member = np.array([rng.permutation(n) < n // 2 for _ in range(targets)])
    return rng.normal(size=is_member.shape) + shift * is_member, is_member


def test_the_mean_over_targets_comes_with_an_interval_around_it() -> None:
    scores, is_member = drawn(1.0)
    means, _ = pooled({"a": scores}, is_member, auc, resamples=60)
    assert means["a"].value == pytest.approx(np.mean([auc(s, m) for s, m in zip(scores, is_member, strict=True)]))
    assert means["a"].low < 0.7602 < means["a"].high
    assert means["a"].high - means["a"].low < 0.04


def test_methods_are_compared_on_the_same_draws() -> None:
    """Scores that are the same everywhere differ by nothing at all, although each mean is uncertain."""
    scores, is_member = drawn(1.0)
    means, behind = pooled({"a": scores, "b": 2 * scores, "c": scores - 0.7 * is_member}, is_member, auc, resamples=40)
    assert means["a"].low < means["a"].high
    assert (behind["b"].low, behind["b"].value, behind["b"].high) == (0, 0, 0)
    assert behind["c"].low > 0.1


def test_targets_that_differ_widen_the_interval() -> None:
    equal, is_member = drawn(1.0)
    unequal = equal + np.array([-1.0, -0.5, 0.0, 0.5, 1.0])[:, None] * is_member
    widths = []
    for scores in (equal, unequal):
        found = pooled({"a": scores}, is_member, auc, resamples=60)[0]["a"]
        widths.append(found.high - found.low)
    assert widths[1] > 3 * widths[0]


def test_the_tail_is_at_the_largest_cut_and_ties_stay_whole() -> None:
    is_member = np.repeat([True, False], 1000)
    scores = np.r_[np.full(300, 5.0), np.zeros(700), 9.0, 4.0, np.zeros(998)]
    assert tail(scores, is_member) == 0.3
    assert tail(np.zeros(2000), is_member) == 0


def test_realised_rates_come_from_a_cut_that_never_saw_the_target() -> None:
    scores, is_member = drawn(2.0, targets=4, n=4000)
    evidence = MembershipScores(scores[0] + 1.0, scores[1:], is_member[1:])
    fpr, tpr = realised(evidence, is_member[0])
    assert fpr > 0.005  # a target that scores everybody one higher is over-called
    assert tpr > tail(scores[0], is_member[0])


def row(**behind: list[float]) -> dict[str, object]:
    names = membership.RIVALS
    plain = {"tpr": [0.03, 0.02, 0.04], "auc": [0.6, 0.59, 0.61], "tpr_behind": [0, -0.01, 0.01], "auc_behind": [0, -0.01, 0.01]}
    methods = {name: dict(plain) for name in names}
    methods["stacked K16"] |= {"realised_fpr": 0.00065}
    methods["rmia K16"] |= behind
    return {"methods": methods}


def test_a_row_falls_short_only_where_a_method_is_better_by_more_than_chance() -> None:
    assert membership.falls_short(row()) == []
    assert membership.falls_short(row(tpr_behind=[0.01, 0.005, 0.02])) == []
    assert membership.falls_short(row(tpr_behind=[-0.01, -0.02, 0.0])) == []
    assert membership.falls_short(row(auc_behind=[-0.01, -0.02, -0.001])) == ["rmia K16"]


def test_the_table_has_a_line_a_row_and_a_dash_for_what_was_not_measured() -> None:
    lines = membership.table({"Adult xgboost": row()}).splitlines()
    assert len(lines) == 3
    assert len({line.count("|") for line in lines}) == 1
    assert "| Adult xgboost | 3.0 (0.600) | - |" in lines[2]
    assert lines[2].endswith("| 0.065 % |")


def test_no_target_is_a_shadow_or_the_partner_of_one_or_of_another() -> None:
    targets = range(membership.FIRST_TARGET, membership.FIRST_TARGET + 2 * membership.TARGETS, 2)
    pairs = [t // 2 for t in targets]
    assert len(set(pairs)) == membership.TARGETS
    assert min(pairs) >= max(membership.SHADOWS, *(k for _, _, k in membership.METHODS.values())) / 2


def test_rows_name_learners_and_data_that_exist() -> None:
    for name, wanted in membership.ROWS.items():
        assert wanted.data in membership.PEOPLE, name
        assert name.lower().startswith(wanted.data)
    assert membership.RIVALS[0] == next(iter(membership.METHODS)) == "stacked K16"


def test_an_unknown_row_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        membership.main(["Adult forest"])
    assert "there is no row 'Adult forest'" in capsys.readouterr().err
