"""The container contract of Amazon SageMaker: CSV without a header, JSON or JSON lines in; CSV, JSON or JSON lines out.

The address is that of a container, or of the runtime of AWS, which wants requests signed: `auth: {kind: sigv4, ...}`.
https://docs.aws.amazon.com/sagemaker/latest/dg/cdf-inference.html
"""

from typing import Any

from auditor.domain.data import Column
from auditor.domain.target import Output, Rows, Target
from auditor.querying.answers import SUM_TOLERANCE
from auditor.querying.endpoint import Endpoint
from auditor.querying.protocols.body import Body
from auditor.querying.protocols.reading import part, read
from auditor.querying.protocols.templated import Templated
from auditor.querying.reply import Reply

BODIES = {
    Rows.RECORDS: Body({"instances": "$records"}),
    Rows.MATRIX: Body({"instances": {"$each": {"features": "$numbers"}}}),
    Rows.CSV: Body("$csv"),
    Rows.LINES: Body({"$lines": {"features": "$row"}}),
}


def sagemaker(target: Target, columns: tuple[Column, ...], endpoint: Endpoint) -> Templated:
    def answered(document: Any, n: int) -> Reply:
        rows = document if isinstance(document, list) else part(document, "predictions")
        return read(rows if _is_one_record(rows, n, target) else _one_line(rows, n), n, target.output, endpoint.tensor)

    return Templated(endpoint.completed("/invocations"), BODIES[target.rows], columns, answered)


def _is_one_record(rows: Any, n: int, target: Target) -> bool:
    """As many numbers as classes and as records, which add up to 1: a distribution for one record, and the others are missing."""
    line = rows[0] if isinstance(rows, list) and rows else None
    is_distribution = target.output in (Output.PROBABILITIES, Output.TOP_K) and n == len(target.classes)
    numbers = line if isinstance(line, list) and all(isinstance(cell, int | float) for cell in line) else []
    return is_distribution and len(numbers) == n and abs(sum(numbers) - 1.0) < SUM_TOLERANCE


def _one_line(rows: Any, n: int) -> Any:
    """Some containers write the answers to all records into one line of CSV."""
    is_line = isinstance(rows, list) and len(rows) == 1 and isinstance(rows[0], list)
    return rows[0] if is_line and len(rows[0]) == n > 1 else rows
