"""The scoring server of MLflow, which Databricks serving speaks too: one of four JSON forms or CSV in, predictions out.

https://mlflow.org/docs/latest/ml/deployment/deploy-model-locally/
https://docs.databricks.com/aws/en/machine-learning/model-serving/score-custom-model-endpoints
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
    Rows.RECORDS: Body({"dataframe_records": "$records"}),
    Rows.SPLIT: Body({"dataframe_split": {"columns": "$names", "data": "$rows"}}),
    Rows.COLUMNS: Body({"inputs": "$columns"}),
    Rows.MATRIX: Body({"instances": "$matrix"}),
    Rows.CSV: Body("$csv-with-names"),
}


def mlflow(target: Target, columns: tuple[Column, ...], endpoint: Endpoint) -> Templated:
    def answered(document: Any, n: int) -> Reply:
        return read(part(document, "predictions"), n, target.output, endpoint.tensor)

    return Templated(endpoint.completed("/invocations"), BODIES[target.rows], columns, answered)
