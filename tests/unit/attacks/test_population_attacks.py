"""Attacks that hold a record against the answers for auxiliary records."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from gaussian_world import COLUMNS, auc, binary, gaussian

from auditor.attacks import registry
from auditor.attacks.membership.attack_p import AttackP, among_its_own, minus_log_p
from auditor.attacks.membership.loss_threshold import LossThreshold
from auditor.attacks.membership.population_records import LEAST
from auditor.attacks.membership.quantile_regression import QuantileRegression, encoded
from auditor.domain.attack import Attack, Context, Scope
from auditor.domain.data import Column, ColumnType, Records
from auditor.errors import AttackFailed, InvalidInput

ATTACKS = [AttackP(), QuantileRegression()]
Rows = list[pd.DataFrame]


def peopled(n: int = 1200, others: int = 800, shadows: int = 0, gap: float = 1.0) -> tuple[Context, np.ndarray, Rows]:
    """Records whose answer has mean x and spread 0.5 (x < 0) or 1.5; members are answered `gap` spreads surer. Also who is a
    member, and the frames that the target is asked."""
    context, is_member = gaussian(n, shadows)
    rng = np.random.default_rng(7)
    asked: Rows = []
    x = {len(context.candidates): rng.normal(0, 2, n), others: rng.normal(0, 2, others)}
    labels = context.candidates.labels, rng.integers(0, 2, others).astype(np.intp)

    def phi(at: np.ndarray, inside: np.ndarray) -> np.ndarray:
        return at + np.where(at < 0, 0.5, 1.5) * (gap * inside + rng.normal(size=len(at)))

    stored = {
        n: binary(phi(x[n], is_member), labels[0]),
        others: binary(phi(x[others], np.zeros(others)), labels[1]),
    }

    def query(frame: pd.DataFrame) -> np.ndarray:
        asked.append(frame)
        if frame.index[0] >= n:
            return np.stack([stored[others][np.flatnonzero(x[others] == value)[0]] for value in frame["x"]])
        return stored[n][frame.index.to_numpy()]

    return (
        replace(
            context,
            query=query,
            candidates=Records(pd.DataFrame({"x": x[n]}), labels[0]),
            auxiliary=Records(pd.DataFrame({"x": x[others]}), labels[1]),
            query_limit=10_000,
        ),
        is_member,
        asked,
    )


def test_the_p_value_is_the_share_of_the_population_that_the_model_is_as_sure_of() -> None:
    found = minus_log_p(np.array([0.0, -2.0, -9.0]), np.array([-1.0, -2.0, -3.0]))
    np.testing.assert_allclose(np.exp(-found), [1 / 4, 3 / 4, 4 / 4])


def test_among_its_own_the_kth_surest_outsider_has_k_over_all() -> None:
    signals = np.array([-1.0, -2.0, -3.0, -4.0, 0.0, -2.5])
    inside = np.array([False, False, False, False, True, True])
    np.testing.assert_allclose(np.exp(-among_its_own(signals, inside)), [1 / 4, 2 / 4, 3 / 4, 4 / 4, 1 / 4, 2 / 4])


def test_among_its_own_equal_signals_stay_equal_on_both_sides() -> None:
    signals, inside = np.zeros(10), np.arange(10) < 5
    assert len(set(among_its_own(signals, inside))) == 1


def test_attack_p_ranks_as_the_loss_threshold_does_in_the_steps_of_its_population() -> None:
    context, _, _ = peopled()
    ours, losses = AttackP().run(context).target, LossThreshold().run(context).target
    order = np.argsort(losses, kind="stable")
    assert (np.diff(ours[order]) >= 0).all()
    assert len(np.unique(ours)) <= 801


def test_attack_p_is_calibrated_by_the_population() -> None:
    """Its p-value is the false-positive rate, without any shadow."""
    context, is_member, _ = peopled(n=6000, others=4000)
    p = np.exp(-AttackP(records=4000).run(context).target)
    for rate in (0.05, 0.2):
        assert (p[~is_member] <= rate).mean() == pytest.approx(rate, abs=0.02)
        assert (p[is_member] <= rate).mean() > rate


def test_shadows_play_the_target_of_attack_p_on_the_candidates_they_were_not_trained_on() -> None:
    context, _ = gaussian(500, 4)
    strangers = replace(context.candidates, features=context.candidates.features + 1000.0)
    evidence = AttackP().run(
        replace(context, auxiliary=strangers, query_limit=500, query=lambda frame: context.shadows.probabilities[0])
    )
    assert evidence.pseudo_targets.shape == (4, 500)
    for scores, inside in zip(evidence.pseudo_targets, evidence.membership, strict=True):
        p = np.sort(np.exp(-scores[~inside]))
        np.testing.assert_allclose(p, np.arange(1, len(p) + 1) / len(p), atol=0.02)


def test_quantile_regression_holds_a_record_against_people_like_it() -> None:
    """What makes records easy here can be read off x; the shift of a member is one spread, so the AUC of theory is
    Phi(1 / sqrt 2) = .760 with mean and spread known."""
    context, is_member, _ = peopled(n=4000, others=2000)
    ours = auc(QuantileRegression().run(context).target, is_member)
    assert ours == pytest.approx(0.76, abs=0.04)
    assert ours > auc(LossThreshold().run(context).target, is_member) + 0.06


def test_quantile_regression_learns_the_spread_as_well_as_the_mean() -> None:
    """Strangers on the one side scatter three times as widely as on the other; standardised, about alike."""
    context, is_member, _ = peopled(n=4000, others=2000)
    scores, x = QuantileRegression().run(context).target, context.candidates.features["x"].to_numpy()
    narrow, wide = scores[~is_member & (x < 0)], scores[~is_member & (x >= 0)]
    assert wide.std() / narrow.std() == pytest.approx(1.0, abs=0.4)


def test_quantile_regression_leaves_pseudo_targets_empty() -> None:
    context, _, _ = peopled(n=300, others=200, shadows=4)
    evidence = QuantileRegression().run(context)
    assert evidence.pseudo_targets.shape == evidence.membership.shape == (0, 300)


def test_quantile_regression_reads_mixed_columns_and_the_label() -> None:
    context, _, _ = peopled(n=3, others=2)
    columns = (*COLUMNS, Column("town", ColumnType.CATEGORY))
    first = Records(pd.DataFrame({"x": [1.0, np.nan], "town": ["a", "b"]}), np.array([0, 1]))
    second = Records(pd.DataFrame({"x": [2.0], "town": ["never seen"]}), np.array([1]))
    known, questioned = encoded(replace(context, columns=columns), first, second)
    np.testing.assert_array_equal(known, np.array([[1, 1, 0, 1, 0], [np.nan, 0, 1, 0, 1]], dtype=np.float32))
    np.testing.assert_array_equal(questioned, np.array([[2, 0, 0, 0, 1]], dtype=np.float32))


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda a: a.name)
def test_a_constant_model_gives_everybody_the_same_score(attack: Attack) -> None:
    context, _, _ = peopled(n=200, others=150)
    same = replace(context, query=lambda frame: np.full((len(frame), 2), 0.5))
    assert len(set(np.round(attack.run(same).target, 9))) == 1


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda a: a.name)
def test_a_lookup_model_is_found_without_error(attack: Attack) -> None:
    """Members are answered with certainty, everybody else evenly."""
    context, is_member, _ = peopled(n=400, others=200)
    sure = np.eye(2)[context.candidates.labels]

    def lookup(frame: pd.DataFrame) -> np.ndarray:
        if frame.index[0] >= 400:
            return np.full((len(frame), 2), 0.5)
        return np.where(is_member[:, None], sure, 0.5)

    assert auc(attack.run(replace(context, query=lookup)).target, is_member) == 1.0


@pytest.mark.parametrize("attack", [AttackP(records=150), QuantileRegression(records=150)], ids=lambda a: a.name)
def test_no_more_auxiliary_records_are_asked_than_it_promised_and_none_twice(attack: Attack) -> None:
    context, _, asked = peopled(n=200, others=400)
    needs = attack.needs(Scope(context.profile, 200, 400, 0, 10_000))
    assert (needs.queries_min, needs.queries_max, needs.shadows) == (LEAST, 150, 0)
    attack.run(context)
    beside = pd.concat([frame for frame in asked if frame.index[0] >= 200])
    assert len(beside) == 150 == beside["x"].nunique()
    assert (beside.index >= 200).all()  # candidates are known by their row


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda a: a.name)
def test_it_keeps_to_the_queries_it_is_given(attack: Attack) -> None:
    context, _, asked = peopled(n=200, others=400)
    attack.run(replace(context, query_limit=120))
    assert sum(len(frame) for frame in asked if frame.index[0] >= 200) == 120


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda a: a.name)
def test_records_without_a_label_are_not_asked(attack: Attack) -> None:
    context, _, asked = peopled(n=200, others=400)
    labels = np.where(np.arange(400) < 130, context.auxiliary.labels, -1)
    attack.run(replace(context, auxiliary=replace(context.auxiliary, labels=labels)))
    assert sum(len(frame) for frame in asked if frame.index[0] >= 200) == 130


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda a: a.name)
@pytest.mark.parametrize("change", [{"auxiliary": None}, {"query_limit": LEAST - 1}], ids=["no records", "no queries"])
def test_what_is_missing_is_said(attack: Attack, change: dict[str, object]) -> None:
    context, _, _ = peopled(n=200, others=400)
    with pytest.raises(AttackFailed, match=r"give more in data.auxiliary, or raise budget.queries"):
        attack.run(replace(context, **change))


@pytest.mark.parametrize("name", ["attack-p", "quantile-regression"])
@pytest.mark.parametrize("records", [LEAST - 1, 100_001, 200.0, True, "many"])
def test_a_number_of_records_out_of_bounds_is_refused(name: str, records: object) -> None:
    with pytest.raises(InvalidInput, match="whole number from 100 to 100,000") as caught:
        registry.make(name, {"records": records})
    assert caught.value.field == f"attacks.{name}.records"


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda a: a.name)
def test_it_cannot_run_on_few_auxiliary_records(attack: Attack) -> None:
    profile = gaussian(10, 0)[0].profile
    few = Scope(profile, 200, LEAST - 1, 0, 10_000)
    assert any("at least 100 auxiliary records" in sentence for sentence in registry.unmet(attack, profile, few))
    assert registry.unmet(attack, profile, Scope(profile, 200, LEAST, 0, 10_000)) == []
