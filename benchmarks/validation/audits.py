"""Whole membership audits of models that never saw the members: every verdict but "no leak" is a false alarm."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from auditor.attacks import registry
from auditor.domain.data import AuditData, Column, ColumnType, Records
from auditor.domain.learner import Learner
from auditor.domain.target import Output, Profile
from auditor.learners import build, check
from auditor.scoring import controls, holm
from auditor.scoring.assess import Grading, Truth
from auditor.shadows import design, pool, trainers
from auditor.workflow.contexts import context_for

COLUMNS = (Column("age", ColumnType.INTEGER), Column("income", ColumnType.NUMBER), Column("town", ColumnType.STRING))
CLASSES = ("no", "yes")
SIDE, SHADOWS, LEVEL = 600, 8, 25.0
ATTACKS = ("gap", "loss-threshold", "modified-entropy", "lira", "rmia", "stacked")
LEARNERS = (Learner("logistic-regression"), Learner("xgboost", {"n_estimators": 20, "max_depth": 3}))
PROMISED = {
    "any attack reaches the policy's level (false breach)": 0.05,
    "any attack's demonstrated score reaches 5 (false severity)": 0.05,
    "any attack's severity is above low": 0.05,
    "a negative control fails": 0.01,
}


@dataclass(frozen=True)
class Setting:
    """An audit whose target was trained on other people of the same population; `sides` are its members and non-members."""

    learner: Learner
    sides: tuple[int, int] = (SIDE, SIDE)
    attacks: tuple[str, ...] = ATTACKS
    profile: Profile = field(default_factory=lambda: Profile(Output.PROBABILITIES, CLASSES))


def one_audit(seed: int) -> dict[str, bool]:
    """Which promises one audit broke."""
    low, failed = audited(Setting(LEARNERS[seed % len(LEARNERS)]), seed)
    return dict(zip(PROMISED, (low >= LEVEL, low >= 5, low >= 25, failed), strict=True))


def audited(setting: Setting, seed: int) -> tuple[float, bool]:
    """The largest lower limit of the attacks, and whether a negative control of theirs failed."""
    learner, profile = check(setting.learner), setting.profile
    data, answers = null_audit(learner, seed, setting.sides)
    target = pool.as_shown(answers, profile)
    truth = Truth(data.is_member, data.candidates.labels, None, None, len(CLASSES))
    indices = range(SHADOWS)
    log_odds = trainers.train(learner, COLUMNS, data.candidates, len(CLASSES), indices, seed, _ignore)
    shadows = pool.outputs(log_odds, design.halves(data.candidates, indices, seed), profile)
    grants = {"seed": seed, "shadows": shadows, "learner": learner}
    cases = []
    for name in setting.attacks:
        attack = registry.make(name, {})
        context = context_for(attack, data, profile, lambda frame: target[frame.index.to_numpy()], _ignore, grants)
        cases.append((attack.run(context), None, truth))
    grading = Grading(LEVEL, len(cases), seed=seed)
    lows = [a.score_low or 0.0 for a in holm.assess_family(cases, grading)]
    return max(lows), any(controls.negative(case[0], truth, grading).passed is False for case in cases)


def null_audit(learner: Learner, seed: int, sides: tuple[int, int] = (SIDE, SIDE)) -> tuple[AuditData, NDArray[np.float64]]:
    """Members, non-members and the target's training records are three draws of one population."""
    rng, n = np.random.default_rng(seed), sum(sides)
    candidates, others = people(n, rng), people(SIDE, rng)
    model = build(learner, COLUMNS, seed).fit(others.features, others.labels)
    is_member = rng.permutation(n) < sides[0]
    nobody = Records(pd.DataFrame(), np.zeros(0, np.intp))
    return AuditData(COLUMNS, CLASSES, candidates, is_member, nobody), np.asarray(model.predict_proba(candidates.features))


def people(count: int, rng: np.random.Generator) -> Records:
    age, income = rng.integers(18, 90, count), np.round(rng.lognormal(3, 0.5, count), 3)
    town = rng.choice(["Aa", "Bee", "Cee"], count).astype(object)
    yes = rng.random(count) < 1 / (1 + np.exp(-(age - 50) / 12 - (income - 22) / 15))
    return Records(pd.DataFrame({"age": age, "income": income, "town": town}), yes.astype(np.intp))


def _ignore(fraction: float) -> None:
    pass
