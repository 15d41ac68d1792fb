"""Names to estimators. Every estimator works on one thread: many are fitted side by side, and the thread count of a
BLAS changes the last digits, which would make results depend on the machine."""

import functools
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from auditor.domain.learner import Learner
from auditor.learners.encode import Numbers

# The learning libraries take seconds to import, so they are imported where they are first used.

NUMBERS = {
    "xgboost": Numbers.NATIVE,
    "random-forest": Numbers.IMPUTED,
    "logistic-regression": Numbers.SCALED,
    "mlp": Numbers.SCALED,
}


def estimator(learner: Learner, seed: int) -> Any:
    """An unfitted estimator of a checked learner."""
    single_threaded()
    return _BUILDERS[learner.name](dict(learner.params), seed % 2**31)


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

    if learner.name == "xgboost":
        import xgboost

        return {"numpy": numpy.__version__, "xgboost": xgboost.__version__}
    import sklearn

    return {"numpy": numpy.__version__, "scikit-learn": sklearn.__version__}


def _xgboost(params: dict[str, object], seed: int) -> Any:
    from xgboost import XGBClassifier

    return XGBClassifier(**params, n_jobs=1, random_state=seed, verbosity=0)


def _random_forest(params: dict[str, object], seed: int) -> Any:
    from sklearn.ensemble import RandomForestClassifier

    return RandomForestClassifier(**params, n_jobs=1, random_state=seed)


def _logistic_regression(params: dict[str, object], seed: int) -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(**params, random_state=seed)


def _mlp(params: dict[str, object], seed: int) -> Any:
    from sklearn.neural_network import MLPClassifier

    batch = params.pop("batch_size")
    return MLPClassifier(**params, batch_size="auto" if batch is None else batch, random_state=seed)


_BUILDERS = {
    "xgboost": _xgboost,
    "random-forest": _random_forest,
    "logistic-regression": _logistic_regression,
    "mlp": _mlp,
}
