"""The closed list of learners and what may be set on each. Nothing here imports a learning library.

Defaults are those of xgboost 3 (xgboost.readthedocs.io, "XGBoost Parameters") and scikit-learn 1.9, written out so that an
audit's record says what was trained. `None` stays where the library's own default is "no limit" or "decide yourself".
"""

from collections.abc import Mapping
from dataclasses import dataclass

from auditor.domain.learner import Learner
from auditor.domain.spec import suggestion
from auditor.errors import InvalidInput


@dataclass(frozen=True)
class Whole:
    low: int
    high: int
    optional: bool = False

    def read(self, value: object) -> object:
        """The value as an int; raises ValueError with what is expected."""
        if value is None and self.optional:
            return None
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int) or not self.low <= value <= self.high:
            raise ValueError(f"a whole number from {self.low} to {self.high}" + (" or null" if self.optional else ""))
        return value


@dataclass(frozen=True)
class Real:
    low: float
    high: float

    def read(self, value: object) -> object:
        """The value as a float; raises ValueError with what is expected."""
        if isinstance(value, bool) or not isinstance(value, int | float) or not self.low <= value <= self.high:
            raise ValueError(f"a number from {self.low:g} to {self.high:g}")
        return float(value)


@dataclass(frozen=True)
class Choice:
    options: tuple[object, ...]

    def read(self, value: object) -> object:
        """The value if it is one of the options (True is not 1); raises ValueError with what is expected."""
        if not any(type(value) is type(option) and value == option for option in self.options):
            raise ValueError("one of " + ", ".join("null" if option is None else str(option) for option in self.options))
        return value


@dataclass(frozen=True)
class Share:
    """What forests call max_features: a name, null for all, or a share of the columns."""

    names: tuple[str, ...]

    def read(self, value: object) -> object:
        if value is None or (isinstance(value, str) and value in self.names):
            return value
        if isinstance(value, float) and 0 < value <= 1:
            return value
        raise ValueError("one of " + ", ".join(self.names) + ", null for all, or a share above 0.0 and up to 1.0")


@dataclass(frozen=True)
class Layers:
    widest: int = 4096
    deepest: int = 8

    def read(self, value: object) -> object:
        """The widths of the hidden layers as a tuple; raises ValueError with what is expected."""
        widths = [value] if isinstance(value, int) else value
        expected = f"a list of 1 to {self.deepest} layer widths from 1 to {self.widest}"
        if not isinstance(widths, list | tuple) or not 1 <= len(widths) <= self.deepest:
            raise ValueError(expected)
        try:
            return tuple(Whole(1, self.widest).read(width) for width in widths)
        except ValueError:
            raise ValueError(expected) from None


Bound = Whole | Real | Choice | Share | Layers

XGBOOST: Mapping[str, tuple[Bound, object]] = {
    "n_estimators": (Whole(1, 5000), 100),
    "max_depth": (Whole(0, 64), 6),
    "max_leaves": (Whole(0, 65536), 0),
    "learning_rate": (Real(1e-6, 1.0), 0.3),
    "subsample": (Real(1e-3, 1.0), 1.0),
    "colsample_bytree": (Real(1e-3, 1.0), 1.0),
    "colsample_bylevel": (Real(1e-3, 1.0), 1.0),
    "colsample_bynode": (Real(1e-3, 1.0), 1.0),
    "min_child_weight": (Real(0.0, 1e6), 1.0),
    "gamma": (Real(0.0, 1e6), 0.0),
    "reg_alpha": (Real(0.0, 1e6), 0.0),
    "reg_lambda": (Real(0.0, 1e6), 1.0),
    "max_delta_step": (Real(0.0, 1e6), 0.0),
    "max_bin": (Whole(2, 65536), 256),
    "scale_pos_weight": (Real(1e-6, 1e6), 1.0),
    "grow_policy": (Choice(("depthwise", "lossguide")), "depthwise"),
    "tree_method": (Choice(("auto", "exact", "approx", "hist")), "auto"),
}

RANDOM_FOREST: Mapping[str, tuple[Bound, object]] = {
    "n_estimators": (Whole(1, 5000), 100),
    "criterion": (Choice(("gini", "entropy", "log_loss")), "gini"),
    "max_depth": (Whole(1, 1000, optional=True), None),
    "min_samples_split": (Whole(2, 1_000_000), 2),
    "min_samples_leaf": (Whole(1, 1_000_000), 1),
    "max_leaf_nodes": (Whole(2, 1_000_000, optional=True), None),
    "min_impurity_decrease": (Real(0.0, 1.0), 0.0),
    "max_features": (Share(("sqrt", "log2")), "sqrt"),
    "bootstrap": (Choice((True, False)), True),
    "class_weight": (Choice((None, "balanced", "balanced_subsample")), None),
}

LOGISTIC_REGRESSION: Mapping[str, tuple[Bound, object]] = {
    "C": (Real(1e-9, 1e9), 1.0),
    "fit_intercept": (Choice((True, False)), True),
    "class_weight": (Choice((None, "balanced")), None),
    "max_iter": (Whole(1, 100_000), 100),
    "tol": (Real(1e-12, 1.0), 1e-4),
}

MLP: Mapping[str, tuple[Bound, object]] = {
    "hidden_layer_sizes": (Layers(), (100,)),
    "activation": (Choice(("relu", "tanh", "logistic", "identity")), "relu"),
    "solver": (Choice(("adam", "sgd", "lbfgs")), "adam"),
    "alpha": (Real(0.0, 1e6), 1e-4),
    "learning_rate_init": (Real(1e-8, 10.0), 1e-3),
    "batch_size": (Whole(1, 1_000_000, optional=True), None),
    "max_iter": (Whole(1, 100_000), 200),
    "tol": (Real(0.0, 1.0), 1e-4),
    "early_stopping": (Choice((True, False)), False),
}

BOUNDS: Mapping[str, Mapping[str, tuple[Bound, object]]] = {
    "xgboost": XGBOOST,
    "random-forest": RANDOM_FOREST,
    "logistic-regression": LOGISTIC_REGRESSION,
    "mlp": MLP,
}

LEARNERS: tuple[str, ...] = tuple(BOUNDS)


def check(learner: Learner) -> Learner:
    """The learner with every default filled in; raises InvalidInput naming the field, with the nearest known name."""
    if learner.name not in BOUNDS:
        raise InvalidInput("learner.name", f"there is no learner {learner.name!r}{suggestion(learner.name, LEARNERS)}")
    bounds = BOUNDS[learner.name]
    for key in learner.params:
        if key not in bounds:
            raise InvalidInput(f"learner.params.{key}", f"{learner.name} has no parameter {key!r}{suggestion(key, bounds)}")
    given = {key: _read(key, bounds[key][0], value) for key, value in learner.params.items()}
    return Learner(learner.name, {key: given.get(key, default) for key, (_, default) in bounds.items()})


def _read(key: str, bound: Bound, value: object) -> object:
    try:
        return bound.read(value)
    except ValueError as error:
        raise InvalidInput(f"learner.params.{key}", f"set {key} to {error}, not {value!r}") from None
