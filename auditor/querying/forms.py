"""The ways in which a target may want to be asked, the likeliest for its address first."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from auditor.domain.target import SPOKEN, Adapter, Rows, Target, WireProtocol

HINTS = (
    (re.compile(r"/v2/models/"), (WireProtocol.OPEN_INFERENCE,)),
    (re.compile(r"/locations/.*/endpoints/"), (WireProtocol.VERTEX,)),
    (re.compile(r"/v1/models/|:predict$"), (WireProtocol.KSERVE_V1,)),
    (re.compile(r"/serving-endpoints/"), (WireProtocol.DATABRICKS,)),
    (re.compile(r"/endpoints/"), (WireProtocol.SAGEMAKER,)),
    (re.compile(r"/invocations$"), (WireProtocol.MLFLOW, WireProtocol.SAGEMAKER)),
    (re.compile(r"/score$"), (WireProtocol.AZUREML,)),
    (re.compile(r"/predictions/."), (WireProtocol.TORCHSERVE,)),
    (re.compile(r"/api/v1\.0/predictions$"), (WireProtocol.SELDON,)),
)
"""What the end of an address says of its protocol."""
UNSAID = (WireProtocol.BENTOML, WireProtocol.MLFLOW, WireProtocol.AZUREML, WireProtocol.SELDON, WireProtocol.SAGEMAKER)
BODIES: tuple[Any, ...] = (
    *({key: form} for key in ("instances", "inputs", "data", "rows", "records", "input") for form in ("$records", "$rows")),
    *("$records", "$rows", "$columns", {"inputs": "$columns"}),
    *({key: form} for key in ("input", "features", "data") for form in ("$record", "$row")),
    *("$record", "$row"),
)
"""Usual bodies of servers without a protocol; those with room for one record come last."""
PATHS = (
    *(
        "@",
        "predictions",
        "prediction",
        "probabilities",
        "probability",
        "scores",
        "score",
        "output",
        "outputs",
        "result",
        "results",
        "data",
        "response",
    ),
    *("result.predictions", "result.probabilities", "result.scores", "output.probabilities", "data.predictions"),
)
"""Where servers put their answers."""


def likely(target: Target, path: str, is_numeric: bool) -> Iterator[Target]:
    """Targets of each protocol and form that fit the address; a matrix only where all columns are numbers."""
    route = path.partition("?")[0].rstrip("/")
    said = next((protocols for pattern, protocols in HINTS if pattern.search(route)), UNSAID)
    for protocol in said:
        for rows in SPOKEN[protocol]:
            if is_numeric or rows is not Rows.MATRIX:
                yield replace(target, protocol=protocol, rows=rows)


def adapters(target: Target) -> Iterator[tuple[Target, ...]]:
    """For each usual body, a target for each place where the answer may be."""
    for body in BODIES:
        yield tuple(replace(target, protocol=WireProtocol.JSON, adapter=Adapter(body, path)) for path in PATHS)
