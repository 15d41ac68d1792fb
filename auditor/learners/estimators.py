"""Names to estimators. Every estimator works on one thread: many are fitted side by side, and the thread count of a
BLAS changes the last digits, which would make results depend on the machine."""

import functools
import importlib
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from auditor.domain.learner import Learner, Task
from auditor.errors import InvalidInput
from auditor.learners.encode import Numbers

PACKAGE = {"auditor": "sklearn"}  # what our own estimators are made of
DISTRIBUTION = {"sklearn": "scikit-learn"}

# The learning libraries take seconds to import, so they are imported where they are first used.


@dataclass(frozen=True)
class Library:
    """Where an estimator comes from, what its numeric columns look like, and what is set beside the learner's own parameters."""

    module: str
    name: str
    numbers: Numbers
    fixed: Mapping[str, object] = field(default_factory=dict)
    is_random: bool = True


_ONE_THREAD = {"n_jobs": 1}
_XGBOOST = {**_ONE_THREAD, "verbosity": 0}
_LIGHTGBM = {**_ONE_THREAD, "verbosity": -1}

ESTIMATORS: Mapping[Task, Mapping[str, Library]] = {
    Task.CLASSIFICATION: {
        "xgboost": Library("xgboost", "XGBClassifier", Numbers.NATIVE, _XGBOOST),
        "random-forest": Library("sklearn.ensemble", "RandomForestClassifier", Numbers.IMPUTED, _ONE_THREAD),
        "logistic-regression": Library("sklearn.linear_model", "LogisticRegression", Numbers.SCALED),
        "mlp": Library("sklearn.neural_network", "MLPClassifier", Numbers.SCALED),
        "extra-trees": Library("sklearn.ensemble", "ExtraTreesClassifier", Numbers.IMPUTED, _ONE_THREAD),
        "decision-tree": Library("sklearn.tree", "DecisionTreeClassifier", Numbers.IMPUTED),
        "gradient-boosting": Library("sklearn.ensemble", "GradientBoostingClassifier", Numbers.IMPUTED),
        "hist-gradient-boosting": Library("sklearn.ensemble", "HistGradientBoostingClassifier", Numbers.NATIVE),
        "lightgbm": Library("lightgbm", "LGBMClassifier", Numbers.NATIVE, _LIGHTGBM),
        "k-nearest-neighbours": Library("sklearn.neighbors", "KNeighborsClassifier", Numbers.SCALED, _ONE_THREAD, is_random=False),
        "svm": Library("auditor.learners.calibrated_svm", "CalibratedSVM", Numbers.SCALED),
        "naive-bayes": Library("sklearn.naive_bayes", "GaussianNB", Numbers.SCALED, is_random=False),
    },
    Task.REGRESSION: {
        "xgboost": Library("xgboost", "XGBRegressor", Numbers.NATIVE, _XGBOOST),
        "random-forest": Library("sklearn.ensemble", "RandomForestRegressor", Numbers.IMPUTED, _ONE_THREAD),
        "linear-regression": Library("sklearn.linear_model", "Ridge", Numbers.SCALED),
        "mlp": Library("sklearn.neural_network", "MLPRegressor", Numbers.SCALED),
        "extra-trees": Library("sklearn.ensemble", "ExtraTreesRegressor", Numbers.IMPUTED, _ONE_THREAD),
        "decision-tree": Library("sklearn.tree", "DecisionTreeRegressor", Numbers.IMPUTED),
        "gradient-boosting": Library("sklearn.ensemble", "GradientBoostingRegressor", Numbers.IMPUTED),
        "hist-gradient-boosting": Library("sklearn.ensemble", "HistGradientBoostingRegressor", Numbers.NATIVE),
        "lightgbm": Library("lightgbm", "LGBMRegressor", Numbers.NATIVE, _LIGHTGBM),
        "k-nearest-neighbours": Library("sklearn.neighbors", "KNeighborsRegressor", Numbers.SCALED, _ONE_THREAD, is_random=False),
        "svm": Library("sklearn.svm", "SVR", Numbers.SCALED, is_random=False),
    },
}


def numbers_of(learner: Learner) -> Numbers:
    """How numeric columns reach this learner."""
    return ESTIMATORS[learner.task][learner.name].numbers


def estimator(learner: Learner, seed: int) -> Any:
    """An unfitted estimator of a checked learner."""
    single_threaded()
    library = ESTIMATORS[learner.task][learner.name]
    build = getattr(importlib.import_module(library.module), library.name)
    fixed = {**library.fixed, "random_state": seed % 2**31} if library.is_random else library.fixed
    return build(**_for_library(learner), **fixed)


def _for_library(learner: Learner) -> dict[str, object]:
    """The parameters as the library spells them."""
    params = dict(learner.params)
    if learner.name == "mlp" and params["batch_size"] is None:
        params["batch_size"] = "auto"
    return params


def fitted(learner: Learner, seed: int, features: Any, answers: Any, **more: Any) -> Any:
    """An estimator trained on these rows; what a library refuses to learn from is told in one sentence."""
    fresh = estimator(learner, seed)
    neighbours = learner.params.get("n_neighbors", 0)
    if isinstance(neighbours, int) and neighbours > len(answers):
        raise InvalidInput(
            "learner.params.n_neighbors", f"set n_neighbors to at most {len(answers):,}, the number of records that are trained on"
        )
    try:
        return fresh.fit(features, answers, **more)
    except ValueError as error:
        said = str(error).strip().partition("\n")[0][:200]
        raise InvalidInput(
            "learner", f"{learner.name} cannot be trained on these records; choose another learner ({said})"
        ) from None


@functools.cache
def single_threaded() -> None:
    """Linear algebra on one thread, for the whole process and for good: restoring it would race with fits in other threads."""
    import scipy.linalg  # noqa: F401  (loads the BLAS that is to be limited)
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    threadpool_limits(limits=1)


@contextmanager
def quiet() -> Iterator[None]:
    """Without the warning that a fit stopped at its iteration limit: the target was fitted with that limit too.

    Warning filters belong to the process, so enter this once around a batch of threads, not inside each."""
    from sklearn.exceptions import ConvergenceWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        yield


def versions(learner: Learner) -> dict[str, str]:
    """The libraries whose version may change what this learner learns."""
    import numpy

    library = ESTIMATORS[learner.task][learner.name].module.partition(".")[0]
    found = importlib.import_module(PACKAGE.get(library, library))
    return {"numpy": numpy.__version__, DISTRIBUTION.get(found.__name__, found.__name__): str(found.__version__)}
