"""Valid answers in every form that the client reads, each with the numbers that it means."""

import csv
import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from auditor.domain.data import Column, ColumnType
from auditor.domain.target import Adapter, Output, Profile, Rows, Target, WireProtocol
from auditor.querying.answers import answers
from auditor.querying.endpoint import parse_url
from auditor.querying.protocols import Wire, media, wire_for
from auditor.querying.reply import Reply

Numbers = NDArray[np.float64]
COLUMNS = (Column("age", ColumnType.NUMBER),)
CLASSES = ("a", "b", "c")
URL = "http://127.0.0.1/model"


@dataclass(frozen=True)
class Form:
    """`write`: probabilities (n, 3) -> the body of an answer. `meant`: what is to be read out of it: usually the same."""

    protocol: WireProtocol
    write: Callable[[Numbers], Any]
    rows: Rows = Rows.RECORDS
    output: Output = Output.PROBABILITIES
    kind: str = media.JSON
    meant: Callable[[Numbers], Numbers] = np.asarray
    classes: tuple[str, ...] = CLASSES
    adapter: Adapter | None = None
    records: int = 4

    @property
    def wire(self) -> Wire:
        target = Target(URL, self.protocol, self.rows, self.output, self.classes, adapter=self.adapter)
        return wire_for(target, COLUMNS, parse_url(URL))

    @property
    def profile(self) -> Profile:
        return Profile(self.output, self.classes)

    def read(self, content: bytes, kind: str) -> tuple[Reply, Numbers]:
        """As the client reads it; raises BadAnswer."""
        reply = self.wire.decode(media.parsed(content, kind), self.records)
        return reply, answers(reply, self.profile)

    def body(self, p: Numbers) -> bytes:
        said = self.write(p)
        return said.encode() if isinstance(said, str) else json.dumps(said).encode()


def _tensor(p: Any, kind: str = "FP64", nested: bool = False) -> dict[str, Any]:
    given = np.asarray(p)
    return {"name": "p", "shape": list(given.shape), "datatype": kind, "data": (given if nested else given.ravel()).tolist()}


def _best(p: Numbers) -> list[str]:
    return [CLASSES[i] for i in p.argmax(axis=1)]


def _one_hot(p: Numbers) -> Numbers:
    return np.eye(p.shape[1])[p.argmax(axis=1)]


def _by_class(p: Numbers) -> list[dict[str, float]]:
    return [dict(zip(CLASSES, row, strict=True)) for row in p.tolist()]


def _pairs(p: Numbers) -> list[list[dict[str, Any]]]:
    return [[{"label": c, "score": v} for c, v in row.items()] for row in _by_class(p)]


def _top(p: Numbers) -> list[dict[str, float]]:
    return [dict(sorted(row.items(), key=lambda pair: -pair[1])[:2]) for row in _by_class(p)]


def _top_meant(p: Numbers) -> Numbers:
    return np.where(p > p.min(axis=1, keepdims=True), p, np.nan)


def _second(p: Numbers) -> Numbers:
    return np.column_stack([1 - p[:, 1], p[:, 1]])


def _softmax(p: Numbers) -> Numbers:
    powers = np.exp(p - p.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def _csv(rows: list[list[Any]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def _lines(rows: list[Any]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def _rows(p: Numbers) -> Any:
    return p.tolist()


def _under(key: str, what: Callable[[Numbers], Any] = _rows) -> Callable[[Numbers], Any]:
    return lambda p: {key: what(p), "model": "m1"}


P = WireProtocol
LABELS: dict[str, Any] = {"output": Output.LABELS, "meant": _one_hot}
TWO: dict[str, Any] = {"classes": ("a", "b"), "meant": _second}
FORMS: Mapping[str, Form] = {
    "open-inference": Form(P.OPEN_INFERENCE, lambda p: {"outputs": [_tensor(p)]}),
    "open-inference, nested": Form(P.OPEN_INFERENCE, lambda p: {"outputs": [_tensor(p, nested=True)]}, Rows.MATRIX),
    "open-inference, one number": Form(P.OPEN_INFERENCE, lambda p: {"outputs": [_tensor(p[:, 1:2])]}, **TWO),
    "open-inference, two outputs": Form(
        P.OPEN_INFERENCE, lambda p: {"outputs": [{**_tensor(p.argmax(axis=1), "INT64"), "name": "label"}, _tensor(p)]}
    ),
    "open-inference, labels": Form(P.OPEN_INFERENCE, lambda p: {"outputs": [_tensor(_best(p), "BYTES")]}, **LABELS),
    "open-inference, positions": Form(P.OPEN_INFERENCE, lambda p: {"outputs": [_tensor(p.argmax(axis=1), "INT64")]}, **LABELS),
    "kserve-v1": Form(P.KSERVE_V1, _under("predictions")),
    "kserve-v1, columns": Form(P.KSERVE_V1, lambda p: {"outputs": dict(zip(CLASSES, p.T.tolist(), strict=True))}, Rows.COLUMNS),
    "kserve-v1, by class": Form(P.KSERVE_V1, _under("predictions", _by_class)),
    "kserve-v1, label and score": Form(P.KSERVE_V1, _under("predictions", _pairs)),
    "kserve-v1, classes and scores": Form(
        P.KSERVE_V1, _under("predictions", lambda p: [{"classes": list(CLASSES), "scores": row} for row in p.tolist()])
    ),
    "kserve-v1, top-k": Form(P.KSERVE_V1, _under("predictions", _top), output=Output.TOP_K, meant=_top_meant),
    "kserve-v1, logits": Form(P.KSERVE_V1, _under("predictions"), output=Output.LOGITS, meant=_softmax),
    "kserve-v1, values": Form(
        P.KSERVE_V1, _under("predictions", lambda p: p[:, 0].tolist()), output=Output.VALUE, meant=lambda p: p[:, :1]
    ),
    "mlflow": Form(P.MLFLOW, _under("predictions"), Rows.SPLIT),
    "mlflow, labels": Form(P.MLFLOW, _under("predictions", _best), Rows.COLUMNS, **LABELS),
    "databricks": Form(P.DATABRICKS, _under("predictions", _by_class)),
    "sagemaker, JSON": Form(
        P.SAGEMAKER, _under("predictions", lambda p: [{"score": v, "predicted_label": "x"} for v in p[:, 1].tolist()]), **TWO
    ),
    "sagemaker, CSV": Form(P.SAGEMAKER, lambda p: _csv(p.tolist()), Rows.CSV, kind=media.CSV),
    "sagemaker, CSV, labels": Form(P.SAGEMAKER, lambda p: _csv([[v] for v in _best(p)]), Rows.CSV, kind=media.CSV, **LABELS),
    "sagemaker, CSV, one line": Form(P.SAGEMAKER, lambda p: _csv([p[:, 1].tolist()]), Rows.CSV, kind=media.CSV, **TWO),
    "sagemaker, lines": Form(P.SAGEMAKER, lambda p: _lines(_by_class(p)), Rows.LINES, kind=media.LINES),
    "vertex": Form(P.VERTEX, _under("predictions", lambda p: [{"scores": row} for row in p.tolist()])),
    "azureml": Form(P.AZUREML, _under("result")),
    "azureml, JSON in JSON": Form(P.AZUREML, lambda p: json.dumps(json.dumps({"result": p.tolist()}))),
    "bentoml": Form(P.BENTOML, _rows),
    "torchserve": Form(P.TORCHSERVE, lambda p: p[0].tolist(), records=1),
    "torchserve, by class": Form(P.TORCHSERVE, lambda p: _by_class(p)[0], records=1),
    "seldon": Form(P.SELDON, lambda p: {"data": {"names": list(CLASSES), "ndarray": p.tolist()}, "meta": {}}),
    "seldon, tensor": Form(
        P.SELDON,
        lambda p: {"data": {"names": ["t:0"], "tensor": {"shape": list(p.shape), "values": p.ravel().tolist()}}},
        Rows.MATRIX,
    ),
    "adapter": Form(
        P.JSON,
        lambda p: {"result": {"scores": p.tolist(), "names": ["A", "b", "c"]}},
        adapter=Adapter({"rows": "$records"}, "result.scores", "result.names", {"A": "a"}),
    ),
    "adapter, score of a class": Form(
        P.JSON,
        lambda p: {"out": [{"risk": v} for v in p[:, 1].tolist()]},
        adapter=Adapter({"rows": "$records"}, "out[].risk", score_of="b"),
        **TWO,
    ),
}
