"""The model that every server serves, trained where it is served: scikit-learn draws the same trees from the same records and seed.

`SERVED_MODEL`: forest (whole numbers in, twentieths out) or logistic (numbers and text in). `SERVED_DATA`: the members as CSV.
"""

import os
from typing import Any

import numpy as np
import pandas as pd

LABEL = "income"
NUMBERS = ("age", "education-num", "capital-gain", "capital-loss", "hours-per-week")
TEXTS = ("workclass", "marital-status", "occupation", "sex")
FEATURES = {"forest": NUMBERS, "logistic": (*NUMBERS, *TEXTS)}
KINDS = tuple(FEATURES)
TREES = 20


def kind() -> str:
    return os.environ["SERVED_MODEL"]


def trained(name: str | None = None, path: str | None = None) -> Any:
    """A fitted classifier of frames, or of matrices where all columns are numbers."""
    chosen = name or kind()
    frame = pd.read_csv(path or os.environ["SERVED_DATA"])
    features, labels = frame[list(FEATURES[chosen])], frame[LABEL].to_numpy(dtype=object)
    return _forest(features, labels) if chosen == "forest" else _logistic(features, labels)


def _forest(features: pd.DataFrame, labels: Any) -> Any:
    from sklearn.ensemble import RandomForestClassifier

    return RandomForestClassifier(n_estimators=TREES, random_state=0).fit(features.to_numpy(), labels)


def _logistic(features: pd.DataFrame, labels: Any) -> Any:
    from sklearn.compose import ColumnTransformer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    texts = ("texts", OneHotEncoder(handle_unknown="ignore"), list(TEXTS))
    return make_pipeline(ColumnTransformer([("numbers", StandardScaler(), list(NUMBERS)), texts]), LogisticRegression()).fit(
        features, labels
    )


def probabilities(model: Any, rows: Any) -> "np.ndarray[Any, Any]":
    """(n, 2) for a frame, for records by name, or for lists in the order of the columns."""
    frame = rows if isinstance(rows, pd.DataFrame) else _framed(rows)
    names = list(FEATURES[kind()])
    found = model.predict_proba(frame[names].to_numpy(dtype=float) if kind() == "forest" else frame[names])
    return np.asarray(found, dtype=np.float64)


def _framed(rows: Any) -> pd.DataFrame:
    return pd.DataFrame(rows) if isinstance(rows[0], dict) else pd.DataFrame(rows, columns=list(FEATURES[kind()]))
