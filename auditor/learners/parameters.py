"""What may be set on each learner. Nothing here imports a learning library.

Defaults are those of xgboost 3 (xgboost.readthedocs.io, "XGBoost Parameters") and scikit-learn 1.9, written out so that an
audit's record says what was trained. `None` stays where the library's own default is "no limit" or "decide yourself".
"""

from collections.abc import Mapping

from auditor.domain.learner import Task
from auditor.learners.bounds import Bound, Choice, Layers, Real, Share, Whole

Bounds = Mapping[str, tuple[Bound, object]]

_BOOSTED: Bounds = {
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
    "grow_policy": (Choice(("depthwise", "lossguide")), "depthwise"),
    "tree_method": (Choice(("auto", "exact", "approx", "hist")), "auto"),
}

_TREE: Bounds = {
    "max_depth": (Whole(1, 1000, optional=True), None),
    "min_samples_split": (Whole(2, 1_000_000), 2),
    "min_samples_leaf": (Whole(1, 1_000_000), 1),
    "max_leaf_nodes": (Whole(2, 1_000_000, optional=True), None),
    "min_impurity_decrease": (Real(0.0, 1.0), 0.0),
}

_IMPURITY: Bounds = {"criterion": (Choice(("gini", "entropy", "log_loss")), "gini")}
_ERROR: Bounds = {"criterion": (Choice(("squared_error", "absolute_error", "friedman_mse", "poisson")), "squared_error")}
_BALANCED: Bounds = {"class_weight": (Choice((None, "balanced")), None)}

_FOREST: Bounds = {"n_estimators": (Whole(1, 5000), 100), **_TREE, "bootstrap": (Choice((True, False)), True)}
_FOREST_OF_CLASSES: Bounds = {
    **_FOREST,
    **_IMPURITY,
    "max_features": (Share(("sqrt", "log2")), "sqrt"),
    "class_weight": (Choice((None, "balanced", "balanced_subsample")), None),
}
_FOREST_OF_VALUES: Bounds = {**_FOREST, **_ERROR, "max_features": (Share(("sqrt", "log2")), 1.0)}

_NETWORK: Bounds = {
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

_LOGISTIC: Bounds = {
    "C": (Real(1e-9, 1e9), 1.0),
    "fit_intercept": (Choice((True, False)), True),
    **_BALANCED,
    "max_iter": (Whole(1, 100_000), 100),
    "tol": (Real(1e-12, 1.0), 1e-4),
}

_RIDGE: Bounds = {"alpha": (Real(0.0, 1e9), 1.0), "fit_intercept": (Choice((True, False)), True)}

CLASSIFIERS: Mapping[str, Bounds] = {
    "xgboost": {**_BOOSTED, "scale_pos_weight": (Real(1e-6, 1e6), 1.0)},
    "random-forest": _FOREST_OF_CLASSES,
    "logistic-regression": _LOGISTIC,
    "mlp": _NETWORK,
}

REGRESSORS: Mapping[str, Bounds] = {
    "xgboost": _BOOSTED,
    "random-forest": _FOREST_OF_VALUES,
    "linear-regression": _RIDGE,
    "mlp": _NETWORK,
}

BOUNDS: Mapping[Task, Mapping[str, Bounds]] = {Task.CLASSIFICATION: CLASSIFIERS, Task.REGRESSION: REGRESSORS}
