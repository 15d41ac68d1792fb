"""Small models in every format that is taken, each with what its own library answers for the same records."""

import functools
import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

ROWS = 200


@dataclass(frozen=True, eq=False)
class Saved:
    """A file, records, and the probabilities (n, 2) that the model in memory gives them."""

    data: bytes
    frame: pd.DataFrame
    expected: NDArray[np.float64]
    model: Any = None


@functools.cache
def records() -> pd.DataFrame:
    """Two numbers, a whole number and a text."""
    draw = np.random.default_rng(0)
    numbers = {"age": draw.integers(18, 80, ROWS), "income": draw.normal(size=ROWS), "debt": draw.normal(size=ROWS)}
    return pd.DataFrame(numbers).assign(job=draw.choice(np.array(["clerk", "farmer", "nurse"], dtype=object), ROWS))


def labels() -> NDArray[np.intp]:
    people = records()
    return ((people["income"] > people["debt"]) ^ (people["job"] == "nurse")).to_numpy().astype(np.intp)


def numeric() -> pd.DataFrame:
    return records()[["age", "income", "debt"]]


@functools.cache
def xgboost_file(form: str = "json") -> Saved:
    import xgboost

    people = records().assign(job=pd.Categorical(records()["job"]))
    model = xgboost.XGBClassifier(n_estimators=8, max_depth=3, enable_categorical=True, n_jobs=1).fit(people, labels())
    return Saved(bytes(model.get_booster().save_raw(form)), records(), model.predict_proba(people), model)


@functools.cache
def lightgbm_file() -> Saved:
    import lightgbm

    people = records().assign(job=pd.Categorical(records()["job"]))
    model = lightgbm.LGBMClassifier(n_estimators=8, verbose=-1, min_child_samples=5, n_jobs=1).fit(people, labels())
    return Saved(model.booster_.model_to_string().encode(), records(), np.asarray(model.predict_proba(people)), model)


@functools.cache
def skops_file() -> Saved:
    import skops.io
    from sklearn.compose import make_column_transformer
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder

    columns = make_column_transformer((OneHotEncoder(), ["job"]), remainder="passthrough")
    model = make_pipeline(columns, RandomForestClassifier(5, random_state=0)).fit(records(), labels())
    return Saved(skops.io.dumps(model), records(), model.predict_proba(records()), model)


@functools.cache
def onnx_file() -> Saved:
    from skl2onnx import to_onnx
    from sklearn.ensemble import RandomForestClassifier

    features = numeric().to_numpy(np.float32)
    model = RandomForestClassifier(5, random_state=0).fit(features, labels())
    return Saved(to_onnx(model, features[:1]).SerializeToString(), numeric(), model.predict_proba(features), model)


@functools.cache
def perceptron_file(**metadata: str) -> Saved:
    from safetensors.numpy import save

    draw = np.random.default_rng(1)
    first, second = draw.normal(size=(4, 3)), draw.normal(size=(2, 4))
    tensors = {"layers.0.weight": first, "layers.0.bias": np.ones(4), "layers.1.weight": second, "layers.1.bias": np.zeros(2)}
    told = {"activation": "tanh", "output": "softmax", "classes": json.dumps(["no", "yes"])} | metadata
    powers = np.exp(np.tanh(numeric().to_numpy() @ first.T + 1) @ second.T)
    return Saved(save(tensors, told), numeric(), powers / powers.sum(axis=1, keepdims=True))
