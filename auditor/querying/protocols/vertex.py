"""Online prediction of Vertex AI: instances in, predictions out.

https://cloud.google.com/vertex-ai/docs/reference/rest/v1/projects.locations.endpoints/predict
"""

from typing import Any

from auditor.domain.data import Column
from auditor.domain.target import Rows, Target
from auditor.querying.endpoint import Endpoint
from auditor.querying.protocols.body import Body
from auditor.querying.protocols.reading import part, read
from auditor.querying.protocols.templated import Templated
from auditor.querying.reply import Reply

BODIES = {Rows.RECORDS: Body({"instances": "$records"}), Rows.MATRIX: Body({"instances": "$matrix"})}


def vertex(target: Target, columns: tuple[Column, ...], endpoint: Endpoint) -> Templated:
    def answered(document: Any, n: int) -> Reply:
        return read(part(document, "predictions"), n, target.output, endpoint.tensor)

    return Templated(endpoint.completed(":predict"), BODIES[target.rows], columns, answered)
