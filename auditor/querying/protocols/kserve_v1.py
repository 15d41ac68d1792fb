"""The V1 protocol of KServe and TensorFlow Serving: instances in and predictions out, or columns in and columns out.

https://kserve.github.io/website/docs/concepts/architecture/data-plane/v1-protocol
https://www.tensorflow.org/tfx/serving/api_rest
"""

from typing import Any

from auditor.domain.data import Column
from auditor.domain.target import Rows, Target
from auditor.querying.endpoint import Endpoint
from auditor.querying.protocols.body import Body
from auditor.querying.protocols.reading import part, read
from auditor.querying.protocols.templated import Templated
from auditor.querying.reply import Reply

BODIES = {
    Rows.RECORDS: Body({"instances": "$records"}),
    Rows.MATRIX: Body({"instances": "$matrix"}),
    Rows.COLUMNS: Body({"inputs": "$columns"}),
}


def kserve_v1(target: Target, columns: tuple[Column, ...], endpoint: Endpoint) -> Templated:
    key = "outputs" if target.rows is Rows.COLUMNS else "predictions"

    def answered(document: Any, n: int) -> Reply:
        return read(part(document, key), n, target.output, endpoint.tensor)

    return Templated(endpoint.completed(":predict"), BODIES[target.rows], columns, answered)
