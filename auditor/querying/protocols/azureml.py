"""Online endpoints of Azure Machine Learning. The scoring script decides; these are the two usual forms.

https://learn.microsoft.com/en-us/azure/machine-learning/how-to-deploy-online-endpoints
https://learn.microsoft.com/en-us/azure/machine-learning/how-to-deploy-mlflow-models
"""

from collections.abc import Mapping
from typing import Any

from auditor.domain.data import Column
from auditor.domain.target import Rows, Target
from auditor.errors import BadAnswer
from auditor.querying.endpoint import Endpoint
from auditor.querying.protocols.body import Body
from auditor.querying.protocols.media import from_json
from auditor.querying.protocols.reading import read
from auditor.querying.protocols.templated import Templated
from auditor.querying.reply import Reply

BODIES = {
    Rows.RECORDS: Body({"data": "$records"}),
    Rows.MATRIX: Body({"data": "$matrix"}),
    Rows.SPLIT: Body({"input_data": {"columns": "$names", "index": "$index", "data": "$rows"}}),
}
KEYS = ("result", "predictions", "Results")


def azureml(target: Target, columns: tuple[Column, ...], endpoint: Endpoint) -> Templated:
    def answered(document: Any, n: int) -> Reply:
        return read(_unwrapped(document), n, target.output, endpoint.tensor)

    return Templated(endpoint.completed("/score"), BODIES[target.rows], columns, answered)


def _unwrapped(document: Any) -> Any:
    """The list itself, or what stands under the usual key; scripts that return json.dumps(...) send JSON inside of JSON."""
    if isinstance(document, str):
        try:
            document = from_json(document)
        except (ValueError, RecursionError):
            raise BadAnswer("The target's answer is text that is not JSON; have its scoring script return a list.") from None
    if not isinstance(document, Mapping):
        return document
    key = next((key for key in KEYS if key in document), None)
    return document if key is None else document[key]
