"""Recorded answers of models trained with differential privacy, and what an audit makes of them without the libraries.

One file a library: `is_member` (n,), `labels` (n,), `shadows_<kind>` (K, n) log-odds of the second class, and for each model
`<kind>-<epsilon>-<seed>` (n,) its probability of the second class.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from auditor.attacks import registry
from auditor.domain.data import AuditData, Column, ColumnType, Records
from auditor.domain.evidence import MembershipScores
from auditor.domain.finding import Estimate
from auditor.domain.learner import Learner
from auditor.domain.shadow import ShadowOutputs
from auditor.domain.target import Output, Profile
from auditor.learners import check
from auditor.scoring import epsilon, roc
from auditor.scoring.grading import Grading
from auditor.shadows import design, pool
from auditor.workflow.contexts import context_for

FOLDER = Path(__file__).parents[2] / "tests" / "fixtures" / "dp"
LEVELS = ("0.5", "1", "4", "16", "64", "256", "none")
SEEDS = (0, 1, 2, 3, 4)
KINDS = {"diffprivlib": ("logistic", "bayes"), "opacus": ("network",)}
LEARNERS = {
    "logistic": Learner("logistic-regression", {"C": 100.0}),
    "bayes": Learner("naive-bayes"),
    "network": Learner("mlp", {"hidden_layer_sizes": [64], "max_iter": 40, "learning_rate_init": 3e-3, "batch_size": 30}),
}
CLASSES, DELTA, SHADOWS, SEED = ("<=50K", ">50K"), 1e-5, 16, 7
FAMILY = 3  # attacks that are tried on each model
PROFILE = Profile(Output.PROBABILITIES, CLASSES, decimals=6)
COLUMN = Column("row", ColumnType.INTEGER)


@dataclass(frozen=True, eq=False)
class Recording:
    """All that was recorded of one library."""

    arrays: Mapping[str, NDArray[np.generic]]

    @property
    def is_member(self) -> NDArray[np.bool_]:
        return np.asarray(self.arrays["is_member"], dtype=bool)

    def scores(self, kind: str, level: str, seed: int, attack: str) -> MembershipScores:
        """What the attack claims about every candidate, from the recorded answers and shadow models."""
        labels = np.asarray(self.arrays["labels"], dtype=np.intp)
        nobody = Records(pd.DataFrame({"row": []}), np.zeros(0, np.intp))
        candidates = Records(pd.DataFrame({"row": np.arange(len(labels))}), labels)
        data = AuditData((COLUMN,), CLASSES, candidates, self.is_member, nobody)
        second = np.asarray(self.arrays[f"{kind}-{level}-{seed}"], dtype=np.float64)
        answers = np.column_stack([1 - second, second])
        made = registry.make(attack, {})
        grants = {"seed": SEED, "shadows": self._shadows(kind, candidates), "learner": check(LEARNERS[kind])}
        evidence = made.run(context_for(made, data, PROFILE, lambda frame: answers[frame.index.to_numpy()], ignore, grants))
        assert isinstance(evidence, MembershipScores)
        return evidence

    def _shadows(self, kind: str, candidates: Records) -> ShadowOutputs:
        one = np.asarray(self.arrays[f"shadows_{kind}"], dtype=np.float32)
        log_odds = np.stack([-one, one], axis=2)
        return pool.outputs(log_odds, design.halves(candidates, range(len(one)), SEED), PROFILE)


def load(library: str, folder: Path = FOLDER) -> Recording:
    with np.load(folder / f"{library}.npz", allow_pickle=False) as arrays:
        return Recording(dict(arrays))


def auc(recording: Recording, kind: str, level: str, attack: str) -> float:
    """Averaged over the models that were trained with different seeds on the same members."""
    found = [recording.scores(kind, level, seed, attack).target for seed in SEEDS]
    return float(np.mean([roc.auc(scores, recording.is_member) for scores in found]))


def bounds(recording: Recording, kind: str, level: str, attack: str) -> dict[str, Estimate]:
    """The empirical epsilon of the first of them, by method."""
    evidence = recording.scores(kind, level, SEEDS[0], attack)
    found = epsilon.empirical(evidence, recording.is_member, Grading(25.0, family_size=FAMILY), DELTA)
    return {estimate.method or "": estimate for estimate in found}


def ignore(fraction: float) -> None:
    pass
