"""How model servers of many kinds read a request and write an answer; the server's side of the wire, with code of its own."""

import csv
import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

Columns = tuple[str, ...]


@dataclass(frozen=True)
class Dialect:
    """`read`: a body and the names of the model's columns -> a frame. `write`: the model's numbers or labels -> an answer."""

    path: str
    read: Callable[[Any, Columns], pd.DataFrame]
    write: Callable[[Any], Any]


def body_of(content: bytes, kind: str) -> Any:
    """JSON as a value, JSON lines as a list, CSV as text; raises ValueError."""
    if kind == "text/csv":
        return content.decode()
    if kind == "application/jsonlines":
        return [json.loads(line) for line in content.decode().splitlines()]
    return json.loads(content)


def _listed(rows: list[Any], columns: Columns) -> pd.DataFrame:
    """Records by name, or lists under the names of the model."""
    if not rows or not isinstance(rows, list):
        raise ValueError("no rows")
    if isinstance(rows[0], dict):
        return pd.DataFrame(rows)
    return _cells([list(row) for row in rows], columns)


def _cells(rows: list[list[Any]], names: Columns) -> pd.DataFrame:
    if any(len(row) != len(names) for row in rows):
        raise ValueError(f"unexpected number of columns; {len(names)} are needed")
    return pd.DataFrame({name: pd.Series([row[i] for row in rows], dtype=object) for i, name in enumerate(names)}).infer_objects()


def _csv(text: str, columns: Columns) -> pd.DataFrame:
    rows = [[_cell(cell) for cell in row] for row in csv.reader(io.StringIO(text)) if row]
    return _cells(rows, columns) if columns else _cells(rows[1:], tuple(map(str, rows[0])))


def _cell(text: str) -> Any:
    if text in ("true", "false", ""):
        return {"true": True, "false": False, "": None}[text]
    try:
        return float(text)
    except ValueError:
        return text


def _mlflow(body: Any, columns: Columns) -> pd.DataFrame:
    if isinstance(body, str):
        return _csv(body, ())
    (key,) = {"dataframe_split", "dataframe_records", "instances", "inputs"} & body.keys()
    if key == "dataframe_split":
        return _cells(body[key]["data"], tuple(body[key]["columns"]))
    return pd.DataFrame(body[key]) if key == "inputs" else _listed(body[key], columns)


def _sagemaker(body: Any, columns: Columns) -> pd.DataFrame:
    if isinstance(body, str):
        return _csv(body, columns)
    rows = body if isinstance(body, list) else body["instances"]
    return _listed([row.get("features", row) for row in rows], columns)


def _azureml(body: Any, columns: Columns) -> pd.DataFrame:
    if "data" in body:
        return _listed(body["data"], columns)
    table = body["input_data"]
    if table["index"] != list(range(len(table["data"]))):
        raise ValueError("the index does not number the rows")
    return _cells(table["data"], tuple(table["columns"]))


def _bentoml(body: Any, columns: Columns) -> pd.DataFrame:
    return pd.DataFrame(body["x"]) if isinstance(body["x"], dict) else _listed(body["x"], columns)


def _one(record: Any, columns: Columns) -> pd.DataFrame:
    return _listed([record], columns)


def _seldon(body: Any, columns: Columns) -> pd.DataFrame:
    data = body["data"]
    if "tensor" in data:
        rows = np.array(data["tensor"]["values"]).reshape(data["tensor"]["shape"]).tolist()
        return _cells(rows, tuple(data["names"]))
    return _cells(data["ndarray"], tuple(data["names"]))


def _under(key: str, **more: str) -> Callable[[Any], Any]:
    return lambda result: {key: result.tolist(), **more}


def _seldon_answer(result: Any) -> Any:
    width = result.shape[1] if result.ndim > 1 else 1
    return {"data": {"names": [f"t:{i}" for i in range(width)], "ndarray": result.tolist()}, "meta": {}}


DIALECTS: Mapping[str, Dialect] = {
    "mlflow": Dialect("/invocations", _mlflow, _under("predictions")),
    "databricks": Dialect("/serving-endpoints/model/invocations", _mlflow, _under("predictions")),
    "sagemaker": Dialect("/endpoints/model/invocations", _sagemaker, _under("predictions")),
    "vertex": Dialect(
        "/v1/projects/p/locations/l/endpoints/7:predict",
        lambda b, c: _listed(b["instances"], c),
        _under("predictions", deployedModelId="7"),
    ),
    "azureml": Dialect("/score", _azureml, _under("result")),
    "bentoml": Dialect("/classify", _bentoml, lambda result: result.tolist()),
    "torchserve": Dialect("/predictions/model", _one, lambda result: result.tolist()[0]),
    "seldon": Dialect("/api/v1.0/predictions", _seldon, _seldon_answer),
    "litserve": Dialect("/predict", lambda b, c: _one(b["input"], c), lambda result: {"output": result.tolist()[0]}),
    "fastapi": Dialect("/ask", lambda b, c: _listed(b["rows"], c), lambda result: {"result": {"scores": result.tolist()}}),
}
BY_PATH = {dialect.path: dialect for dialect in DIALECTS.values()}
