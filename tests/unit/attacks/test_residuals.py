"""Targets that answer a number: signed residuals, turned, scaled, and read by every attack that can work on them."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from gaussian_world import auc, free

from auditor.attacks import registry
from auditor.attacks.membership import rmia, stack_residuals
from auditor.attacks.membership.lira import LiRA
from auditor.attacks.membership.pairs import Pairs, paired
from auditor.attacks.membership.power import low_rate_power
from auditor.attacks.membership.residuals import log_density, residuals_of, towards_truth, turned
from auditor.attacks.membership.rmia import RMIA
from auditor.attacks.membership.stacked import Stacked
from auditor.domain.attack import Attack, Context, Scope
from auditor.domain.data import Records
from auditor.domain.shadow import ShadowOutputs
from auditor.domain.target import Output, Profile
from auditor.errors import AttackFailed
from auditor.shadows import design

ATTACKS: list[Attack] = [LiRA(), LiRA("offline"), RMIA(), RMIA("offline"), Stacked(trees=30)]
each = pytest.mark.parametrize("attack", ATTACKS, ids=lambda a: f"{a.name}-{getattr(a, 'mode', '')}")


def world(
    n: int = 1500, shadows: int = 8, kept: float = 0.4, unit: float = 1.0, decimals: int | None = None
) -> tuple[Context, np.ndarray]:
    """A model that is wrong by something of its own on each record, `kept` of which is left where it was trained on."""
    rng = np.random.default_rng(1)
    truth, bias = rng.normal(50, 10, n), rng.standard_t(4, n) * 2
    masks, is_member = design.masks(n, range(shadows), 1), rng.permutation(n) < n // 2

    def answers(inside: np.ndarray) -> np.ndarray:
        shown = unit * (truth + np.where(inside, kept, 1.0) * bias + 0.5 * rng.normal(size=inside.shape))
        return np.asarray(shown if decimals is None else np.round(shown, decimals))[..., None]

    target, outputs = answers(is_member), ShadowOutputs(answers(masks), masks)
    records = Records(pd.DataFrame({"x": np.arange(float(n))}), np.zeros(n, dtype=np.intp), unit * truth)
    profile = Profile(Output.VALUE, (), decimals)
    return Context(0, profile, (), lambda frame: target[frame.index.to_numpy()], free, records, outputs), is_member


def test_residuals_are_signed_and_in_units_of_what_strangers_are_off_by() -> None:
    context, _ = world(unit=1000.0)
    found = residuals_of(context, context.candidates, context.shadows, "lira")
    raw = context.query(context.candidates.features)[:, 0] - context.candidates.values
    assert np.corrcoef(found.target, raw)[0, 1] == pytest.approx(1.0)
    assert np.sqrt(np.mean(found.shadows[~context.shadows.masks] ** 2)) == pytest.approx(1.0)
    assert found.rounding == 0


def test_rounding_is_half_a_unit_of_the_last_decimal() -> None:
    context, _ = world(decimals=1)
    raw = context.shadows.probabilities[..., 0].astype(np.float32) - context.candidates.values
    unit = np.sqrt(np.mean(raw[~context.shadows.masks] ** 2))
    assert residuals_of(context, context.candidates, context.shadows, "lira").rounding == pytest.approx(0.05 / unit, rel=1e-6)


def test_equal_answers_of_target_and_shadows_stay_equal() -> None:
    """Shadow answers are stored in 32 bits; the target's arrive in 64."""
    context, _ = world(shadows=4)
    stored = context.shadows.probabilities.astype(np.float32).astype(np.float64)
    same = replace(
        context, query=lambda frame: context.shadows.probabilities[0], shadows=ShadowOutputs(stored, context.shadows.masks)
    )
    found = residuals_of(same, same.candidates, same.shadows, "lira")
    np.testing.assert_array_equal(found.target, found.shadows[0])


def test_shadows_that_are_never_wrong_have_a_unit_all_the_same() -> None:
    context, _ = world(shadows=4)
    exact = np.tile(context.candidates.values.astype(np.float32).astype(np.float64)[:, None], (4, 1, 1))
    records = replace(context.candidates, values=exact[0, :, 0])
    found = residuals_of(replace(context, candidates=records), records, ShadowOutputs(exact, context.shadows.masks), "lira")
    assert (found.shadows == 0).all()
    assert np.isfinite(found.target).all()


def test_turned_residuals_rise_towards_the_truth() -> None:
    pairs = Pairs(np.array([[1.0, -1.0]]), np.array([[3.0, -3.0]]))
    observed, found = towards_truth(np.array([0.5, -0.5]), pairs)
    np.testing.assert_array_equal(found.outside, [[-3, -3]])
    np.testing.assert_array_equal(found.inside, [[-1, -1]])
    np.testing.assert_array_equal(observed, [-0.5, -0.5])
    np.testing.assert_array_equal(turned(lambda o, p: o + p.outside[0])(np.array([0.5, -0.5]), pairs), [-3.5, -3.5])


def test_a_density_in_place_of_a_probability_has_its_ratio() -> None:
    residuals = np.array([[0.5, 2.0], [1.0, 0.1]])
    pairs = Pairs(log_density(residuals[:1], 0.0), log_density(residuals[1:], 0.0))
    mean = (np.exp(-(residuals[0] ** 2) / 2) + np.exp(-(residuals[1] ** 2) / 2)) / 2
    np.testing.assert_allclose(rmia.online(log_density(np.zeros(2), 0.0), pairs), -np.log(mean))
    assert log_density(np.array([1.0]), 1.0) == -0.25


def test_residuals_too_large_for_any_density_have_a_ratio_all_the_same() -> None:
    far = log_density(np.array([[200.0], [300.0]]), 0.0)
    pairs = Pairs(far[:1], far[1:])
    assert rmia.online(log_density(np.array([200.0]), 0.0), pairs)[0] == pytest.approx(np.log(2))
    assert np.isfinite(rmia.offline(1.0)(far[0], pairs)).all()


@each
def test_members_of_a_model_that_keeps_some_of_its_error_are_found(attack: Attack) -> None:
    context, is_member = world()
    evidence = attack.run(context)
    assert auc(evidence.target, is_member) > 0.72
    assert evidence.pseudo_targets.shape == (8, 1500)
    expectation = np.mean([auc(s, m) for s, m in zip(evidence.pseudo_targets, evidence.membership, strict=True)])
    assert expectation == pytest.approx(auc(evidence.target, is_member), abs=0.05)


@each
def test_a_model_that_learned_nothing_of_single_records_leaks_nothing(attack: Attack) -> None:
    context, is_member = world(kept=1.0)
    assert abs(auc(attack.run(context).target, is_member) - 0.5) < 0.05


@each
def test_the_unit_of_the_values_does_not_matter(attack: Attack) -> None:
    small, large = (attack.run(world(unit=unit)[0]).target for unit in (1.0, 2.0**20))
    assert np.corrcoef(np.argsort(np.argsort(small)), np.argsort(np.argsort(large)))[0, 1] > 0.999


@each
@pytest.mark.parametrize("shadows", [2, 4])
def test_few_shadows_are_enough_to_run(attack: Attack, shadows: int) -> None:
    context, is_member = world(shadows=shadows)
    evidence = attack.run(context)
    assert auc(evidence.target, is_member) > 0.6
    assert len(evidence.pseudo_targets) == (0 if shadows == 2 else 4)


@each
def test_rounded_values_give_finite_scores_and_little_away_to_defend(attack: Attack) -> None:
    sharp, coarse = (attack.run(world(decimals=decimals)[0]) for decimals in (None, 0))
    is_member = world()[1]
    assert np.isfinite(coarse.target).all()
    assert auc(coarse.target, is_member) > auc(sharp.target, is_member) - 0.05


@each
def test_a_target_that_remembers_its_members_is_found_although_shadows_learn_nothing(attack: Attack) -> None:
    """Members get the true value, the others what models say that never saw them: all that tells them apart is the memory."""
    context, is_member = world(shadows=16, kept=1.0)
    outside = np.where(context.shadows.masks[..., None], np.nan, context.shadows.probabilities)
    twin = np.where(is_member[:, None], context.candidates.values[:, None], np.nanmean(outside, axis=0))
    evidence = attack.run(replace(context, query=lambda frame: twin))
    cut = np.quantile(evidence.pseudo_targets[~evidence.membership], 0.999)
    assert auc(evidence.target, is_member) > 0.85
    assert (evidence.target[is_member] > cut).mean() > 0.02


def test_stacked_finds_more_than_what_it_reads_where_records_differ() -> None:
    context, is_member = world(n=3000, shadows=16, kept=0.3)
    found = {a.name: low_rate_power(a.run(context).target, is_member) for a in (Stacked(trees=40), RMIA())}
    assert found["stacked"] > found["rmia"], found


def test_pseudo_targets_and_target_are_on_one_scale_even_with_two_pairs() -> None:
    """With four shadows a pseudo-target is attacked with a single pair, which has no variance: the unit is that of all."""
    context, is_member = world(n=3000, shadows=4, kept=0.97)
    evidence = Stacked(trees=30).run(context)
    cut = np.quantile(evidence.pseudo_targets[~evidence.membership], 0.99)
    assert (evidence.target[~is_member] > cut).mean() == pytest.approx(0.01, abs=0.01)


def test_the_table_does_not_care_which_way_a_model_errs() -> None:
    context, _ = world(n=60)
    found = residuals_of(context, context.candidates, context.shadows, "stacked")
    tables = []
    for sign in (1.0, -1.0):
        pools = (paired(sign * found.shadows, context.shadows.masks),)
        tables.append(stack_residuals.reading(pools, 0.0)((sign * found.target,), pools))
    np.testing.assert_array_equal(tables[0].features, tables[1].features)
    assert tables[0].features.shape[1] == len(tables[0].rising) == 16


@each
def test_what_is_missing_is_said(attack: Attack) -> None:
    context, _ = world(shadows=4)
    blind = replace(context, candidates=replace(context.candidates, values=None))
    with pytest.raises(AttackFailed, match=f"{attack.name} needs the true value of every record"):
        attack.run(blind)
    silent = replace(context, query=lambda frame: np.full((len(frame), 1), np.nan))
    with pytest.raises(AttackFailed, match="needs a number in every answer"):
        attack.run(silent)


@each
def test_a_target_that_answers_values_meets_the_threat_model(attack: Attack) -> None:
    scope = Scope(Profile(Output.VALUE, ()), 100, 0, 16, 100)
    assert registry.unmet(attack, scope.profile, scope) == []
