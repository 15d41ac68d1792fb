"""One small file a wire protocol: a frame to a request body, an answer to a `Reply`."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import pandas as pd

from auditor.domain.data import Column
from auditor.domain.target import SPOKEN, Target, WireProtocol
from auditor.errors import InvalidInput
from auditor.querying.endpoint import Endpoint
from auditor.querying.protocols.azureml import azureml
from auditor.querying.protocols.bentoml import bentoml
from auditor.querying.protocols.json_adapter import json_adapter
from auditor.querying.protocols.kserve_v1 import kserve_v1
from auditor.querying.protocols.mlflow import mlflow
from auditor.querying.protocols.open_inference import OpenInference
from auditor.querying.protocols.sagemaker import sagemaker
from auditor.querying.protocols.seldon import seldon
from auditor.querying.protocols.torchserve import torchserve
from auditor.querying.protocols.vertex import vertex
from auditor.querying.reply import Reply


class Wire(Protocol):
    @property
    def path(self) -> str: ...

    @property
    def content_type(self) -> str: ...

    @property
    def headers(self) -> dict[str, str]:
        """What this server wants in every request beside the usual headers."""

    @property
    def most_rows(self) -> int | None:
        """How many records a request has room for; None: as many as the server takes."""

    def encode(self, frame: pd.DataFrame) -> bytes: ...

    def decode(self, document: Any, n: int) -> Reply:
        """Raises BadAnswer for a document that does not answer n records."""


WIRES: Mapping[WireProtocol, Callable[[Target, tuple[Column, ...], Endpoint], Wire]] = {
    WireProtocol.OPEN_INFERENCE: OpenInference,
    WireProtocol.KSERVE_V1: kserve_v1,
    WireProtocol.MLFLOW: mlflow,
    WireProtocol.SAGEMAKER: sagemaker,
    WireProtocol.VERTEX: vertex,
    WireProtocol.AZUREML: azureml,
    WireProtocol.DATABRICKS: mlflow,
    WireProtocol.BENTOML: bentoml,
    WireProtocol.TORCHSERVE: torchserve,
    WireProtocol.SELDON: seldon,
    WireProtocol.JSON: json_adapter,
}


def wire_for(target: Target, columns: tuple[Column, ...], endpoint: Endpoint) -> Wire:
    """Raises InvalidInput for rows that the protocol has no form for."""
    if target.rows not in SPOKEN[target.protocol]:
        raise InvalidInput("target.rows", f"{target.protocol} sends {' or '.join(SPOKEN[target.protocol])}; choose one of these")
    return WIRES[target.protocol](target, columns, endpoint)
