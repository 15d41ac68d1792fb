"""Do membership attacks find members of a model that answers a number? Boosted trees that predict age on UCI Adult."""

from functools import cache

import numpy as np
import pandas as pd
import pytest
from scipy.stats import rankdata

from auditor.attacks import registry
from auditor.attacks.membership.lira import LiRA
from auditor.attacks.membership.proxy import Proxy
from auditor.attacks.membership.rmia import RMIA
from auditor.attacks.membership.stacked import Stacked
from auditor.demo import adult
from auditor.domain.attack import Attack, Context
from auditor.domain.data import Records
from auditor.domain.shadow import ShadowOutputs
from auditor.domain.target import Output, Profile
from auditor.shadows import design

N, SHADOWS, TARGETS = 1_200, 8, 3
ATTACKS: list[Attack] = [Stacked(trees=40), LiRA(), LiRA("offline"), RMIA(), RMIA("offline"), Proxy()]
each = pytest.mark.parametrize("attack", ATTACKS, ids=repr)


@cache
def people() -> tuple[np.ndarray, np.ndarray]:
    frame = adult.load().drop_duplicates().sample(N + 800, random_state=5).reset_index(drop=True)
    ages = frame.pop("age").to_numpy(dtype=float)
    table = pd.get_dummies(frame, dtype=float)
    return ((table - table.mean()) / (table.std() + 1e-3)).to_numpy(dtype=np.float64), ages


@cache
def answered(kind: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Answers (K + T, n, 1) and halves of shadows and targets; `strangers` are targets trained on other people."""
    features, ages = people()
    indices = [*range(SHADOWS), *range(SHADOWS, SHADOWS + 2 * TARGETS, 2)]
    masks = design.masks(N, indices, 3)
    answers = [predicted(features[:N][mask], ages[:N][mask], number, kind) for number, mask in enumerate(masks)]
    strangers = [
        predicted(features[N:][rows], ages[N:][rows], 100, kind)
        for rows in (np.random.default_rng(t).permutation(800)[:600] for t in range(TARGETS))
    ]
    return np.stack(answers), masks, np.stack(strangers)


def predicted(features: np.ndarray, ages: np.ndarray, seed: int, kind: str) -> np.ndarray:
    from sklearn.linear_model import Ridge
    from xgboost import XGBRegressor

    model = XGBRegressor(n_jobs=1, random_state=seed, n_estimators=40) if kind == "trees" else Ridge(alpha=1e5, solver="cholesky")
    answer = model.fit(features, ages).predict(people()[0][:N])
    return np.asarray(answer, dtype=np.float32).astype(np.float64)[:, None]


def found(attack: Attack, target: np.ndarray, kind: str) -> np.ndarray:
    answers, masks, _ = answered(kind)
    features, ages = people()
    records = Records(pd.DataFrame(features[:N]), np.zeros(N, dtype=np.intp), ages[:N])
    shadows = ShadowOutputs(answers[:SHADOWS], masks[:SHADOWS])
    context = Context(0, Profile(Output.VALUE, ()), (), lambda frame: target, lambda fraction: None, records, shadows)
    return attack.run(context).target


def auc(scores: np.ndarray, is_member: np.ndarray) -> float:
    inside, outside = int(is_member.sum()), int((~is_member).sum())
    return float((rankdata(scores)[is_member].sum() - inside * (inside + 1) / 2) / (inside * outside))


def power(attack: Attack, kind: str) -> float:
    answers, masks, _ = answered(kind)
    return float(np.mean([auc(found(attack, answers[t], kind), masks[t]) for t in range(SHADOWS, SHADOWS + TARGETS)]))


@each
def test_members_of_boosted_trees_are_found_beyond_the_absolute_residual(attack: Attack) -> None:
    assert power(attack, "trees") > power(registry.make("loss-threshold", {}), "trees") + 0.01


def test_stacked_finds_the_most() -> None:
    best = max(power(attack, "trees") for attack in ATTACKS[1:])
    assert power(ATTACKS[0], "trees") > best - 0.01


@each
def test_a_line_under_a_heavy_penalty_gives_next_to_nothing_away(attack: Attack) -> None:
    assert power(attack, "line") < 0.56


@each
def test_trees_that_never_saw_the_records_give_nothing_away(attack: Attack) -> None:
    _, masks, strangers = answered("trees")
    z = [(auc(found(attack, s, "trees"), m) - 0.5) / np.sqrt((N + 1) / (3 * N * N)) for s, m in zip(strangers, masks, strict=False)]
    assert max(map(abs, z)) < 3.5
