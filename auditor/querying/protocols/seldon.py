"""The V1 protocol of Seldon Core: an ndarray with the names of its columns, or a tensor, in and out.

https://docs.seldon.io/projects/seldon-core/en/latest/reference/apis/v1-data-plane.html
"""

import re
from typing import Any

from auditor.domain.data import Column
from auditor.domain.target import Rows, Target
from auditor.errors import BadAnswer
from auditor.querying.endpoint import Endpoint
from auditor.querying.protocols.body import Body
from auditor.querying.protocols.reading import named, part, read
from auditor.querying.protocols.templated import Templated
from auditor.querying.reply import Reply

BODIES = {
    Rows.RECORDS: Body({"data": {"names": "$names", "ndarray": "$rows"}}),
    Rows.MATRIX: Body({"data": {"names": "$names", "tensor": {"shape": ["$count", "$width"], "values": "$flat"}}}),
}
NUMBERED = re.compile(r"t:\d+")
"""What Seldon calls the columns of a model that does not name its classes."""


def seldon(target: Target, columns: tuple[Column, ...], endpoint: Endpoint) -> Templated:
    def answered(document: Any, n: int) -> Reply:
        data = part(document, "data")
        rows = _reshaped(part(data, "tensor")) if isinstance(data, dict) and "tensor" in data else part(data, "ndarray")
        names = data.get("names")
        is_numbered = not isinstance(names, list) or any(NUMBERED.fullmatch(str(name)) for name in names)
        reply = read(rows, n, target.output)
        return reply if is_numbered else named(reply, names)

    return Templated(endpoint.completed("/api/v1.0/predictions"), BODIES[target.rows], columns, answered)


def _reshaped(tensor: Any) -> list[Any]:
    shape, flat = part(tensor, "shape"), part(tensor, "values")
    fits = isinstance(shape, list) and isinstance(flat, list) and 1 <= len(shape) <= 2
    fits = fits and all(type(v) is int and 0 < v < 2**31 for v in shape)
    width = shape[1] if fits and len(shape) == 2 else 1
    if not fits or shape[0] * width != len(flat):
        raise BadAnswer("A tensor of the target's answer holds another number of values than its shape says.")
    return [flat[i : i + width] for i in range(0, len(flat), width)]
