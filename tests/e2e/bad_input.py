"""Audits with one mistake each: 300 members and 300 non-members, and a server whose every answer can be spoilt."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml
from small_audit import COLUMNS, MEMBERS, NON_MEMBERS

from auditor.domain.learner import Learner
from auditor.learners import build
from auditor.testing.servers import Fault, ModelServer, Script

LABELS = np.array(["no", "yes"])
NOW = (("Retry-After", "0"),)
IN_AN_HOUR = (("Retry-After", "3600"),)

_model = build(Learner("logistic-regression"), COLUMNS, seed=0)
_model.fit(MEMBERS.drop(columns="label"), (MEMBERS["label"] == "yes").to_numpy().astype(np.intp))


def probabilities(frame: pd.DataFrame) -> Any:
    return np.asarray(_model.predict_proba(frame[[c.name for c in COLUMNS]]))


def labels(frame: pd.DataFrame) -> Any:
    return LABELS[probabilities(frame).argmax(axis=1)]


def strange_labels(frame: pd.DataFrame) -> Any:
    return np.char.upper(labels(frame))


def three_classes(frame: pd.DataFrame) -> Any:
    two = probabilities(frame)
    return np.column_stack([two / 2, np.full(len(two), 0.5)])


class OneProtocol(ModelServer):
    """Knows one address only, as real servers do."""

    action = "/infer"

    def answer(self, path: str, document: Any) -> tuple[Any, int]:
        if not path.endswith(f"/model{self.action}"):
            raise LookupError(path)
        return super().answer(path, document)


class OnlyKServe(OneProtocol):
    action = ":predict"


def csv(frame: pd.DataFrame) -> bytes:
    return frame.to_csv(index=False).encode()


def spoilt(change: Callable[[dict[str, Any]], dict[str, Any]]) -> Fault:
    """The first tensor of the answer, changed."""
    return Fault(change=lambda answer: {**answer, "outputs": [{**answer["outputs"][0], **change(answer["outputs"][0])}]})


def one_more(tensor: dict[str, Any]) -> dict[str, Any]:
    rows, width = tensor["shape"]
    return {"shape": [rows + 1, width], "data": [*tensor["data"], 0.5, 0.5]}


def one_value_less(tensor: dict[str, Any]) -> dict[str, Any]:
    return {"data": tensor["data"][1:]}


def with_nan(tensor: dict[str, Any]) -> dict[str, Any]:
    return {"data": [float("nan"), *tensor["data"][1:]]}


@dataclass(frozen=True)
class Case:
    """`spec` is set into the spec by dotted keys; `says` are words that the one sentence has."""

    says: tuple[str, ...]
    spec: Mapping[str, Any] = field(default_factory=dict)
    members: bytes = csv(MEMBERS)
    non_members: bytes = csv(NON_MEMBERS)
    predict: Callable[[pd.DataFrame], Any] = probabilities
    script: Callable[[], Script] = Script
    server: type[ModelServer] = ModelServer
    url: str = "open_inference"
    requests: int | None = None
    resumable: bool = True


def of_the_target(*says: str, **more: Any) -> Case:
    """A mistake that shows when the target is asked: the audit stays, and can be resumed."""
    return Case(says, **more)


def answering(fault: Fault, *says: str, **more: Any) -> Case:
    """A target that does this and nothing else."""
    return Case(says, script=lambda: Script(always=fault), **more)


def of_the_input(*says: str, **more: Any) -> Case:
    """A mistake that is told before anything is kept, and without a question to the target."""
    return Case(says, resumable=False, requests=0, **more)


def write_spec(folder: Path, case: Case, url: str) -> Path:
    """The files of the case in a folder; returns the spec's path."""
    (folder / "members.csv").write_bytes(case.members)
    (folder / "non_members.csv").write_bytes(case.non_members)
    document: dict[str, Any] = {
        "spec": 1,
        "name": "small",
        "target": {"url": url},
        "data": {"members": "members.csv", "non_members": "non_members.csv", "label": "label"},
        "learner": "logistic-regression",
        "attacks": "quick",
    }
    for path, value in case.spec.items():
        place = document
        *parents, last = path.split(".")
        for parent in parents:
            place = place[parent]
        place[last] = value
    path = folder / "audit.yaml"
    path.write_text(yaml.safe_dump(document))
    return path


LATIN = b"age,income,town,label\n" + "30,3.5,Köln,yes\n".encode("latin-1") * 60
ONE_CLASS, ONE_CLASS_TOO = csv(MEMBERS.assign(label="yes")), csv(NON_MEMBERS.assign(label="yes"))
HIDDEN = "http://10.1.2.3/v2/models/m/infer"
METADATA = "http://169.254.169.254/latest/meta-data"
NOWHERE = "http://127.0.0.1:1/v2/models/m/infer"

TARGETS = {
    "unreachable": of_the_target("check target.url", "server is running", spec={"target.url": NOWHERE}),
    "a host that does not exist": of_the_target("host name", "target.url", spec={"target.url": "http://no-such-host.invalid/m"}),
    "KServe asked in Open Inference": of_the_target("target.protocol", server=OnlyKServe, url="kserve_v1"),
    "Open Inference asked in KServe": of_the_target("target.protocol", server=OneProtocol, spec={"target.protocol": "kserve-v1"}),
    "answers in KServe": answering(Fault(change=lambda _: {"predictions": [[0.5, 0.5]]}), "no list of outputs", "target.protocol"),
    "an HTML page": answering(Fault(body=b"<html>", content_type="text/html"), "not JSON", "target.protocol", requests=1),
    "401": of_the_target("credential", "401", "target.auth", script=lambda: Script(token="right"), requests=1),
    "403": answering(Fault(403), "credential", "403", "target.auth", requests=1),
    "429 for ever": answering(Fault(429, headers=NOW), "429", "budget.rate", requests=7),
    "429 for an hour": answering(Fault(429, headers=IN_AN_HOUR), "429", "budget.rate", requests=1),
    "500": answering(Fault(500), "500", "server's log", requests=2),
    "503": answering(Fault(503, headers=NOW), "503", "resume the audit", requests=7),
    "time-outs": answering(Fault(delay=1.0), "within 0.4 seconds", "AUDITOR_TARGET_TIMEOUT", requests=5),
    "a closed connection": answering(Fault(reset=True), "closed the connection", "running and healthy", requests=5),
    "one answer too many": answering(spoilt(one_more), "2 answers for 1 records", "answer each record once"),
    "one value too few": answering(spoilt(one_value_less), "holds 1 values", "as many as it says"),
    "NaN": answering(spoilt(with_nan), "NaN", "finite"),
    "labels for probabilities": of_the_target("labels such as", "declare output: labels", predict=labels),
    "probabilities for labels": of_the_target("declare output: probabilities", spec={"target.output": "labels"}),
    "labels of other names": of_the_target("'YES'", "target.classes", predict=strange_labels, spec={"target.output": "labels"}),
    "a class too many in the answer": of_the_target("3 numbers a record", "target.classes", predict=three_classes),
    "a class too many in the spec": of_the_target("2 numbers a record", "3 classes", spec={"target.classes": ["no", "yes", "so"]}),
}

NAMES = [f"P{i}" for i in range(600)]


def with_town(members: object, non_members: object) -> dict[str, bytes]:
    """Both files with other towns."""
    return {"members": csv(MEMBERS.assign(town=members)), "non_members": csv(NON_MEMBERS.assign(town=non_members))}


INPUTS = {
    "a budget too small": of_the_input("budget.queries: ", "the budget is 10; raise it", spec={"budget": {"queries": 10}}),
    "a sensitive column that does not exist": of_the_input(
        "data.sensitive: ", "did you mean 'town'", spec={"data.sensitive": ["twon"]}
    ),
    "a sensitive column that is the label": of_the_input("data.sensitive: ", "is the label", spec={"data.sensitive": ["label"]}),
    "a sensitive column that the target is not asked with": of_the_input(
        "data.sensitive: ", "not a feature", spec={"data.sensitive": ["town"], "data.exclude": ["town"]}
    ),
    "a sensitive column named twice": of_the_input("data.sensitive: ", "twice", spec={"data.sensitive": ["town", "town"]}),
    "a sensitive column without a difference": of_the_input(
        "data.sensitive: ", "nothing to infer", **with_town("Aa", "Aa"), spec={"data.sensitive": ["town"]}
    ),
    "a sensitive column that names its person": of_the_input(
        "data.sensitive: ", "names a person", **with_town(NAMES[:300], NAMES[300:]), spec={"data.sensitive": ["town"]}
    ),
    "a sensitive column that members lack": of_the_input(
        "data.sensitive: ", "missing in every member;", **with_town(None, NON_MEMBERS["town"]), spec={"data.sensitive": ["town"]}
    ),
    "bounds that are no bounds": of_the_input("data.bounds.age: ", "two values", spec={"data.bounds": {"age": [0]}}),
    "bounds the wrong way round": of_the_input("data.bounds.age: ", "the low end first", spec={"data.bounds": {"age": [99, 0]}}),
    "bounds that the records contradict": of_the_input(
        "data.bounds.age: ", "widen 30 to 40", "18 to 89", spec={"data.bounds": {"age": [30, 40]}}
    ),
    "bounds of words": of_the_input("data.bounds.town: ", "take it out", spec={"data.bounds": {"town": [0, 1]}}),
    "bounds of nothing": of_the_input("data.bounds.agge: ", "did you mean 'age'", spec={"data.bounds": {"agge": [0, 1]}}),
    "labels that are no class": of_the_input("target.classes: ", "'no'", spec={"target.classes": ["n", "y"]}),
    "a column of another name": of_the_input(
        "data.non_members: ", "'wage'", members=csv(MEMBERS.rename(columns={"income": "wage"}))
    ),
    "a column that members lack": of_the_input(
        "data.members: ", "'town'", "data.exclude", members=csv(MEMBERS.drop(columns="town"))
    ),
    "a label misspelt": of_the_input("data.label: ", "did you mean 'label'", spec={"data.label": "lable"}),
    "no label in one file": of_the_input(
        "data.non_members: ", "'label' is missing", non_members=csv(NON_MEMBERS.drop(columns="label"))
    ),
    "one class": of_the_input("data.label: ", "at least two classes", members=ONE_CLASS, non_members=ONE_CLASS_TOO),
    "the same file twice": of_the_input("data.members: ", "0 distinct", "at least 50", non_members=csv(MEMBERS)),
    "an empty file": of_the_input("data.members: ", "empty", "header", members=b""),
    "a header alone": of_the_input("data.members: ", "no records", members=b"age,income,town,label\n"),
    "3 rows": of_the_input("data.members: 3 ", "at least 50", members=csv(MEMBERS.head(3))),
    "not UTF-8": of_the_input("data.members: ", "line 2 is not UTF-8", members=LATIN),
    "cells too many": of_the_input("line 302 has 6 cells", members=csv(MEMBERS) + b"1,2,3,4,5,6\n"),
    "a word for a number": of_the_input(
        "data.types.age: ", "'old'", members=csv(MEMBERS) + b"old,1,Aa,yes\n", spec={"data.types": {"age": "integer"}}
    ),
    "a file that is not there": of_the_input("data.members: ", "there is no file", spec={"data.members": "nowhere.csv"}),
    "a folder": of_the_input("data.members: ", "CSV or Parquet file", spec={"data.members": "."}),
    "an unknown key": of_the_input("atacks: ", "did you mean 'attacks'", spec={"atacks": "quick"}),
    "an unknown key of data": of_the_input("data.lable: ", "did you mean 'label'", spec={"data.lable": "x"}),
    "an unknown key of the target": of_the_input("target.protocl: ", "did you mean 'protocol'", spec={"target.protocl": "x"}),
    "an unknown protocol": of_the_input("target.protocol: ", "'kserve-v1'", spec={"target.protocol": "kserve-v2"}),
    "a private address": of_the_input("target.url: ", "private", "AUDITOR_ALLOW_PRIVATE_TARGETS", spec={"target.url": HIDDEN}),
    "a metadata address": of_the_input("target.url: ", "metadata", "model's own address", spec={"target.url": METADATA}),
    "an id of a target": of_the_input("target: ", "url", spec={"target": "0199b2a4-3c1e-7a40-9d2f-5b7c0e61a001"}),
    "a variable that is not set": of_the_input(
        "target.auth.secret: ", "environment variable NOT_SET", spec={"target.auth": {"kind": "bearer", "secret": "NOT_SET"}}
    ),
}
