"""One small file a wire protocol: a frame to a request body, an answer to a `Reply`."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import pandas as pd

from auditor.domain.data import Column
from auditor.domain.target import Target, WireProtocol
from auditor.querying.endpoint import Endpoint
from auditor.querying.protocols.kserve_v1 import KServeV1
from auditor.querying.protocols.open_inference import OpenInference
from auditor.querying.reply import Reply


class Wire(Protocol):
    @property
    def path(self) -> str: ...

    def encode(self, frame: pd.DataFrame) -> bytes: ...

    def decode(self, document: Any, n: int) -> Reply:
        """Raises BadAnswer for a document that does not answer n records."""


WIRES: Mapping[WireProtocol, Callable[[Target, tuple[Column, ...], Endpoint], Wire]] = {
    WireProtocol.OPEN_INFERENCE: OpenInference,
    WireProtocol.KSERVE_V1: KServeV1,
}


def wire_for(target: Target, columns: tuple[Column, ...], endpoint: Endpoint) -> Wire:
    return WIRES[target.protocol](target, columns, endpoint)
