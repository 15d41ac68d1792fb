"""How a plain client would speak each protocol: bodies written and answers read by hand, with the standard library."""

import csv
import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from auditor.domain.target import Adapter, Rows, Target, WireProtocol

Rowed = list[list[Any]]


def _columns(part: pd.DataFrame) -> list[list[Any]]:
    return [part[name].tolist() for name in part]


def _rows(part: pd.DataFrame) -> list[tuple[Any, ...]]:
    return list(zip(*_columns(part), strict=True))


def _records(part: pd.DataFrame) -> list[dict[str, Any]]:
    names = list(part)
    return [dict(zip(names, row, strict=True)) for row in zip(*_columns(part), strict=True)]


def _tensors(part: pd.DataFrame) -> list[dict[str, Any]]:
    shape = [len(part), 1]
    return [
        {"name": name, "shape": shape, "datatype": "FP64" if name[0] == "n" else "BYTES", "data": cells}
        for name, cells in zip(part, _columns(part), strict=True)
    ]


def _csv(part: pd.DataFrame) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(_rows(part))
    return text.getvalue().encode()


def _as_json(make: Callable[[pd.DataFrame], Any]) -> Callable[[pd.DataFrame], bytes]:
    return lambda part: json.dumps(make(part)).encode()


def _tensor(document: Any) -> Any:
    output = document["outputs"][0]
    return np.array(output["data"]).reshape(output["shape"])


@dataclass(frozen=True)
class Spoken:
    """One form of one protocol. `write`: records to a body; `found`: where the answers stand; `told`: what the server sends."""

    name: str
    path: str
    write: Callable[[pd.DataFrame], bytes]
    found: Callable[[Any], Any]
    told: Callable[[Rowed], Any]
    rows: Rows = Rows.RECORDS
    adapter: Adapter | None = None
    content_type: str = "application/json"
    is_single: bool = False

    def target(self, url: str, classes: tuple[str, ...]) -> Target:
        protocol = WireProtocol.JSON if self.adapter else WireProtocol(self.name.partition(" ")[0])
        return Target(url, protocol, self.rows, classes=classes, adapter=self.adapter)

    def read(self, content: bytes) -> "np.ndarray[Any, Any]":
        return np.atleast_2d(np.asarray(self.found(json.loads(content))))

    def answer(self, n: int) -> bytes:
        """To n records; probabilities with as many digits as a model gives."""
        second = np.random.default_rng(1).random(n)
        return json.dumps(self.told(np.column_stack([1 - second, second]).tolist())).encode()


def _under(key: str) -> dict[str, Callable[[Any], Any]]:
    return {"found": lambda document: document[key], "told": lambda rows: {key: rows}}


BARE: dict[str, Callable[[Any], Any]] = {"found": lambda document: document, "told": lambda rows: rows}


def _tensor_told(rows: Rowed) -> Any:
    flat = [cell for row in rows for cell in row]
    return {"outputs": [{"name": "predict_proba", "shape": [len(rows), 2], "datatype": "FP64", "data": flat}]}


FORMS = (
    Spoken("open-inference", "/v2/models/m/infer", _as_json(lambda p: {"inputs": _tensors(p)}), _tensor, _tensor_told),
    Spoken("kserve-v1", "/v1/models/m:predict", _as_json(lambda p: {"instances": _records(p)}), **_under("predictions")),
    Spoken("mlflow", "/invocations", _as_json(lambda p: {"dataframe_records": _records(p)}), **_under("predictions")),
    Spoken(
        *("mlflow split", "/invocations"),
        _as_json(lambda p: {"dataframe_split": {"columns": list(p), "data": _rows(p)}}),
        **_under("predictions"),
        rows=Rows.SPLIT,
    ),
    Spoken(
        "databricks",
        "/serving-endpoints/m/invocations",
        _as_json(lambda p: {"dataframe_records": _records(p)}),
        **_under("predictions"),
    ),
    Spoken("sagemaker", "/invocations", _as_json(lambda p: {"instances": _records(p)}), **_under("predictions")),
    Spoken("sagemaker csv", "/invocations", _csv, **_under("predictions"), rows=Rows.CSV, content_type="text/csv"),
    Spoken("vertex", "/endpoints/1:predict", _as_json(lambda p: {"instances": _records(p)}), **_under("predictions")),
    Spoken("azureml", "/score", _as_json(lambda p: {"data": _records(p)}), **_under("result")),
    Spoken("bentoml", "/classify", _as_json(lambda p: {"x": _records(p)}), **BARE),
    Spoken(
        *("seldon", "/api/v1.0/predictions", _as_json(lambda p: {"data": {"names": list(p), "ndarray": _rows(p)}})),
        found=lambda document: document["data"]["ndarray"],
        told=lambda rows: {"data": {"names": ["t:0", "t:1"], "ndarray": rows}},
    ),
    Spoken(
        "json",
        "/ask",
        _as_json(lambda p: {"rows": _records(p)}),
        **_under("scores"),
        adapter=Adapter({"rows": "$records"}, "scores"),
    ),
    Spoken(
        *("torchserve", "/predictions/m", _as_json(lambda p: _records(p)[0])),
        found=lambda document: document,
        told=lambda rows: rows[0],
        is_single=True,
    ),
)
SPOKEN: Mapping[str, Spoken] = {one.name: one for one in FORMS}
