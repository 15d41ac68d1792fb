"""Thresholds calibrated on shadows of real models: is the false-positive rate on the target the one that was aimed at?"""

from dataclasses import dataclass

import numpy as np

from auditor.domain.learner import Learner
from auditor.scoring import thresholds
from auditor.scoring.intervals import Interval, clopper_pearson
from benchmarks.membership import adult_people, attack, train

RECORDS, SHADOWS, TARGETS = 10_400, 16, 3
MODELS = {
    "random forest": Learner("random-forest"),
    "xgboost": Learner("xgboost"),
    "logistic regression": Learner("logistic-regression"),
    "neural network (64)": Learner("mlp", {"hidden_layer_sizes": (64,), "max_iter": 30}),
}
ATTACKS = {"stacked": "stacked K16", "rmia": "rmia K16", "lira": "lira shared K16"}


@dataclass(frozen=True)
class Realised:
    """`fpr` is the mean over targets, with the interval that one audit of so many non-members would print; `held` of so many
    targets' own intervals contain the nominal `rate`."""

    model: str
    attack: str
    rate: float
    fpr: Interval
    tpr: float
    held: int

    @property
    def is_kept(self) -> bool:
        return self.fpr.low <= self.rate <= self.fpr.high


def measure(model: str) -> list[Realised]:
    """All attacks and rates on three targets of this kind."""
    people = adult_people(RECORDS)
    models = train(people, MODELS[model], SHADOWS, TARGETS)
    found = []
    for name, method in ATTACKS.items():
        evidence = attack(people, models, method)
        for rate in sorted(thresholds.NEEDED, reverse=True):
            at = [thresholds.rates_at(e, m, rate, "calibrated", 0.05) for e, m in zip(evidence, models.membership, strict=True)]
            outside = int((~models.membership[0]).sum())
            mean = float(np.mean([a.fpr.value for a in at]))
            held = sum(a.fpr.low <= rate <= a.fpr.high for a in at)
            tpr = float(np.mean([a.tpr.value for a in at]))
            found.append(Realised(model, name, rate, clopper_pearson(mean * outside, outside), tpr, held))
    return found
