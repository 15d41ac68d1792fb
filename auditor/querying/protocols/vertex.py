"""Online prediction of Vertex AI: instances in, predictions out.

https://cloud.google.com/vertex-ai/docs/reference/rest/v1/projects.locations.endpoints/predict
"""

from collections.abc import Mapping
from typing import Any

from auditor.domain.data import Column
from auditor.domain.target import Output, Rows, Target
from auditor.querying.endpoint import Endpoint
from auditor.querying.protocols.body import Body
from auditor.querying.protocols.reading import part, read
from auditor.querying.protocols.templated import Templated
from auditor.querying.reply import Reply

BODIES = {Rows.RECORDS: Body({"instances": "$records"}), Rows.MATRIX: Body({"instances": "$matrix"})}
BOUNDED = {"value", "lower_bound", "upper_bound"}


def vertex(target: Target, columns: tuple[Column, ...], endpoint: Endpoint) -> Templated:
    def answered(document: Any, n: int) -> Reply:
        found = part(document, "predictions")
        return read(_values(found) if target.output is Output.VALUE else found, n, target.output, endpoint.tensor)

    return Templated(endpoint.completed(":predict"), BODIES[target.rows], columns, answered)


def _values(found: Any) -> Any:
    """AutoML answers a quantity with its bounds, one mapping a record, which some versions put into a list of its own."""
    rows = [row[0] if isinstance(row, list) and len(row) == 1 else row for row in found] if isinstance(found, list) else found
    are_bounded = isinstance(rows, list) and all(isinstance(row, Mapping) and row.keys() >= BOUNDED for row in rows)
    return [row["value"] for row in rows] if are_bounded else found
