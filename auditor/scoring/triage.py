"""Before anything is asked: what the stated configuration, and the loss alone, say about the leak to expect."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from math import inf
from typing import Any

import numpy as np
from numpy.typing import NDArray

from auditor.domain.evidence import MembershipScores
from auditor.domain.finding import Estimate
from auditor.domain.learner import Learner, Task
from auditor.learners import LEARNERS, check
from auditor.scoring import thresholds
from auditor.scoring.estimates import estimate
from auditor.scoring.grading import Grading
from auditor.scoring.intervals import clopper_pearson

HIGH, LOWER, NOT_KNOWN = "high", "lower", "not known"
SOURCE = "Preen and Smith 2025 (arXiv:2502.09396), rules as published in SACRO-ML"
LEAST_FREEDOM = 10  # residual degrees of freedom below which SACRO-ML's default asks for a look
FNR = 0.01
NEEDED = 100  # members, so that 1 % of them is a record

Settings = Mapping[str, float]
Rule = tuple[str, Callable[[Settings], bool]]


@dataclass(frozen=True)
class Triage:
    """`risk`: high, lower (never "safe") or not known; `rules`: what made it high, in words; `residual_freedom`: records minus
    parameters, where a parameter count follows from the configuration. It decides nothing."""

    risk: str
    rules: tuple[str, ...] = ()
    residual_freedom: int | None = None
    sentence: str = ""
    source: str = field(default=SOURCE)

    def as_json(self) -> dict[str, Any]:
        return {
            "risk": self.risk,
            "rules": list(self.rules),
            "residual_freedom": self.residual_freedom,
            "sentence": self.sentence,
            "source": self.source,
        }


XGBOOST: tuple[Rule, ...] = (
    (
        "deeper than 3 with 4 to 12 trees and min_child_weight up to 1.5",
        lambda s: s["depth"] > 3.5 and 3.5 < s["trees"] <= 12.5 and s["weight"] <= 1.5,
    ),
    (
        "deeper than 3 with more than 12 trees and min_child_weight up to 3",
        lambda s: s["depth"] > 3.5 and s["trees"] > 12.5 and s["weight"] <= 3,
    ),
    (
        "deeper than 3 with more than 62 trees and min_child_weight above 3 and up to 6",
        lambda s: s["depth"] > 3.5 and s["trees"] > 62.5 and 3 < s["weight"] <= 6,
    ),
)
FOREST: tuple[Rule, ...] = (
    (
        "deeper than 3 with more than 35 trees that each look at some of the columns",
        lambda s: s["depth"] > 3.5 and s["trees"] > 35 and not s["all_columns"],
    ),
    (
        "deeper than 3 with more than 35 bootstrapped trees that look at all columns and split down to 15 records",
        lambda s: s["depth"] > 3.5 and s["trees"] > 35 and bool(s["all_columns"] and s["bootstrap"]) and s["split"] <= 15,
    ),
    (
        "deeper than 7 with 16 to 35 trees, without bootstrap and with leaves of up to 15 records",
        lambda s: s["depth"] > 7.5 and 15 < s["trees"] <= 35 and s["leaf"] <= 15 and not s["bootstrap"],
    ),
)
TREE: tuple[Rule, ...] = (("deeper than 7 with leaves of up to 7 records", lambda s: s["depth"] > 7.5 and s["leaf"] <= 7.5),)
RULES: Mapping[str, tuple[Rule, ...]] = {"xgboost": XGBOOST, "random-forest": FOREST, "decision-tree": TREE}


def triage(learner: Learner, records: int, columns: int, classes: int) -> Triage:
    """Structural rules for the learner that the owner states; `columns` as the model sees them (after encoding).

    The rules were found on classifiers; for a learner without rules, or one that predicts numbers, the risk is not known.
    Raises InvalidInput for a learner that `learners.check` refuses.
    """
    stated = check(learner) if learner.name in LEARNERS else learner
    left = _residual(stated, records, columns, classes)
    fired = _fired(stated)
    if left is not None and left < LEAST_FREEDOM:
        fired = (*(fired or ()), f"{records:,} records for {records - left:,} parameters")
    if fired is None:
        return Triage(NOT_KNOWN, (), left, f"There are no structural rules for {learner.name}{_of_numbers(learner)}.")
    if not fired:
        calm = "The stated configuration meets none of the rules for a high risk; that does not make it safe."
        return Triage(LOWER, (), left, calm)
    return Triage(HIGH, fired, left, f"The stated configuration is of high risk before anything is asked: {'; '.join(fired)}.")


def early_tail(evidence: MembershipScores, is_member: NDArray[np.bool_], grading: Grading) -> Estimate:
    """`tnr@fnr=0.01`: the share of non-members below the cut that loses at most 1 % of members. With the loss as score it tells
    early how large the low-FPR tail of attacks with shadows will be ("the tail tells all", arXiv:2510.19773).

    The cut comes from members alone, so the Clopper-Pearson limits over non-members hold.
    """
    name, members = f"tnr@fnr={FNR:g}", int(is_member.sum())
    if members < NEEDED:
        return Estimate(name, reason=f"needs at least {NEEDED} members; {members:,} are left")
    scores = thresholds.checked(evidence, is_member).target
    inside = np.sort(scores[is_member])
    below = scores[~is_member] < inside[int(FNR * members)]
    return estimate(name, clopper_pearson(int(below.sum()), len(below), grading.marginal_alpha), len(below), grading)


def _fired(learner: Learner) -> tuple[str, ...] | None:
    """What the rules of this learner say, None where there are none."""
    if learner.name not in RULES or learner.task is not Task.CLASSIFICATION:
        return None
    settings = _settings(learner.params)
    return tuple(words for words, is_met in RULES[learner.name] if is_met(settings))


def _settings(params: Mapping[str, object]) -> Settings:
    """The numbers that the rules speak of; no limit on the depth is an endless one (xgboost writes it 0)."""
    numbers = {key: float(value) for key, value in params.items() if isinstance(value, int | float)}
    return {
        "depth": numbers.get("max_depth", inf) or inf,
        "trees": numbers.get("n_estimators", 1),
        "weight": numbers.get("min_child_weight", 1),
        "leaf": numbers.get("min_samples_leaf", 1),
        "split": numbers.get("min_samples_split", 2),
        "bootstrap": numbers.get("bootstrap", 1),
        "all_columns": float(params.get("max_features", "sqrt") is None),
    }


def _residual(learner: Learner, records: int, columns: int, classes: int) -> int | None:
    """Records minus parameters of linear models and networks; trees grow with the records."""
    outputs = max(1, classes - 1) if learner.task is Task.CLASSIFICATION else 1
    hidden = learner.params.get("hidden_layer_sizes")
    if learner.name == "mlp" and isinstance(hidden, tuple | list):
        widths = [columns, *map(int, hidden), outputs if outputs == 1 else classes]
        return records - sum((before + 1) * after for before, after in pairwise(widths))
    if learner.name in ("logistic-regression", "linear-regression"):
        return records - (columns + int(bool(learner.params.get("fit_intercept", True)))) * outputs
    return None


def _of_numbers(learner: Learner) -> str:
    return " that predicts numbers" if learner.task is Task.REGRESSION else ""
