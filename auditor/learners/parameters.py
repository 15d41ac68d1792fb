"""What may be set on each learner. Nothing here imports a learning library.

Defaults are those of xgboost 3 (xgboost.readthedocs.io, "XGBoost Parameters") and scikit-learn 1.9, written out so that an
audit's record says what was trained. `None` stays where the library's own default is "no limit" or "decide yourself".
"""

from collections.abc import Mapping

from auditor.domain.learner import Task
from auditor.learners.bounds import Bound, Choice, Either, Layers, Real, Share, Whole

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
_WITHOUT_BOOTSTRAP: Bounds = {"bootstrap": (Choice((True, False)), False)}

_ALL: Bounds = {"max_features": (Share(("sqrt", "log2")), None)}
_SINGLE_TREE: Bounds = {**_TREE, **_ALL, "splitter": (Choice(("best", "random")), "best")}

_GRADIENT: Bounds = {
    **_TREE,
    **_ALL,
    "n_estimators": (Whole(1, 5000), 100),
    "max_depth": (Whole(1, 1000, optional=True), 3),
    "learning_rate": (Real(1e-6, 10.0), 0.1),
    "subsample": (Real(1e-3, 1.0), 1.0),
}

_HISTOGRAM: Bounds = {
    "max_iter": (Whole(1, 5000), 100),
    "learning_rate": (Real(1e-6, 10.0), 0.1),
    "max_leaf_nodes": (Whole(2, 65536, optional=True), 31),
    "max_depth": (Whole(1, 1000, optional=True), None),
    "min_samples_leaf": (Whole(1, 1_000_000), 20),
    "l2_regularization": (Real(0.0, 1e6), 0.0),
    "max_features": (Real(1e-3, 1.0), 1.0),
    "max_bins": (Whole(2, 255), 255),
    "early_stopping": (Choice(("auto", True, False)), "auto"),
}

_LEAFWISE: Bounds = {
    "n_estimators": (Whole(1, 5000), 100),
    "num_leaves": (Whole(2, 65536), 31),
    "max_depth": (Whole(-1, 1000), -1),
    "learning_rate": (Real(1e-6, 10.0), 0.1),
    "min_child_samples": (Whole(1, 1_000_000), 20),
    "min_child_weight": (Real(0.0, 1e6), 1e-3),
    "min_split_gain": (Real(0.0, 1e6), 0.0),
    "subsample": (Real(1e-3, 1.0), 1.0),
    "subsample_freq": (Whole(0, 5000), 0),
    "colsample_bytree": (Real(1e-3, 1.0), 1.0),
    "reg_alpha": (Real(0.0, 1e6), 0.0),
    "reg_lambda": (Real(0.0, 1e6), 0.0),
}

_NEIGHBOURS: Bounds = {
    "n_neighbors": (Whole(1, 10_000), 5),
    "weights": (Choice(("uniform", "distance")), "uniform"),
    "p": (Real(1.0, 100.0), 2.0),
}

_VECTORS: Bounds = {
    "C": (Real(1e-9, 1e9), 1.0),
    "kernel": (Choice(("rbf", "linear", "poly", "sigmoid")), "rbf"),
    "degree": (Whole(1, 20), 3),
    "gamma": (Either(("scale", "auto"), Real(1e-9, 1e9)), "scale"),
    "coef0": (Real(-1e6, 1e6), 0.0),
    "tol": (Real(1e-9, 1.0), 1e-3),
}

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
    "extra-trees": {**_FOREST_OF_CLASSES, **_WITHOUT_BOOTSTRAP},
    "decision-tree": {**_SINGLE_TREE, **_IMPURITY, **_BALANCED},
    "gradient-boosting": _GRADIENT,
    "hist-gradient-boosting": {**_HISTOGRAM, **_BALANCED},
    "lightgbm": {**_LEAFWISE, **_BALANCED},
    "k-nearest-neighbours": _NEIGHBOURS,
    "svm": {**_VECTORS, **_BALANCED},
    "naive-bayes": {"var_smoothing": (Real(0.0, 1.0), 1e-9)},
}

REGRESSORS: Mapping[str, Bounds] = {
    "xgboost": _BOOSTED,
    "random-forest": _FOREST_OF_VALUES,
    "linear-regression": _RIDGE,
    "mlp": _NETWORK,
    "extra-trees": {**_FOREST_OF_VALUES, **_WITHOUT_BOOTSTRAP},
    "decision-tree": {**_SINGLE_TREE, **_ERROR},
    "gradient-boosting": {**_GRADIENT, "loss": (Choice(("squared_error", "absolute_error", "huber")), "squared_error")},
    "hist-gradient-boosting": {**_HISTOGRAM, "loss": (Choice(("squared_error", "absolute_error", "poisson")), "squared_error")},
    "lightgbm": _LEAFWISE,
    "k-nearest-neighbours": _NEIGHBOURS,
    "svm": {**_VECTORS, "epsilon": (Real(0.0, 1e9), 0.1)},
}

BOUNDS: Mapping[Task, Mapping[str, Bounds]] = {Task.CLASSIFICATION: CLASSIFIERS, Task.REGRESSION: REGRESSORS}
