"""The V1 protocol of KServe and TensorFlow Serving: a list of instances in, a list of predictions out.

https://kserve.github.io/website/docs/concepts/architecture/data-plane/v1-protocol
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from auditor.domain.data import Column
from auditor.domain.target import Rows, Target
from auditor.errors import BadAnswer
from auditor.querying.endpoint import Endpoint
from auditor.querying.protocols.cells import numeric_rows, values
from auditor.querying.reply import Reply, from_rows


@dataclass(frozen=True, eq=False)
class KServeV1:
    target: Target
    columns: tuple[Column, ...]
    endpoint: Endpoint

    @property
    def path(self) -> str:
        """The model's URL is completed; one that names the action is kept."""
        route, mark, query = self.endpoint.path.partition("?")
        route = route.rstrip("/")
        return (route if route.endswith(":predict") else route + ":predict") + mark + query

    def encode(self, frame: pd.DataFrame) -> bytes:
        instances = numeric_rows(frame, self.columns) if self.target.rows is Rows.MATRIX else _records(frame, self.columns)
        return json.dumps({"instances": instances}, separators=(",", ":"), allow_nan=False).encode()

    def decode(self, document: Any, n: int) -> Reply:
        predictions = document.get("predictions") if isinstance(document, Mapping) else None
        if not isinstance(predictions, list) or not predictions:
            raise BadAnswer("The target's answer has no list of predictions; check target.protocol, which says kserve-v1.")
        return from_rows(predictions, n)


def _records(frame: pd.DataFrame, columns: tuple[Column, ...]) -> list[dict[str, Any]]:
    names = [c.name for c in columns]
    lists = [values(frame.iloc[:, i], c.type) for i, c in enumerate(columns)]
    return [dict(zip(names, row, strict=True)) for row in zip(*lists, strict=True)]
