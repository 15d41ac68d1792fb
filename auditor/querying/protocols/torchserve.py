"""TorchServe: one record a request, because its handlers make batches of requests; the handler decides on the answer.

https://docs.pytorch.org/serve/inference_api.html
"""

from collections.abc import Mapping
from typing import Any

from auditor.domain.data import Column
from auditor.domain.target import Rows, Target
from auditor.errors import BadAnswer
from auditor.querying.endpoint import Endpoint
from auditor.querying.protocols.body import Body
from auditor.querying.protocols.reading import read
from auditor.querying.protocols.templated import Templated
from auditor.querying.reply import Reply

BODIES = {Rows.RECORDS: Body("$record"), Rows.MATRIX: Body("$numbers")}


def torchserve(target: Target, columns: tuple[Column, ...], endpoint: Endpoint) -> Templated:
    def answered(document: Any, n: int) -> Reply:
        if isinstance(document, Mapping) and isinstance(document.get("code"), int) and "message" in document:
            raise BadAnswer("The handler of the target answers an error instead of a prediction; see the server's log.")
        return read([document], n, target.output)

    return Templated(endpoint.path, BODIES[target.rows], columns, answered)
