"""Classical attacks through channels that show less: rounded answers, the top few, many classes of which some are rare."""

from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest
from gaussian_world import auc, free

from auditor.attacks import registry
from auditor.domain.attack import Attack, Context, Scope
from auditor.domain.data import Column, ColumnType, Records
from auditor.domain.evidence import MembershipScores
from auditor.domain.shadow import ShadowOutputs
from auditor.domain.target import Output, Profile
from auditor.shadows import design, pool

NAMES = (
    "confidence",
    "entropy",
    "modified-entropy",
    "difficulty-calibration",
    "attack-r",
    "attack-p",
    "quantile-regression",
    "shokri",
    "salem",
)
CLASSICAL = [registry.make(name, {}) for name in NAMES]
N, OTHERS, CLASSES, SHADOWS = 900, 300, 6, 8


@cache
def many(profile: Profile) -> tuple[Context, np.ndarray]:
    """Six classes, the last of 5 records only; softmax answers, surer of the true class where a model was trained on the record."""
    rng = np.random.default_rng(0)
    labels = np.where(np.arange(N) < 5, CLASSES - 1, np.arange(N) % (CLASSES - 1)).astype(np.intp)
    masks, is_member = design.masks(N, range(SHADOWS), 1), rng.permutation(N) < N // 2

    def shown(y: np.ndarray, inside: np.ndarray) -> np.ndarray:
        z = rng.normal(size=(*inside.shape, CLASSES))
        z[..., np.arange(len(y)), y] += 1.0 + 2.0 * inside
        return pool.as_shown(np.exp(z) / np.exp(z).sum(axis=-1, keepdims=True), profile)

    others = rng.integers(0, CLASSES, OTHERS).astype(np.intp)
    target, beside = shown(labels, is_member), shown(others, np.zeros(OTHERS))
    x = rng.normal(size=N + OTHERS)

    def query(frame: pd.DataFrame) -> np.ndarray:
        rows = frame.index.to_numpy()
        return target[rows] if rows[0] < N else beside[rows - N]

    context = Context(
        0,
        profile,
        (Column("x", ColumnType.NUMBER),),
        query,
        free,
        candidates=Records(pd.DataFrame({"x": x[:N]}), labels),
        shadows=ShadowOutputs(shown(labels, masks), masks),
        auxiliary=Records(pd.DataFrame({"x": x[N:]}), others),
        query_limit=10_000,
    )
    return context, is_member


def profile(output: Output = Output.PROBABILITIES, decimals: int | None = None, top: int = 0) -> Profile:
    return Profile(output, tuple("abcdef"), decimals=decimals, top=top)


@cache
def sharp(attack: Attack) -> MembershipScores:
    """What the attack claims where nothing is held back."""
    return attack.run(many(profile())[0])


@pytest.mark.parametrize("attack", CLASSICAL, ids=lambda a: a.name)
def test_many_classes_and_a_rare_one_are_scored(attack: Attack) -> None:
    is_member, evidence = many(profile())[1], sharp(attack)
    assert np.isfinite(evidence.target).all()
    assert np.isfinite(evidence.pseudo_targets).all()
    assert auc(evidence.target, is_member) > (0.6 if attack.name in ("entropy", "salem") else 0.75)


@pytest.mark.parametrize("decimals", [2, 1])
@pytest.mark.parametrize("attack", CLASSICAL, ids=lambda a: a.name)
def test_rounding_is_no_defence(attack: Attack, decimals: int) -> None:
    rounded, is_member = many(profile(decimals=decimals))
    evidence = attack.run(rounded)
    assert np.isfinite(evidence.target).all()
    assert auc(evidence.target, is_member) > auc(sharp(attack).target, is_member) - 0.04


@pytest.mark.parametrize("adversary", [1, 3])
def test_salem_loses_nothing_where_three_classes_are_shown(adversary: int) -> None:
    whole, _ = many(profile())
    few, _ = many(profile(Output.TOP_K, top=3))
    attack = registry.make("salem", {"adversary": adversary})
    assert np.isnan(few.query(few.candidates.features)).any()
    np.testing.assert_array_equal(attack.run(few).target, attack.run(whole).target)


@pytest.mark.parametrize("adversary", [1, 3])
def test_salem_works_on_the_most_probable_class_alone(adversary: int) -> None:
    context, is_member = many(profile(Output.TOP_K, top=1))
    assert auc(registry.make("salem", {"adversary": adversary}).run(context).target, is_member) > 0.55


@pytest.mark.parametrize("attack", CLASSICAL, ids=lambda a: a.name)
def test_the_seed_moves_no_score_of_attacks_that_draw_nothing(attack: Attack) -> None:
    """Auxiliary records are drawn only where there are more than may be asked."""
    context, _ = many(profile())
    np.testing.assert_array_equal(sharp(attack).target, attack.run(replace(context, seed=99)).target)


def test_attacks_that_read_probabilities_are_not_tried_on_less() -> None:
    for output in (Output.LABELS, Output.TOP_K, Output.VALUE):
        scope = Scope(profile(output), N, OTHERS, SHADOWS, 10_000)
        tried = {attack.name for attack in CLASSICAL if not registry.unmet(attack, scope.profile, scope)}
        assert tried == ({"salem"} if output is Output.TOP_K else set())
