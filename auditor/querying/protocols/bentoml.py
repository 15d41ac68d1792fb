"""Services of BentoML: the arguments of the function by name in, its bare value out.

https://docs.bentoml.com/en/latest/build-with-bentoml/services.html
"""

from typing import Any

from auditor.domain.data import Column
from auditor.domain.target import Rows, Target
from auditor.querying.endpoint import Endpoint
from auditor.querying.protocols.body import Body
from auditor.querying.protocols.reading import read
from auditor.querying.protocols.templated import Templated
from auditor.querying.reply import Reply

ARGUMENT = "x"
RECORDS = {Rows.RECORDS: "$records", Rows.MATRIX: "$matrix", Rows.COLUMNS: "$columns"}


def bentoml(target: Target, columns: tuple[Column, ...], endpoint: Endpoint) -> Templated:
    """The argument that takes the records is named after `#` in the URL."""

    def answered(document: Any, n: int) -> Reply:
        return read(document, n, target.output)

    body = Body({endpoint.tensor or ARGUMENT: RECORDS[target.rows]})
    return Templated(endpoint.path, body, columns, answered)
