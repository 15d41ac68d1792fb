"""How many shadow models one step trains: few enough to end in time, enough that the step itself costs nothing beside them."""

SHADOWS_PER_STEP = 4
MOST = 4 * SHADOWS_PER_STEP
STEPS_A_LOOK = 4
"""Steps that a look is cut into at least, so that workers share it."""
LONGEST, COMFORTABLE = 110.0, 60.0  # seconds

# For 1,000 records that a shadow is trained on, on about 100 columns, one thread: benchmarks/shadows.py.
FIT_SECONDS_PER_1000 = {
    "xgboost": 0.03,
    "random-forest": 0.15,
    "logistic-regression": 0.005,
    "linear-regression": 0.005,
    "mlp": 0.4,
    "extra-trees": 0.15,
    "decision-tree": 0.015,
    "gradient-boosting": 0.3,
    "hist-gradient-boosting": 0.1,
    "lightgbm": 0.1,
    "k-nearest-neighbours": 0.1,
    "svm": 0.5,
    "naive-bayes": 0.01,
}
UNKNOWN = 0.15
GROWS_WITH_THE_SQUARE = ("svm", "k-nearest-neighbours")
OVERHEAD = 0.05


def fit_seconds(learner: str, candidates: int) -> float:
    """What one shadow is expected to take: trained on half of the candidates, asked about all of them."""
    thousands = candidates / 2000
    grown = thousands * max(1.0, thousands) if learner in GROWS_WITH_THE_SQUARE else thousands
    return FIT_SECONDS_PER_1000.get(learner, UNKNOWN) * grown + OVERHEAD


def shadows_a_step(seconds: float, count: int) -> int:
    """How many of `count` shadows that take `seconds` each make a comfortable step; below two minutes if one fit is."""
    if SHADOWS_PER_STEP * seconds > LONGEST:
        return max(1, int(LONGEST / seconds))
    share = min(MOST, count // STEPS_A_LOOK, int(COMFORTABLE / seconds))
    return max(SHADOWS_PER_STEP, share // SHADOWS_PER_STEP * SHADOWS_PER_STEP)
