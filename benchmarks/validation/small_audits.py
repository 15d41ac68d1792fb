"""Whole audits of few records, of unequal sides and of targets that say little: what rounding, ties and small samples may upset."""

from auditor.domain.learner import Learner
from auditor.domain.target import Output, Profile
from benchmarks.validation.audits import CLASSES, LEVEL, Setting, audited

MAIN = ("gap", "calibrated-correctness", "loss-threshold", "lira", "rmia")
MORE = (*MAIN, "confidence", "entropy", "modified-entropy", "difficulty-calibration", "attack-r", "proxy")
LINEAR, BOOSTED = Learner("logistic-regression"), Learner("xgboost", {"n_estimators": 20, "max_depth": 3})
TREE = Learner("decision-tree")
SETTINGS = {
    "50 and 50, logistic": Setting(LINEAR, (50, 50), MAIN),
    "100 and 100, boosted trees": Setting(BOOSTED, (100, 100), MORE),
    "60 and 1,500, logistic": Setting(LINEAR, (60, 1_500), MAIN),
    "1,500 and 60, logistic": Setting(LINEAR, (1_500, 60), MAIN),
    "300 and 300, a tree's labels": Setting(TREE, (300, 300), MAIN[:2], Profile(Output.LABELS, CLASSES)),
    "600 and 600, a tree's answers to one decimal": Setting(TREE, (600, 600), MORE, Profile(Output.PROBABILITIES, CLASSES, 1)),
}
ABOVE, BREACH, CONTROL = "score_low above 0", "false breach", "a negative control fails"
PROMISED = {f"{name}: {alarm}": rate for name in SETTINGS for alarm, rate in ((ABOVE, 0.05), (BREACH, 0.05), (CONTROL, 0.01))}


def small_audits(seed: int) -> dict[str, bool]:
    """One audit in each setting: what rang."""
    rung: dict[str, bool] = {}
    for name, setting in SETTINGS.items():
        low, failed = audited(setting, seed)
        rung |= {f"{name}: {ABOVE}": low > 0, f"{name}: {BREACH}": low >= LEVEL, f"{name}: {CONTROL}": failed}
    return rung
